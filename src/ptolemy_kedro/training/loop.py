"""The one training loop: seeded, stops when the held-out loss is flat, goes on where it was killed."""

import copy
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass as plain_dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from rich.console import Console
from rich.progress import Progress

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.training import checkpoint as checkpoints
from ptolemy_kedro.training.options import TrainOptions

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Augment = Callable[[torch.Tensor, torch.Generator], torch.Tensor]
Prepare = Callable[[torch.Tensor], torch.Tensor]
Measure = Callable[[torch.nn.Module], dict[str, float]]


@plain_dataclass(frozen=True)
class Examples:
    """Some rows of what goes in and of what should come out. Batches are copied out of them, nothing else.

    Attributes:
        inputs: As they are kept, e.g. a byte a pixel; shape (all, ...).
        targets: Float32, shape (all, ...).
        rows: Those to use; shape (n,).
    """

    inputs: torch.Tensor
    targets: torch.Tensor
    rows: torch.Tensor

    @classmethod
    def of_all(cls, inputs: torch.Tensor, targets: torch.Tensor) -> "Examples":
        """Use every row."""
        return cls(inputs, targets, torch.arange(len(inputs)))

    def __len__(self) -> int:
        """Count the examples."""
        return len(self.rows)

    def batches(self, order: torch.Tensor, size: int) -> "Iterator[tuple[torch.Tensor, torch.Tensor]]":
        """Give inputs and targets, ``size`` at a time, in an order of the examples; shape (n,)."""
        for chosen in self.rows[order].split(size):
            yield self.inputs[chosen], self.targets[chosen]


def train(
    network: torch.nn.Module,
    training: Examples,
    held_out: Examples,
    loss: Loss,
    options: TrainOptions,
    augment: Augment | None = None,
    prepare: Prepare | None = None,
    checkpoint: Path | None = None,
    measure: Measure | None = None,
) -> pd.DataFrame:
    """Train a network in place and leave it, in eval mode on the processor, at its best held-out epoch.

    Args:
        network: Seeded by the caller.
        training: To learn from.
        held_out: To tell when to stop.
        loss: Mean loss of (outputs, targets).
        options: Of the loop.
        augment: Changes a batch's inputs at random, by the generator it is given.
        prepare: Turns a batch's inputs, as they are kept, into what the network takes.
        checkpoint: Written after each epoch; a run of the same options and data goes on from it.
        measure: Further columns of the curve, from the network in eval mode after each epoch.

    Returns:
        The curve, a row an epoch: ``epoch``, ``training_loss``, ``validation_loss``, ``seconds``, measured.

    Raises:
        TableError: There are not two examples to learn from, or none to tell when to stop.
    """
    if len(training) < 2 or not len(held_out):
        counts = f"{len(training)} labelled crops to learn from and {len(held_out)} to tell when to stop"
        raise TableError(f"{counts} are too few for a network. Ingest more sessions.")
    run = _Run.start(network, options, prepare, checkpoint, _key(options, training, held_out))
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("Training", total=options.epochs, completed=len(run.curve))
        while not run.is_over(options):
            started = time.perf_counter()
            generator = torch.Generator().manual_seed(options.seed * 100_003 + len(run.curve))
            run.set_rate(options)
            learnt = _learn(run, _batches(training, options.batch_size, generator), loss, augment, generator)
            losses = learnt, _assess(run, held_out, loss)
            further = measure(network) if measure else {}
            run.note(losses, further, time.perf_counter() - started, options)
            bar.update(
                task, advance=1, description=f"Training, held-out loss {run.curve[-1]['validation_loss']:.4f}"
            )
    return run.finish()


