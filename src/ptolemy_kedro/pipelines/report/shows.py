"""Figures of what a flow measured, where that flow has run."""

from collections.abc import Callable
from functools import wraps
from typing import Any


def shows(flow: str, figures: int = 1) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a node, whose first input is what a flow measured, say so where that flow has not run yet."""

    def decorate(draw: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(draw)
        def drawn(measured: Any, *inputs: Any) -> Any:
            from ptolemy_kedro.figures.absent import nothing_yet

            if measured:
                return draw(measured, *inputs)
            return nothing_yet(flow) if figures == 1 else tuple(nothing_yet(flow) for _ in range(figures))

        return drawn

    return decorate
