"""Parallel work through ``concurrent.futures``: one path for processes, this process, and later a cluster."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from threading import Thread
from typing import Any, TypeVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from ptolemy_kedro.errors import PtolemyError

T = TypeVar("T")


@dataclass(frozen=True, config={"extra": "forbid"})
class ParallelOptions:
    """How much of the machine a flow may use."""

    workers: int = Field(2, ge=1, le=256)  # processes; memory is about one image's work each


AHEAD = 2
"""Items in flight a worker: enough to keep it busy, few enough to keep memory flat."""


class HereExecutor(Executor):
    """Runs each task at once, in this process."""

    def submit(self, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":
        """Run a task; what it raises comes out of the future's ``result``."""
        future: Future[T] = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 -- handed on, whatever it is
            future.set_exception(error)
        return future


@contextmanager
def executor(workers: int) -> Iterator[Executor]:
    """Open a pool of worker processes, each on one thread; one worker is this process.

    Args:
        workers: Number of processes.
    """
    if workers <= 1:
        yield HereExecutor()
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin) as pool:
        yield pool


def ordered(
    pool: Executor, function: Callable[..., T], items: Iterable[tuple[Any, ...]], workers: int
) -> Iterator[T]:
    """Apply a function to items in parallel and give the results in order, with few items in memory.

    Args:
        pool: From ``executor``.
        function: Picklable.
        items: Arguments of each call; drawn only as workers become free.
        workers: Size of the pool.

    Raises:
        PtolemyError: A worker was killed, by the system for want of memory most likely.
    """
    flying: deque[Future[T]] = deque()
    try:
        for item in items:
            flying.append(pool.submit(function, *item))
            if len(flying) >= AHEAD * workers:
                yield flying.popleft().result()
        while flying:
            yield flying.popleft().result()
    except BrokenProcessPool:
        raise PtolemyError(
            "A worker process was killed. Free some memory or set `workers` lower, and run again."
        ) from None


def read_ahead(pool: Executor, tasks: Mapping[str, Callable[[], T]], workers: int) -> Callable[[str], T]:
    """Do named tasks in the order of their names, several at a time; none before the first is asked for.

    Args:
        pool: From ``executor``.
        tasks: By name; picklable.
        workers: How many are under way at a time.

    Returns:
        Gives a task's result; once it is asked for, the next are begun in the hope that they will be, too.
    """
    begun: dict[str, Future[T]] = {}
    names = sorted(tasks)

    def ask(name: str) -> T:
        place = names.index(name)
        for other in names[place : place + workers]:
            if other not in begun:
                begun[other] = pool.submit(tasks[other])
        return begun.pop(name).result()

    return ask


def _begin() -> None:
    """Keep a worker to one thread, and end it when the run that began it was killed."""
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
