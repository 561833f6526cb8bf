"""Which code a result follows from: a digest that changes with the code, and not with comments or layout."""

import ast
import hashlib
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent


def code_of(work: Callable[..., Any]) -> str:
    """Digest the module of a function and all modules of this package that it imports, directly or not.

    Args:
        work: A function, or a partial of one. One from elsewhere has no digest: its caller vouches for it.
    """
    while isinstance(work, partial):
        work = work.func
    module = getattr(work, "__module__", "")
    return _digest(module) if module.partition(".")[0] == PACKAGE.name else ""


@cache
def _digest(module: str) -> str:
    total = hashlib.sha256()
    for name in sorted(_closure(module)):
        total.update(name.encode() + _meaning(name).encode())
    return total.hexdigest()[:16]


def _closure(module: str) -> set[str]:
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in seen and _file(name) is not None:
            seen.add(name)
            waiting += _imports(name)
    return seen


def _file(module: str) -> Path | None:
    place = PACKAGE.parent.joinpath(*module.split("."))
    for file in (place.with_suffix(".py"), place / "__init__.py"):
        if file.is_file() and PACKAGE in file.parents:
            return file
    return None


@cache
def _tree(module: str) -> ast.Module:
    file = _file(module)
    assert file is not None
    return ast.parse(file.read_text())


def _imports(module: str) -> Iterator[str]:
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def _meaning(module: str) -> str:
    tree = _tree(module)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [line for line in body if not _is_text(line)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_text(line: ast.AST) -> bool:
    return (
        isinstance(line, ast.Expr)
        and isinstance(line.value, ast.Constant)
        and isinstance(line.value.value, str)
    )
