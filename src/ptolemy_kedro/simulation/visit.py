"""What an operator does with one grid: opens tiles, selects squares, exposes holes in some of them."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptolemy_kedro.simulation import atlas, outcomes, records
from ptolemy_kedro.simulation.atlas import Field
from ptolemy_kedro.simulation.operators import Operator, chance, choose
from ptolemy_kedro.simulation.options import SimulateOptions
from ptolemy_kedro.simulation.seeds import generator
from ptolemy_kedro.simulation.specimen import Grid

Rows = list[dict[str, object]]

SEEN_SHARE = 0.4
"""An operator considers a square of which at least this share is in view: assumed."""

REJECTED_SHARE = 0.1
"""Share of the squares put aside by hand, among those passed over in an opened tile: assumed."""


@dataclass(frozen=True)
class GridVisit:
    """A grid, the images taken of it, and who chose in them."""

    grid_id: str
    slot: int
    grid: Grid
    fields: list[Field]
    outlines: pd.DataFrame
    want: NDArray[np.float64]

    def field(self, image_id: str) -> Field:
        """Find an image by its name."""
        return next(field for field in self.fields if field.image_id == image_id)

    def pixel_um(self, image_id: str) -> float:
        """The edge of an image's pixel in truth [um]."""
        return float(np.sqrt(abs(np.linalg.det(self.field(image_id).true_map.matrix))))


@dataclass(frozen=True)
class Picks:
    """What was chosen on a grid.

    Attributes:
        selected: Rows of the outlines, in the order of selection.
        rejected: Rows of the outlines put aside by hand.
        opened: Images that someone targeted in.
    """

    selected: pd.DataFrame
    rejected: pd.DataFrame
    opened: set[str]


def pick_squares(seed: int, operator: Operator, visit: GridVisit) -> Picks:
    """Let the operator choose among the squares of a grid's tiles, each in one of the tiles that show it."""
    rng = generator(seed, "choice", visit.slot)
    seen = _considered(visit, rng)
    want = pd.Series(visit.want, index=atlas.true_ids(visit.grid, visit.grid_id))
    chances = chance(operator, np.asarray(want.reindex(seen["true_id"]), dtype=np.float64))
    tile_of, names = pd.factorize(seen["image_id"])
    selected, opened = choose(rng, operator, chances, tile_of)
    passed = np.isin(tile_of, opened)
    passed[selected] = False
    rejected = passed & (rng.random(len(seen)) < REJECTED_SHARE) & (chances < 0.3)
    return Picks(seen.iloc[selected], seen[rejected], {str(names[tile]) for tile in opened})


def _considered(visit: GridVisit, rng: np.random.Generator) -> pd.DataFrame:
    tiles = {field.image_id for field in visit.fields if field.kind == "tile"}
    seen = visit.outlines[
        visit.outlines["image_id"].isin(tiles) & (visit.outlines["share_in_view"] >= SEEN_SHARE)
    ]
    shuffled = seen.iloc[rng.permutation(len(seen))]
    return shuffled.drop_duplicates("true_id").sort_index()


def image_rows(session_id: str, seed: int, visit: GridVisit, opened: set[str]) -> Rows:
    """List the atlas and the tiles of a grid; rows of ``tables.Images``."""
    whole = next((field.image_id for field in visit.fields if field.kind == "atlas"), None)
    minutes = 600 * (visit.slot - 1) + 0.5 * np.arange(len(visit.fields))
    return [
        records.image_row(session_id, field, whole if field.kind == "tile" else None, seed, float(minute))
        | {"viewed": field.image_id in opened}
        for field, minute in zip(visit.fields, minutes, strict=True)
    ]


