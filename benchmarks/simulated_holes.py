"""How well holes are found on simulated sessions: ours and the published methods, against truth and clicks.

    python benchmarks/simulated_holes.py [--sessions 24] [--seed 20000] [--held-out] [--images 400]
                                         [--epochs 24] [--ours-only] [--work FOLDER] [--workers 2]

Sessions of six medium images, seeds counting up: 20,000s while something is made, 90,000s at the closing.
Against the truth: a find is right within half a radius of a hole whose centre is in view and open; sites that
nobody could be sure of (buried in ice, half under a bar) count neither for nor against. Against the clicks
(the published protocol): right within half a radius of a click, so that the share clicked is precision's
ceiling. Figures are means over sessions with a 95 % bootstrap over sessions; lacey foil stands apart.
The published networks work at one pixel size, known to them, and learn from the training seeds; one whose
held-out loss still falls when the epochs are over is marked, and goes on where it was with more epochs.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptolemy_kedro.holes.finding import find_holes
from ptolemy_kedro.holes.localiser import HoleLocaliser
from ptolemy_kedro.metrics.detection import evaluate, match_points
from ptolemy_kedro.metrics.ranking import interval
from ptolemy_kedro.shipped import hole_localiser
from ptolemy_kedro.simulation import SimulatedSession, SimulateOptions, simulate_session
from ptolemy_kedro.simulation.foil import PRODUCTS
from ptolemy_kedro.workers import executor, ordered

ROOT = Path(__file__).resolve().parents[1]
OURS, OURS_BLIND = "ours", "ours, no pixel size"

LACEY = {(hole_um, spacing_um) for _, layout, hole_um, spacing_um in PRODUCTS if layout == "lacey"}
"""Hole diameter and spacing [um] that the tables give for lacey foil."""


@dataclass(frozen=True)
class Shown:
    """A medium image, what was clicked and what is so; points (row, col) [px].

    Attributes:
        session: Id.
        image: Shape (rows, cols).
        pixel_size_a: Edge of a pixel [A].
        foil: Hole diameter and spacing [um], as the session says.
        holes: Open, in view; shape (n, 2).
        doubtful: Shape (d, 2).
        clicks: Shape (m, 2).
        radius_px: Of a hole.
        layout: holey, lacey or continuous.
    """

    session: str
    image: NDArray
    pixel_size_a: float
    foil: tuple[float | None, float | None]
    holes: NDArray[np.float64]
    doubtful: NDArray[np.float64]
    clicks: NDArray[np.float64]
    radius_px: float
    layout: str


def shown(session: SimulatedSession) -> Iterator[Shown]:
    """Give a session's medium images that have pixels, but not their unbinned twins."""
    images = session.tables["images"].set_index("image_id")
    media = images[(images["kind"] == "medium") & images["file"].notna() & images["pixels_of"].isna()]
    by_file = {row["file"]: (name, row) for name, row in media.iterrows()}
    targets = session.tables["targets"]
    chosen = targets[(targets["kind"] == "hole") & (targets["decision"] == "selected")]
    truth = session.truth["holes"]
    for file, pixels, pixel_size_a in session.images:
        if file in by_file:
            name, row = by_file[file]
            holes, clicks = truth[truth["image_id"] == name], chosen[chosen["image_id"] == name]
            grid = session.tables["grids"].set_index("grid_id").loc[row["grid_id"]]
            yield _one(session.session_id, pixels, pixel_size_a, grid, holes, clicks)


def _one(
    name: str,
    pixels: NDArray,
    pixel_size_a: float,
    grid: pd.Series,
    holes: pd.DataFrame,
    clicks: pd.DataFrame,
) -> Shown:
    inside = holes["row_px"].between(-0.5, pixels.shape[0] - 0.5) & holes["col_px"].between(
        -0.5, pixels.shape[1] - 0.5
    )
    holes = holes[inside]
    diameter, spacing = (_known(grid[column]) for column in ("hole_diameter_um", "hole_spacing_um"))
    radius = float(holes["radius_px"].median()) if len(holes) else 1.0
    doubtful = holes["doubtful"].astype(bool) & ~holes["open"].astype(bool)
    return Shown(
        name,
        pixels,
        pixel_size_a,
        (diameter, spacing),
        _points(holes[holes["open"].astype(bool)]),
        _points(holes[doubtful]),
        _points(clicks),
        radius,
        _layout(diameter, spacing),
    )


def _layout(diameter_um: float | None, spacing_um: float | None) -> str:
    if spacing_um is None:
        return "continuous"
    return "lacey" if (diameter_um, spacing_um) in LACEY else "holey"


def found_in(image: Shown, localiser: HoleLocaliser, baselines) -> dict[str, NDArray[np.float64]]:
    """Find the holes of an image by every method."""
    diameter, spacing = image.foil
    known = find_holes(
        image.image, localiser, pixel_size_a=image.pixel_size_a, diameter_um=diameter, spacing_um=spacing
    )
    ours = {OURS: known.centres, OURS_BLIND: find_holes(image.image, localiser).centres}
    return ours if baselines is None else {**baselines.find(image.image, image.pixel_size_a), **ours}


