"""What is exposed in the selected squares: medium images, hole targets, exposures and their outcomes."""

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.simulation import atlas, outcomes, records
from ptolemy_kedro.simulation.medium_images import MediumImage
from ptolemy_kedro.simulation.options import SimulateOptions
from ptolemy_kedro.simulation.seeds import generator
from ptolemy_kedro.simulation.specimen import Grid
from ptolemy_kedro.simulation.visit import GridVisit, Picks, Rows

Array = NDArray[np.float64]


def expose_squares(
    session_id: str,
    seed: int,
    visit: GridVisit,
    picks: Picks,
    media: list[MediumImage],
    options: SimulateOptions,
) -> dict[str, Rows]:
    """Visit the first selected squares. Images without a file have targets anywhere, those with one on holes.

    Returns:
        Rows of ``images``, ``targets``, ``exposures`` and ``outcomes``.
    """
    rng = generator(seed, "exposures", visit.slot)
    squares = picks.selected.head(options.visited_squares)
    by_name = {image.image_id: image for image in media}
    names = [
        [f"{visit.grid_id}_sq{number:04d}_p{patch}" for patch in range(options.patches_a_square)]
        for number in range(len(squares))
    ]
    resolution = _draw_resolutions(
        rng, visit, squares["true_id"].to_numpy(dtype=str), names, by_name, options
    )
    rows: dict[str, Rows] = {"images": [], "targets": [], "exposures": [], "outcomes": []}
    for number, square in enumerate(squares.itertuples()):
        tile = visit.field(str(square.image_id))
        centre_um = tile.recorded_map.to_stage(np.array([[square.row_px, square.col_px]]))[0]
        for patch, name in enumerate(names[number]):
            minute = 600 * (visit.slot - 1) + 30 + 10.0 * number + 2.0 * patch
            at_um = centre_um + rng.uniform(-0.3, 0.3, 2) * 0.6 * visit.grid.pitch_um
            if name in by_name:
                rows["images"] += records.medium_rows(session_id, by_name[name], seed, minute)
                targets = _targets_on_holes(session_id, visit.grid, by_name[name], options.holes_a_patch)
            else:
                rows["images"].append(records.medium_row(session_id, name, tile, at_um, seed, minute))
                targets = _targets_anywhere(session_id, visit.grid, name, options.holes_a_patch, rng)
            _shoot(session_id, seed, minute, targets, resolution[number, patch], rng, rows)
    return rows


def _draw_resolutions(
    rng: np.random.Generator,
    visit: GridVisit,
    square_ids: NDArray,
    names: list[list[str]],
    by_name: dict[str, MediumImage],
    options: SimulateOptions,
) -> Array:
    """Resolution [A] of each exposure, by its hole's truth where there is one; (squares, patches, holes)."""
    quality = dict(
        zip(atlas.true_ids(visit.grid, visit.grid_id), outcomes.square_quality(visit.grid), strict=True)
    )
    known = np.full((len(names), options.patches_a_square, options.holes_a_patch), np.nan)
    for place in np.ndindex(known.shape[:2]):
        image = by_name.get(names[place[0]][place[1]])
        if image is not None:
            sites = image.sites[image.picks.selected[: options.holes_a_patch]]
            known[place][: len(sites)] = outcomes.hole_quality(sites.ice_nm, sites.dirt, sites.state)
    means = np.array([quality[name] for name in square_ids], dtype=np.float64)
    return outcomes.draw_resolutions(rng, means, options.patches_a_square, options.holes_a_patch, known)


def _targets_anywhere(
    session_id: str, grid: Grid, image_id: str, count: int, rng: np.random.Generator
) -> Rows:
    """Hole targets of an image without a file."""
    size_px = max(grid.foil.hole_um, 0.6) / records.MEDIUM_PIXEL_A * 1e4
    return [
        records.target_row(
            session_id, f"{image_id}_h{hole:03d}", image_id, "hole",
            rng.uniform(0.05, 0.95, 2) * np.array(records.MEDIUM_SHAPE), size_px, "operator", "selected",
            hole,
        )
        for hole in range(count)
    ]  # fmt: skip


def _targets_on_holes(session_id: str, grid: Grid, image: MediumImage, exposed: int) -> Rows:
    """Hole targets of an image with a file: the selected, the first of them exposed, and the rejected."""
    picks, size_px = image.picks, max(grid.foil.hole_um, 0.6) * image.size_factor / image.pixel_um
    decided = [
        (at, "selected", number if number < exposed else None) for number, at in enumerate(picks.clicks)
    ]
    decided += [(at, "rejected", None) for at in picks.rejections]
    return [
        records.target_row(
            session_id, f"{image.image_id}_h{number:03d}", image.image_id, "hole", at, size_px, "operator",
            decision, order,
        )
        for number, (at, decision, order) in enumerate(decided)
    ]  # fmt: skip


def _shoot(
    session_id: str,
    seed: int,
    minute: float,
    targets: Rows,
    resolution_a: Array,
    rng: np.random.Generator,
    rows: dict[str, Rows],
) -> None:
    """Add the targets of an image, the exposures of the ordered ones, and what they came to."""
    rows["targets"] += targets
    ordered = [target["target_id"] for target in targets if target["order"] is not None]
    for hole, (name, value) in enumerate(zip(ordered, resolution_a, strict=False)):
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
