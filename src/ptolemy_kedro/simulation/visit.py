"""What an operator does with one grid: opens tiles and selects squares."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptolemy_kedro.simulation import atlas, records
from ptolemy_kedro.simulation.atlas import Field
from ptolemy_kedro.simulation.operators import Operator, chance, choose
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