def judged(image: Shown, method: str, points: NDArray[np.float64]) -> dict[str, object]:
    """Count an image's finds that are right, by truth and by clicks."""
    right = match_points(points, image.holes, image.radius_px / 2)
    left = np.delete(points, right[:, 0], axis=0)
    excused = len(match_points(left, image.doubtful, image.radius_px / 2))
    clicked = len(match_points(points, image.clicks, image.radius_px / 2))
    return {
        "session": image.session,
        "method": method,
        "layout": image.layout,
        "right": len(right),
        "found": len(points) - excused,
        "holes": len(image.holes),
        "clicked": clicked,
        "all_found": len(points),
        "clicks": len(image.clicks),
    }


def table(rows: pd.DataFrame, hits: str, found: str, wanted: str) -> list[str]:
    """Tabulate precision, recall and F1 of each method."""
    lines = ["| method | precision | recall | F1 |", "|---|---|---|---|"]
    for method, part in rows.groupby("method", sort=False):
        figures = evaluate(part[hits], part[found], part[wanted], part["session"], seed=0)
        cells = [_told(figures[name]) for name in ("precision", "recall", "f1")]
        lines.append(f"| {method} | {' | '.join(cells)} |")
    return lines


def leads(rows: pd.DataFrame, hits: str, found: str, wanted: str) -> list[str]:
    """Tabulate how far ours is ahead of each published method, session by session."""
    lines = ["| ours over | recall | F1 |", "|---|---|---|"]
    sums = rows.groupby(["session", "method"])[[hits, found, wanted]].sum()
    shares = {"recall": sums[hits] / sums[wanted], "f1": 2 * sums[hits] / (sums[found] + sums[wanted])}
    shares = {name: share.unstack("method") for name, share in shares.items()}
    drawn = np.random.default_rng(0).integers(len(shares["f1"]), size=(1000, len(shares["f1"])))
    for other in [name for name in shares["f1"] if name not in (OURS, OURS_BLIND)]:
        gains = [(share[OURS] - share[other]).to_numpy() for share in shares.values()]
        told = [_told(interval(gain.mean(), [gain[places].mean() for places in drawn])) for gain in gains]
        lines.append(f"| {other} | {' | '.join(told)} |")
    return lines


def _told(figure) -> str:
    if figure["value"] is None:
        return "undefined"
    if figure["low"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def main() -> None:
    """Simulate, find, judge, print."""
    wanted = _arguments()
    baselines = None
    if not wanted.ours_only:
        from published_holes import told, trained

        baselines = trained(wanted.images, wanted.epochs, wanted.work)
        print(*told(baselines), sep="\n", flush=True)
    drawn = "held_out" if wanted.held_out else "training"
    size = SimulateOptions(
        tiles=1, tile_px=256, squares_a_tile=9, atlas_px=0, visited_squares=6, patches_a_square=2,
        medium_images=6, medium_px=wanted.edge, optics=drawn, operators=drawn,
    )  # fmt: skip
    seeds = range(wanted.seed, wanted.seed + wanted.sessions)
    with executor(wanted.workers) as pool:
        tasks = ((seed, size, baselines) for seed in seeds)
        rows = [row for part in ordered(pool, judge_session, tasks, wanted.workers) for row in part]
    show(pd.DataFrame(rows))


def judge_session(seed: int, size: SimulateOptions, baselines) -> list[dict[str, object]]:
    """Simulate a session, find its holes by every method, and count those that are right."""
    localiser, rows = hole_localiser(), []
    for image in shown(simulate_session(seed, size)):
        points = found_in(image, localiser, baselines)
        rows += [judged(image, method, found) for method, found in points.items()]
    return rows


def show(rows: pd.DataFrame) -> None:
    """Print the tables."""
    of = dict(iter(rows.groupby("layout")))
    holey = of["holey"]
    print(f"\nAgainst the truth, holey foils, {holey['session'].nunique()} sessions")
    print(*table(holey, "right", "found", "holes"), sep="\n")
    share = holey["clicks"].sum() / max(holey["holes"].sum(), 1)
    print(f"\nAgainst the clicks, holey foils; {share:.3f} of the open holes are clicked")
    clicked = holey[holey["clicks"] > 0]
    print(*table(clicked, "clicked", "all_found", "clicks"), sep="\n")
    if set(clicked["method"]) - {OURS, OURS_BLIND}:
        print(*leads(clicked, "clicked", "all_found", "clicks"), sep="\n")
    if "lacey" in of:
        print(f"\nLacey, against the truth, {of['lacey']['session'].nunique()} sessions")
        print(*table(of["lacey"], "right", "found", "holes"), sep="\n")
    if "continuous" in of:
        print("\nContinuous film: holes found an image, all false")
        print(of["continuous"].groupby("method", sort=False)["all_found"].mean().round(2).to_string())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=int, default=24)
    parser.add_argument("--seed", type=int, default=20_000)
    parser.add_argument("--held-out", action="store_true", help="optics and operators that no training uses")
    parser.add_argument("--edge", type=int, default=1024, help="longer edge of an image [px]")
    parser.add_argument("--images", type=int, default=400, help="that the published networks learn from")
    parser.add_argument(
        "--epochs", type=int, default=24, help="of their training, at most; the rate falls by them"
    )
    parser.add_argument("--ours-only", action="store_true")
    parser.add_argument("--workers", type=int, default=2, help="processes that find holes")
    parser.add_argument("--work", type=Path, default=ROOT / "data/05_model_input/published_holes")
    return parser.parse_args()


def _points(rows: pd.DataFrame) -> NDArray[np.float64]:
    return rows[["row_px", "col_px"]].to_numpy(float)


def _known(value: object) -> float | None:
    return None if pd.isna(value) else float(value)


if __name__ == "__main__":
    main()
