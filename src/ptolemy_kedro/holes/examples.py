"""Holes to learn from: those of known fate, split by whole sessions, in batches as a network takes them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.stored_crops import MIDDLE, SIZE_CLASSES
from ptolemy_kedro.training.augment import turn_and_flip
from ptolemy_kedro.training.loop import Examples


@dataclass(frozen=True)
class Known:
    """The holes of known fate among some.

    Attributes:
        selected: Of all holes; shape (all,).
        learn: Places to learn from.
        judge: Places of the sessions held out.
        sessions: Ids of all sessions that come into it.
    """

    selected: NDArray[np.bool_]
    learn: NDArray[np.int64]
    judge: NDArray[np.int64]
    sessions: tuple[str, ...]

    @property
    def both(self) -> NDArray[np.int64]:
        """Places to learn from, then those held out."""
        return np.concatenate([self.learn, self.judge])

    @property
    def class_prior(self) -> float:
        """Share of the holes learnt from that were selected."""
        return float(self.selected[self.learn].mean())


def known_holes(labels: ArrayLike, sessions: ArrayLike, held_out_share: float, seed: int) -> Known:
    """Take the holes that were selected or rejected, and hold out whole sessions by the seed.

    Args:
        labels: ``selected``, ``rejected`` or ``unknown``; shape (all,). An unknown one says nothing.
        sessions: Session id of each; shape (all,).
        held_out_share: Of the sessions; at least one, and one is left to learn from.
        seed: Of the choice.

    Raises:
        TableError: Fewer than two sessions, or one of the labels is missing on either side.
    """
    labels, sessions = np.asarray(labels, dtype=str), np.asarray(sessions, dtype=str)
    known = np.flatnonzero(np.isin(labels, ("selected", "rejected")))
    selected = labels == "selected"
    names = np.unique(sessions[known])
    if len(names) < 2:
        raise TableError(
            f"{len(known)} of {len(labels)} holes, of {len(names)} sessions, are selected or rejected. A "
            "hole classifier needs two sessions or more: ingest sessions in which an operator chose holes."
        )
    count = min(len(names) - 1, max(1, round(held_out_share * len(names))))
    aside = np.random.default_rng(seed).choice(names, count, replace=False)
    held_out = np.isin(sessions[known], aside)
    parts = known[~held_out], known[held_out]
    for part, what in zip(parts, ("learn from", "tell when to stop"), strict=True):
        _need_both(selected[part], what)
    return Known(selected, *parts, tuple(names.tolist()))


def _need_both(selected: NDArray[np.bool_], what: str) -> None:
    if selected.all() or not selected.any():
        raise TableError(
            f"Of the {len(selected)} holes to {what}, {selected.sum()} are selected and {(~selected).sum()} "
            "rejected. A hole classifier needs holes of both kinds: ingest more sessions."
        )


@dataclass(frozen=True)
class FramesAndNumbers(Examples):
    """Frames of one size with numbers beside them: a batch is a row a hole, pixels first.

    Attributes:
        inputs: Frames, uint8; shape (all, 1, size, size).
        numbers: Float32, shape (all, d).
    """

    numbers: torch.Tensor

    def batches(self, order: torch.Tensor, size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Give rows of pixels and numbers, float32, shape (n, size * size + d), and targets."""
        for chosen in self.rows[order].split(size):
            yield packed(self.inputs[chosen], self.numbers[chosen]), self.targets[chosen]


def packed(frames: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
    """Put the pixels of frames and the numbers beside them into a row each, float32."""
    return torch.cat([frames.flatten(1).float(), numbers], dim=1)


@dataclass(frozen=True)
class BySizeClass(Examples):
    """Crops of many sizes, one after the other: a batch holds those of one size class, padded to it.

    Attributes:
        inputs: Pixels of all crops, uint8; shape (pixels,).
        starts: Where each crop begins in them; shape (all,).
        sides: Rows and cols of each; shape (all,).
    """

    starts: torch.Tensor
    sides: torch.Tensor

    @classmethod
    def of(
        cls, crops: Sequence[NDArray[np.uint8]], targets: torch.Tensor, rows: torch.Tensor
    ) -> "BySizeClass":
        """Take the crops, each (side, side)."""
        sides = torch.tensor([len(crop) for crop in crops])
        pixels = torch.from_numpy(np.concatenate([crop.ravel() for crop in crops]))
        return cls(pixels, targets, rows, torch.cumsum(sides**2, 0) - sides**2, sides)

    def batches(self, order: torch.Tensor, size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Give crops (n, 1, side, side) of one class each, uint8, and targets."""
        rows = self.rows[order]
        least = torch.bucketize(self.sides[rows], torch.tensor(SIZE_CLASSES))
        chunks = [
            (int(places[0]), number, rows[places])
            for number in least.unique().tolist()
            for places in torch.nonzero(least == number).flatten().split(size)
        ]
        for _, number, chosen in sorted(chunks, key=lambda chunk: chunk[0]):
            yield self._padded(chosen, SIZE_CLASSES[number]), self.targets[chosen]

    def _padded(self, chosen: torch.Tensor, side: int) -> torch.Tensor:
        batch = torch.full((len(chosen), 1, side, side), MIDDLE, dtype=torch.uint8)
        for frame, start, own in zip(batch, self.starts[chosen], self.sides[chosen], strict=True):
            first = (side - int(own)) // 2
            part = frame[0, first : first + int(own), first : first + int(own)]
            part[:] = self.inputs[int(start) : int(start) + int(own) ** 2].view(int(own), int(own))
        return batch


def centre_and_spread(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Median and spread of each descriptor; the spread of a constant one is so wide that it says nothing."""
    low, middle, high = np.quantile(values.numpy(), [0.1, 0.5, 0.9], axis=0)
    spread = np.maximum((high - low) / 2.563, values.numpy().std(axis=0) / 4)
    spread = np.where(spread > 1e-6, spread, 1e9)
    return torch.from_numpy(middle.astype(np.float32)), torch.from_numpy(spread.astype(np.float32))


def turned(size_px: int) -> Callable[[torch.Tensor, torch.Generator], torch.Tensor]:
    """Give what turns and flips the pixels of packed rows by chance, and leaves their numbers."""

    def augment(rows: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        frames = rows[:, : size_px**2].reshape(-1, 1, size_px, size_px)
        return torch.cat([turn_and_flip(frames, generator).flatten(1), rows[:, size_px**2 :]], dim=1)

    return augment
