"""EPU's ``Atlas.dm`` and ``GridSquare_*.dm`` of a simulated grid."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ptolemy_kedro.simulation.export import epu_layout as layout
from ptolemy_kedro.simulation.export.epu_layout import Content
from ptolemy_kedro.simulation.export.epu_numbers import ATLAS_NUMBER, GridNumbers


def atlas_xml(grid: GridNumbers) -> Content:
    """Lay out the atlas: its tiles, and on each the squares that were chosen or put aside there."""
    whole = grid.images[grid.images["kind"] == "atlas"]
    tiles = grid.images[grid.images["kind"] == "tile"]
    named = {"BaseFileName": grid.image_name(whole.index[0])} if len(whole) else None
    items = [("TileXml", _tile_xml(grid, tile, whole)) for tile in tiles.itertuples()]
    held = {"Id": ATLAS_NUMBER, "AtlasImageReference": named, "TilesEfficient": {"_items": items}}
    return {"Id": ATLAS_NUMBER, "Atlas": held}


def squares_xml(grid: GridNumbers) -> Iterator[tuple[str, Content]]:
    """Lay out each square that was chosen or put aside, and each medium image; number and content."""
    image_of = {square_id: image_id for image_id, square_id in grid.first_patches.items()}
    for square in grid.targets[grid.targets["kind"] == "square"].itertuples():
        number = grid.number[str(square.target_id)]
        image_id = image_of.get(str(square.target_id))
        yield number, _square_xml(grid, number, number, str(square.decision), square.order, image_id)
    for image_id in grid.images.index[grid.images["kind"] == "medium"]:
        if image_id not in grid.first_patches:
            number, node = grid.number[image_id], grid.number.get(str(image_id).rpartition("_p")[0], "0")
            yield number, _square_xml(grid, number, node, "selected", None, image_id)


def _tile_xml(grid: GridNumbers, tile: Any, whole: pd.DataFrame) -> Content:
    here = (grid.targets["kind"] == "square") & (grid.targets["image_id"] == tile.image_id)
    squares = grid.targets[here].itertuples()
    nodes = {grid.number[str(one.target_id)]: _node_xml(grid, one, tile, whole) for one in squares}
    return {
        "Id": grid.number[tile.image_id],
        "AtlasPixelPosition": {"x": 0, "y": 0, "height": 1, "width": 1},
        "Nodes": {"KeyValuePairs": layout.dictionary("NodeXml", nodes)},
        "StagePosition": layout.position([tile.stage_x_um, tile.stage_y_um]),
        "TileImageReference": {"BaseFileName": grid.image_name(tile.image_id)},
    }


def _node_xml(grid: GridNumbers, square: Any, tile: Any, whole: pd.DataFrame) -> Content:
    at = np.array([square.row_px, square.col_px])
    stage = layout.map_of(tile).to_stage(at[None])[0]
    on_atlas = at if whole.empty else layout.map_of(whole.iloc[0]).to_pixels(stage[None])[0]
    place = {"Center": layout.point(at), "Size": layout.shape(square.size_px, square.size_px)}
    seen = {"NodePosition": place, "TileId": grid.number[tile.image_id]}
    return {
        "Id": grid.number[str(square.target_id)],
        "AlignedStagePosition": layout.position(stage),
        "PositionOnTheAtlas": {"Center": layout.point(on_atlas)},
        "StagePosition": layout.position(stage),
        "TilePositions": {"_items": [("TilePositionXml", seen), ("TilePositionXml", None)]},
    }


def _square_xml(
    grid: GridNumbers, number: str, node: str, decision: str, order: Any, image_id: str | None
) -> Content:
    holes = grid.holes.get(image_id or "", grid.targets.iloc[:0])
    found = {grid.number[str(hole.target_id)]: _hole_xml(grid, hole) for hole in holes.itertuples()}
    listed = {"m_serializationArray": layout.dictionary("TargetLocationXml", found)}
    return {
        "Id": number,
        "AtlasNodeId": node,
        "Image": {"BaseFileName": grid.image_name(image_id)} if image_id else None,
        "Order": _order(order),
        "Selected": decision == "selected",
        "State": "Completed" if image_id else "Defined",
        "TargetLocations": {"TargetLocationsEfficient": listed},
        "Unusable": decision == "rejected",
    }


def _hole_xml(grid: GridNumbers, hole: Any) -> Content:
    at = np.array([hole.row_px, hole.col_px])
    stage = layout.map_of(grid.images.loc[hole.image_id]).to_stage(at[None])[0]
    shots = grid.shots_of.get(hole.target_id, [])
    taken = {
        grid.area(shot): {
            "DataAcquisitionAreaId": grid.area(shot),
            "Image": {"BaseFileName": grid.shot_name(shot)},
        }
        for shot in shots
    }
    return {
        "Id": grid.number[hole.target_id],
        "IsNearGridBar": False,
        "Order": _order(hole.order),
        "ParticleAcquisitions": {"KeyValuePairs": layout.dictionary("ParticleAcquisitionDataXml", taken)},
        "PixelCenter": layout.point(at),
        "PixelWidthHeight": layout.shape(hole.size_px, hole.size_px),
        "Selected": hole.decision == "selected",
        "StagePosition": layout.position(stage),
        "State": "Completed" if shots else "Defined",
    }


def _order(order: Any) -> int:
    return -1 if order is None or pd.isna(order) else int(order)