def square_targets(
    session_id: str, seed: int, operator: Operator, visit: GridVisit, picks: Picks, visited: int
) -> Rows:
    """List the clicks on squares, rows of ``tables.Targets``; the first ``visited`` were visited."""
    rng = generator(seed, "clicks", visit.slot)
    clicks = [(pick, "selected") for pick in picks.selected.itertuples()]
    clicks += [(pick, "rejected") for pick in picks.rejected.itertuples()]
    rows = []
    for number, (pick, decision) in enumerate(clicks):
        pixel_um, shape = visit.pixel_um(str(pick.image_id)), visit.field(str(pick.image_id)).shape
        at_px = np.array([pick.seen_row_px, pick.seen_col_px]) + rng.normal(
            0, operator.click_um / pixel_um, 2
        )
        at_px = np.clip(at_px, 0, np.array(shape) - 1)
        order = number if decision == "selected" and number < visited else None
        rows.append(
            records.target_row(
                session_id, f"{visit.grid_id}_sq{number:04d}", str(pick.image_id), "square", at_px,
                visit.grid.pitch_um * 0.6 / pixel_um, "operator", decision, order,
            )
        )  # fmt: skip
    return rows


def expose_squares(
    session_id: str, seed: int, visit: GridVisit, picks: Picks, options: SimulateOptions
) -> dict[str, Rows]:
    """Visit the first selected squares: medium images, hole targets, exposures and their outcomes.

    Returns:
        Rows of ``images``, ``targets``, ``exposures`` and ``outcomes``.
    """
    rng = generator(seed, "exposures", visit.slot)
    squares = picks.selected.head(options.visited_squares)
    by_id = pd.Series(outcomes.square_quality(visit.grid), index=atlas.true_ids(visit.grid, visit.grid_id))
    quality = np.asarray(by_id.reindex(squares["true_id"]), dtype=np.float64)
    resolution = outcomes.draw_resolutions(rng, quality, options.patches_a_square, options.holes_a_patch)
    rows: dict[str, Rows] = {"images": [], "targets": [], "exposures": [], "outcomes": []}
    for number, square in enumerate(squares.itertuples()):
        tile = visit.field(str(square.image_id))
        centre_um = tile.recorded_map.to_stage(np.array([[square.row_px, square.col_px]]))[0]
        for patch in range(options.patches_a_square):
            minute = 600 * (visit.slot - 1) + 30 + 10.0 * number + 2.0 * patch
            image_id = f"{visit.grid_id}_sq{number:04d}_p{patch}"
            at_um = centre_um + rng.uniform(-0.3, 0.3, 2) * 0.6 * visit.grid.pitch_um
            rows["images"].append(records.medium_row(session_id, image_id, tile, at_um, seed, minute))
            _shoot(session_id, seed, minute, visit.grid, image_id, resolution[number, patch], rng, rows)
    return rows


def _shoot(
    session_id: str,
    seed: int,
    minute: float,
    grid: Grid,
    image_id: str,
    resolution_a: NDArray[np.float64],
    rng: np.random.Generator,
    rows: dict[str, Rows],
) -> None:
    """Add the hole targets, exposures and outcomes of one medium image."""
    shape = np.array(records.MEDIUM_SHAPE)
    size_px = max(grid.foil.hole_um, 0.6) / records.MEDIUM_PIXEL_A * 1e4
    for hole, value in enumerate(resolution_a):
        name = f"{image_id}_h{hole:03d}"
        at_px = rng.uniform(0.05, 0.95, 2) * shape
        target = records.target_row(
            session_id, name, image_id, "hole", at_px, size_px, "operator", "selected", hole
        )
        rows["targets"].append(target)
        shot = {"session_id": session_id, "exposure_id": name, "target_id": name}
        off_x, off_y = rng.normal(0, 0.05, 2)
        rows["exposures"].append(shot | {"offset_x_um": off_x, "offset_y_um": off_y})
        rows["outcomes"].append(
            {
                "session_id": session_id,
                "exposure_id": name,
                "quantity": "ctf_resolution",
                "value": float(value),
                "unit": "A",
                "confidence": float(rng.beta(6, 2)),
                "program": "simulated",
                "measured_at": records.EPOCH + timedelta(days=seed % 3650, minutes=minute + 0.1 * hole),
            }
        )
