"""The models of a survey, as they are handed to worker processes and opened there."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from ptolemy_kedro.runtime import OnnxModel

if TYPE_CHECKING:
    from ptolemy_kedro.holes.classifier import HoleClassifier
    from ptolemy_kedro.holes.localiser import HoleLocaliser
    from ptolemy_kedro.squares.ranker import SquareRanker


class Stored(Protocol):
    """A model as it is stored, such as a champion: its network's file content, configuration, version."""

    @property
    def onnx(self) -> bytes:
        """The network."""

    @property
    def config(self) -> Mapping[str, Any]:
        """As in the model's folder."""

    @property
    def version(self) -> int:
        """In the registry."""


def square_ranker(stored: Stored) -> "SquareRanker":
    """Open a ranker of squares."""
    from ptolemy_kedro.squares.ranker import SquareRanker

    return SquareRanker(_network(stored.onnx), stored.config, stored.version)


def hole_localiser(stored: Stored) -> "HoleLocaliser":
    """Open a localiser of holes."""
    from ptolemy_kedro.holes.localiser import HoleLocaliser

    return HoleLocaliser(_network(stored.onnx), stored.config, stored.version)


def hole_classifier(stored: Stored) -> "HoleClassifier":
    """Open a judge of holes."""
    from ptolemy_kedro.holes.classifier import HoleClassifier

    return HoleClassifier(_network(stored.onnx), stored.config, stored.version)


@lru_cache(maxsize=4)
def _network(onnx: bytes) -> OnnxModel:
    """Open a network once a process; the processes share the cores."""
    return OnnxModel(onnx, threads=1)
