"""Training ``ranker``: small networks that order the squares of each session, and say how sure they are.

What counts is the order within a session, so pairs of a selected and a rejected square of one session are
what is learnt from. Each network leaves out the sessions of one fold; what it makes of those tells how scores
are read as chances, and how well unseen sessions are ranked, without a further fit.
"""

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ptolemy_kedro.metrics.ranking import roc_auc
from ptolemy_kedro.squares.classifiers import known_squares
from ptolemy_kedro.squares.lessons import Lessons, lessons_of
from ptolemy_kedro.squares.ranker_options import RankerOptions
from ptolemy_kedro.squares.sight import PERCEIVED, shipped_sight
from ptolemy_kedro.training.model import TrainedModel

if TYPE_CHECKING:
    import pandas as pd

FURTHEST = 4.0
"""Spreads beyond which an input counts as no further off."""


class Member(nn.Module):
    """Descriptors (n, inputs) to logits (n,)."""

    middle: torch.Tensor
    spread: torch.Tensor

    def __init__(self, values: NDArray[np.float32], options: RankerOptions):
        """Build it for inputs distributed like ``values``."""
        super().__init__()
        middle, spread = np.median(values, axis=0), np.maximum(values.std(axis=0), 1e-6)
        self.register_buffer("middle", torch.tensor(middle, dtype=torch.float32))
        self.register_buffer("spread", torch.tensor(spread, dtype=torch.float32))
        hidden, drop = options.hidden, options.dropout
        self.layers = nn.Sequential(
            *(nn.Linear(values.shape[1], hidden), nn.ReLU(), nn.Dropout(drop)),
            *(nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(drop)),
            nn.Linear(hidden, 1),
        )

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Give a logit a square."""
        scaled = ((values - self.middle) / self.spread).clamp(-FURTHEST, FURTHEST)
        return self.layers(scaled).flatten()


class Ensemble(nn.Module):
    """Descriptors (n, inputs) to each member's chance of selection (n, members)."""

    def __init__(self, members: list[Member], slope: float, offset: float):
        """Read the members' logits as chances by a slope and an offset."""
        super().__init__()
        self.members, self.slope, self.offset = nn.ModuleList(members), slope, offset

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Give a chance a square and member."""
        logits = torch.stack([member(values) for member in self.members], dim=1)
        return torch.sigmoid(self.slope * logits + self.offset)


def fit_ranker(squares: "pd.DataFrame", options: RankerOptions = RankerOptions()) -> TrainedModel:  # noqa: B008
    """Train the ranker on whole sessions.

    Args:
        squares: Every sighting of every session, of known label or not (``tables.Squares``); with what was
            seen of them (``sight.with_sight``), where that is to be gone by.
        options: Of the networks and their training.

    Raises:
        TableError: No square is selected, none rejected, or fewer than two sessions hold both.
    """
    known = known_squares(squares)
    lessons, names = lessons_of(squares, options.alone)
    members, left_out = _members(lessons, options)
    slope, offset = _as_chances(left_out, lessons.selected)
    first = np.concatenate([rows for rows, weight in lessons.groups if weight == 1])
    config = {
        "kind": "ranker",
        "descriptors": list(lessons.inputs),
        "class_prior": float((known["label"] == "selected").mean()),
        "inner_auc": _mean_auc(left_out, lessons, first),
        "nothing": _as_nothing(1 / (1 + np.exp(-slope * left_out - offset)), lessons),
    }
    if PERCEIVED[0] in squares:
        config["sight"] = shipped_sight().digest
    network = Ensemble(members, slope, offset).eval()
    return TrainedModel(_to_onnx(network, lessons.values[:2]), config, tuple(names))


def _members(lessons: Lessons, options: RankerOptions) -> tuple[list[Member], NDArray[np.float64]]:
    """Train the members, and give each row the logit of the member that did not see its session."""
    count = min(options.members, int(lessons.session.max()) + 1)
    order = np.random.default_rng(options.seed).permutation(int(lessons.session.max()) + 1)
    fold = (order % count)[lessons.session]
    members, left_out = [], np.zeros(len(fold))
    for number in range(count):
        member = _train(lessons, fold != number, options, options.seed * 1009 + number)
        members.append(member)
        with torch.no_grad():
            rows = np.flatnonzero(fold == number)
            left_out[rows] = member(torch.from_numpy(lessons.values[rows])).numpy()
    return members, left_out


def _train(lessons: Lessons, seen: NDArray[np.bool_], options: RankerOptions, seed: int) -> Member:
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    member = Member(lessons.values[seen], options)
    by_session = _by_session(lessons, seen)
    steps = -(-len(by_session) // options.sessions_a_step)
    optimiser = torch.optim.AdamW(
        member.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay
    )
    pace = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, options.learning_rate, total_steps=steps * options.epochs + 1
    )
    values, selected = torch.from_numpy(lessons.values), torch.from_numpy(lessons.selected)
    for _ in range(options.epochs):
        for chosen in np.array_split(rng.permutation(len(by_session)), steps):
            groups = [group for at in chosen for group in by_session[at]]
            loss = _loss(member, values, selected, groups, options.level) / len(chosen)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            pace.step()
    return member.eval()


def _by_session(lessons: Lessons, seen: NDArray[np.bool_]) -> list[list[tuple[torch.Tensor, float]]]:
    sessions: dict[int, list[tuple[torch.Tensor, float]]] = {}
    for rows, weight in lessons.groups:
        if seen[rows[0]] and lessons.selected[rows].any() and not lessons.selected[rows].all():
            sessions.setdefault(int(lessons.session[rows[0]]), []).append((torch.from_numpy(rows), weight))
    return list(sessions.values())


def _loss(
    member: Member,
    values: torch.Tensor,
    selected: torch.Tensor,
    groups: list[tuple[torch.Tensor, float]],
    level: float,
) -> torch.Tensor:
    """Add up over groups how badly pairs are ordered, and how badly the chance is told."""
    logits = member(values[torch.cat([rows for rows, _ in groups])])
    total, start = torch.zeros(()), 0
    for rows, weight in groups:
        own, chosen = logits[start : start + len(rows)], selected[rows]
        start += len(rows)
        pairs = nn.functional.softplus(own[~chosen][None, :] - own[chosen][:, None]).mean()
        chance = nn.functional.binary_cross_entropy_with_logits(own, chosen.float())
        total = total + weight * (pairs + level * chance)
    return total


def _as_chances(logits: NDArray[np.float64], selected: NDArray[np.bool_]) -> tuple[float, float]:
    """Fit slope and offset that read logits as chances."""
    slope, offset = _logistic(logits, selected)
    return max(slope, 1e-3), offset


def _logistic(values: NDArray[np.float64], happened: NDArray[np.bool_]) -> tuple[float, float]:
    """Fit a logistic regression of one variable by Newton's steps: its slope and offset."""
    design, weights = np.column_stack([values, np.ones(len(values))]), np.zeros(2)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + 1e-3 * np.eye(2)
        step = np.linalg.solve(curvature, design.T @ (chance - happened) + 1e-3 * weights)
        weights = weights - step
        if np.abs(step).max() < 1e-8:
            break
    return float(weights[0]), float(weights[1])