@plain_dataclass
class _Run:
    """A training under way; what a checkpoint holds."""

    network: torch.nn.Module
    optimiser: torch.optim.Optimizer
    device: torch.device
    layout: torch.memory_format
    precision: Callable[[], AbstractContextManager]
    prepare: Prepare | None
    checkpoint: Path | None
    key: str
    best: dict[str, torch.Tensor]
    curve: list[dict[str, float]]

    @classmethod
    def start(
        cls,
        network: torch.nn.Module,
        options: TrainOptions,
        prepare: Prepare | None,
        checkpoint: Path | None,
        key: str,
    ) -> "_Run":
        device, layout = _device(options), _layout(options)
        network = network.to(device=device).to(memory_format=layout)  # type: ignore[call-overload]
        optimiser = torch.optim.AdamW(
            network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay
        )
        best = copy.deepcopy(network.state_dict())
        precision = _precision(options, device)
        run = cls(network, optimiser, device, layout, precision, prepare, checkpoint, key, best, [])
        if checkpoint is not None:
            resumed = checkpoints.load(checkpoint, key, network, optimiser)
            run.best, run.curve = resumed or (best, [])
        return run

    def outputs(self, inputs: torch.Tensor) -> torch.Tensor:
        """Run the network on a batch as it is kept."""
        inputs = inputs.to(self.device)
        inputs = self.prepare(inputs) if self.prepare else inputs
        with self.precision():
            return self.network(_laid_out(inputs, self.layout)).float()

    def set_rate(self, options: TrainOptions) -> None:
        """Set the learning rate of the coming epoch."""
        progress = len(self.curve) / max(options.epochs - 1, 1)
        for group in self.optimiser.param_groups:
            group["lr"] = options.learning_rate * options.last_rate**progress

    def is_over(self, options: TrainOptions) -> bool:
        losses = [row["validation_loss"] for row in self.curve]
        flat = len(losses) - 1 - _last_gain(losses, options.min_gain) >= options.patience if losses else False
        return flat or len(losses) >= options.epochs

    def note(
        self, losses: tuple[float, float], further: dict[str, float], seconds: float, options: TrainOptions
    ) -> None:
        row = {"epoch": len(self.curve), "training_loss": losses[0], "validation_loss": losses[1]}
        self.curve.append({**row, "seconds": seconds, **further})
        if _last_gain([r["validation_loss"] for r in self.curve], options.min_gain) == len(self.curve) - 1:
            self.best = copy.deepcopy(self.network.state_dict())
        if self.checkpoint is not None:
            checkpoints.save(self.checkpoint, self.key, self.network, self.optimiser, self.best, self.curve)

    def finish(self) -> pd.DataFrame:
        self.network.load_state_dict(self.best)
        self.network.to("cpu").eval()
        return pd.DataFrame(self.curve)


def _learn(
    run: _Run,
    batches: Iterator[tuple[torch.Tensor, torch.Tensor]],
    loss: Loss,
    augment: Augment | None,
    generator: torch.Generator,
) -> float:
    run.network.train()
    losses = []
    for inputs, targets in batches:
        inputs = augment(inputs, generator) if augment else inputs
        value = loss(run.outputs(inputs), targets.to(run.device))
        run.optimiser.zero_grad()
        value.backward()
        run.optimiser.step()
        losses.append((value.item(), len(inputs)))
    return float(np.average([v for v, _ in losses], weights=[n for _, n in losses]))


@torch.no_grad()
def _assess(run: _Run, examples: Examples, loss: Loss, batch: int = 256) -> float:
    run.network.eval()
    total = 0.0
    for inputs, targets in examples.batches(torch.arange(len(examples)), batch):
        total += loss(run.outputs(inputs), targets.to(run.device)).item() * len(inputs)
    return total / len(examples)


def _batches(
    examples: Examples, size: int, generator: torch.Generator
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Give the examples in random batches; a last one of one example is left out, batch norm needs two."""
    order = torch.randperm(len(examples), generator=generator)
    for inputs, targets in examples.batches(order, size):
        if len(inputs) > 1:
            yield inputs, targets


def _layout(options: TrainOptions) -> torch.memory_format:
    return torch.channels_last if options.channels_last else torch.contiguous_format


def _laid_out(inputs: torch.Tensor, layout: torch.memory_format) -> torch.Tensor:
    return inputs.contiguous(memory_format=layout) if inputs.ndim == 4 else inputs


def _device(options: TrainOptions) -> torch.device:
    at_hand = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(at_hand if options.device == "auto" else options.device)


def _precision(options: TrainOptions, device: torch.device) -> Callable[[], AbstractContextManager]:
    """Choose bfloat16 where it is asked for, or where the processor computes in it."""
    fast = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
    if options.precision == "bfloat16" or (options.precision == "auto" and fast):
        return lambda: torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext


def _last_gain(losses: list[float], min_gain: float) -> int:
    best, last = np.inf, 0
    for epoch, value in enumerate(losses):
        if value < best - min_gain:
            best, last = value, epoch
    return last


def _key(options: TrainOptions, training: Examples, held_out: Examples) -> str:
    """Name what a checkpoint must agree in: the options but for the number of epochs, and the data."""
    sums = [f"{tuple(training.inputs.shape)}{_sum(training.inputs)}{_sum(training.targets)}"]
    sums += [f"{len(e)}{_sum(e.rows)}" for e in (training, held_out)]
    fields = {name: value for name, value in vars(options).items() if name not in ("epochs", "patience")}
    return f"{sorted(fields.items())}{sums}"


def _sum(values: torch.Tensor) -> str:
    return f"{values.sum(dtype=torch.float64):.6e}"