def _as_nothing(chances: NDArray[np.float64], lessons: Lessons) -> dict[str, float]:
    """Learn to read the expected number of selected squares of an image as the chance that there is none."""
    images = [rows for rows, weight in lessons.groups if weight != 1]
    expected = np.log(np.maximum([chances[rows].sum() for rows in images], 1e-6))
    nothing = np.array([not lessons.selected[rows].any() for rows in images])
    slope, offset = _logistic(expected, nothing)
    return {"slope": slope, "offset": offset}


def _mean_auc(scores: NDArray[np.float64], lessons: Lessons, rows: NDArray[np.intp]) -> float:
    """AUC within sessions, of rows scored by a member that did not see them."""
    session = lessons.session[rows]
    parts = (rows[session == number] for number in np.unique(session))
    return float(np.nanmean([roc_auc(scores[part], lessons.selected[part]) for part in parts]))


def _to_onnx(network: Ensemble, example: NDArray[np.float32]) -> bytes:
    """Save as ONNX: descriptors (n, inputs) to the members' chances (n, members)."""
    axes = {"descriptors": {0: "n"}, "chances": {0: "n"}}
    with TemporaryDirectory() as aside, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        place = Path(aside) / "network.onnx"
        torch.onnx.export(
            network,
            (torch.from_numpy(example),),
            place,
            dynamo=False,
            input_names=["descriptors"],
            output_names=["chances"],
            dynamic_axes=axes,
        )
        return place.read_bytes()
