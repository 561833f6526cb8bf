"""The raw tables of one of EPU's sessions."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ptolemy_kedro.archive.epu import rows
from ptolemy_kedro.archive.epu.atlas import Node
from ptolemy_kedro.archive.epu.decisions import Decision, as_state, decide_hole, decide_square
from ptolemy_kedro.archive.epu.faults import Faults
from ptolemy_kedro.archive.epu.grid_square import GridSquare, Hole
from ptolemy_kedro.archive.epu.hole_places import place_hole
from ptolemy_kedro.archive.epu.pictures import Picture
from ptolemy_kedro.archive.epu.reading import Reading
from ptolemy_kedro.archive.epu.shifts import Shift, beam_shift_um, beam_unit, image_shift_um

_OUTLINE = "outline"
_BEYOND = "centre_beyond_the_edge"
_WENT_THERE = Decision("vendor", "selected", None)


@dataclass
class Tables:
    """Fills the raw tables of a session, row by row.

    Attributes:
        session_id: The session.
        reading: What its files hold.
        faults: Takes what is odd.
    """

    session_id: str
    reading: Reading
    faults: Faults

    def __post_init__(self) -> None:
        self._unit = beam_unit(self.reading.session.presets)
        self._known: set[str] = set()
        self._rows: dict[str, list[rows.Row]] = {"targets": [], "exposures": []}
        taken = [picture for picture in self.reading.pictures if picture.files]
        self._viewed = {one.files.square_id for one in taken if one.files}
        self._visited = {one.files.square_id for one in taken if one.files and one.kind != "square"}

    def fill(self, files: dict[str, str]) -> dict[str, pd.DataFrame]:
        """Make the tables.

        Args:
            files: Name below the archive's ``images/`` by image, of those that have pixels.
        """
        self._add_squares()
        for square_id, square in self.reading.squares.items():
            self._add_holes(square_id, square)
        self._add_unlisted_holes()
        self._add_found_centres()
        self._add_exposures()
        self._tell_of_unknown_shifts()
        session = self.reading.session
        self._rows["sessions"] = [rows.session_row(self.session_id, session, self.reading.pictures)]
        self._rows["grids"] = [rows.grid_row(self.session_id, session)]
        chosen = {row["image_id"] for row in self._rows["targets"] if row["decision"] != "not_considered"}
        self._rows["images"] = [
            self._image_row(picture, files.get(picture.image_id), picture.image_id in chosen)
            for picture in self.reading.all_pictures
        ]
        return {name: pd.DataFrame(held) for name, held in self._rows.items() if held}

    def _add(
        self,
        target_id: str,
        picture: Picture,
        kind: str,
        point: NDArray[np.float64],
        decision: Decision,
        size_px: float | None = None,
        state: str | None = None,
        order: int | None = None,
    ) -> bool:
        if not picture.holds(point):
            self.faults.leave_out(f"{kind} {target_id}", f"it lies outside its image {picture.image_id}")
            return False
        row = rows.target_row(
            self.session_id, target_id, picture, kind, point, size_px, decision, state, order
        )
        self._rows["targets"].append(row)
        return True

    def _add_squares(self) -> None:
        nodes = self.reading.atlas.nodes if self.reading.atlas else ()
        for node in nodes:
            self._add_node(node)
        shown = {node.node_id for node in nodes}
        for square_id, square in self.reading.squares.items():
            self._add_outline(square, self.reading.square_pictures.get(square_id), square.node_id in shown)

    def _add_node(self, node: Node) -> None:
        """Put a square where it is seen best: on its tile, or on the atlas where the tile has no pixels."""
        square = self.reading.squares.get(node.node_id)
        decision = decide_square(square, node.node_id in self._visited, node.node_id in self._viewed)
        state = as_state(square.state) if square else None
        order = square.order if square and decision.decision == "selected" else None
        picture, point, size = self._where(node)
        if picture is None:
            return
        if not picture.holds(point) and size and picture.beyond(point) <= size:
            point, decision = picture.nearest(point), decision._replace(reason=decision.reason or _BEYOND)
        self._add(f"square_{node.node_id}", picture, "square", point, decision, size, state, order)

    def _where(self, node: Node) -> tuple[Picture | None, NDArray[np.float64], float | None]:
        """Choose the image that a square's target lies on, with its centre (row, col) and edge there [px]."""
        whole, tile = self.reading.whole, self.reading.tiles.get(node.tile_id)
        if tile and node.tile_xy and (tile.path is not None or whole is None):
            return tile, tile.points(node.tile_xy)[0], tile.length_px(node.tile_size_px)
        if whole:
            return whole, whole.points(node.atlas_xy)[0], whole.length_px(node.atlas_size_px)
        return None, np.zeros(2), None

    def _add_outline(self, square: GridSquare, picture: Picture | None, on_atlas: bool) -> None:
        """Put a square on its own image, too; there it is the choice only where no atlas shows it."""
        if picture is None or len(square.outline_xy) < 3:
            return
        outline = picture.points(square.outline_xy)
        decision = decide_square(square, square.square_id in self._visited, True)
        if on_atlas:
            decision = Decision("vendor", "not_considered", _OUTLINE)
        size = float(np.sqrt(_area(outline))) or None
        middle = (outline.min(axis=0) + outline.max(axis=0)) / 2
        name = f"square_{square.square_id}" + (f"_{_OUTLINE}" if on_atlas else "")
        self._add(name, picture, "square", middle, decision, size, as_state(square.state))

    def _add_holes(self, square_id: str, square: GridSquare) -> None:
        picture = self.reading.square_pictures.get(square_id)
        if picture is None:
            if square.holes:
                self.faults.leave_out(
                    f"{len(square.holes)} holes", f"square {square_id} has no image they lie on"
                )
            return
        for hole in square.holes:
            if hole.hole_id not in self._known:
                self._add_hole(hole, square, picture)

    def _add_hole(self, hole: Hole, square: GridSquare, picture: Picture) -> None:
        decision = decide_hole(hole, square, self.reading.session.intensities)
        order = hole.order if hole.visited else None
        point, size = picture.points(hole.centre_xy)[0], picture.length_px(hole.width_px)
        if self._add(hole.hole_id, picture, "hole", point, decision, size, as_state(hole.state), order):
            self._known.add(hole.hole_id)

    def _add_unlisted_holes(self) -> None:
        """Add holes that only names of images tell of: their square's file is missing, or older."""
        taken: dict[str, list[Picture]] = {}
        for picture in self.reading.pictures:
            if picture.files and picture.files.hole_id and picture.files.hole_id not in self._known:
                taken.setdefault(picture.files.hole_id, []).append(picture)
        for hole_id, pictures in taken.items():
            if self._add_unlisted(hole_id, pictures):
                self._known.add(hole_id)

    def _add_unlisted(self, hole_id: str, pictures: list[Picture]) -> bool:
        centre, sure = place_hole(pictures, self.reading.session, self._unit)
        square = self.reading.square_pictures.get(pictures[0].files.square_id) if pictures[0].files else None
        decision = _WENT_THERE if sure else Decision("vendor", "selected", "placed_at_the_stage")
        state = "completed" if any(picture.kind == "exposure" for picture in pictures) else "in_progress"
        if centre is not None and square and square.placed:
            point = square.placed.to_pixels(np.array([centre]))[0]
            if square.holds(point):
                return self._add(hole_id, square, "hole", point, decision, self._size_px(square), state)
        own = pictures[-1]
        middle = (np.array(own.stored) - 1) / 2
        unplaced = decision._replace(reason="place_unknown")
        return self._add(hole_id, own, "hole", middle, unplaced, None, state)

    def _size_px(self, picture: Picture) -> float | None:
        diameter, size_a = self.reading.session.hole_diameter_um, picture.pixel_size_a
        return diameter * 1e4 / size_a if diameter and size_a else None

    def _add_found_centres(self) -> None:
        """Add the holes as EPU found them in their own images, when it centred on them."""
        for picture in self.reading.pictures:
            if picture.kind == "hole" and picture.record and picture.record.hole:
                found = picture.record.hole
                point, size = picture.points(found.centre_xy)[0], picture.length_px(found.width_px)
                name = f"{picture.image_id}_centre"
                self._add(name, picture, "hole", point, _WENT_THERE, size, "centred")

    def _add_exposures(self) -> None:
        shots: dict[str, tuple[str, str | None, str | None]] = {}
        for square in self.reading.squares.values():
            for hole in square.holes:
                shots |= {shot.name: (hole.hole_id, shot.area_id, None) for shot in hole.shots}
        for picture in self.reading.pictures:
            if picture.kind == "exposure" and picture.files and picture.files.hole_id:
                shots[picture.image_id] = (picture.files.hole_id, picture.files.area_id, picture.image_id)
        for name, (hole_id, area_id, image_id) in shots.items():
            if hole_id not in self._known:
                self.faults.leave_out(f"exposure {name}", f"hole {hole_id} has no place")
                continue
            offset = self._offset_um(area_id)
            self._rows["exposures"].append(
                rows.exposure_row(self.session_id, name, hole_id, image_id, offset)
            )

    def _tell_of_unknown_shifts(self) -> None:
        shifts = [one.record.beam_shift for one in self.reading.pictures if one.record]
        shifted = sum(shift not in (None, (0.0, 0.0)) for shift in shifts)
        if shifted and self._unit is None:
            self.faults.warn(
                f"the beam shifts of {shifted} images are in a unit of EPU's that no preset of the session "
                "tells the length of; they were left empty."
            )

    def _offset_um(self, area_id: str | None) -> Shift | None:
        return self.reading.session.offsets_um.get(area_id or "")

    def _image_row(self, picture: Picture, file: str | None, viewed: bool) -> rows.Row:
        record = picture.record
        beam = beam_shift_um(record.beam_shift, self._unit) if record else None
        image = image_shift_um(record.image_shift, self.reading.session.presets) if record else None
        return rows.image_row(self.session_id, picture, file, beam, image, viewed)


def _area(outline: NDArray[np.float64]) -> float:
    """The area of a polygon, by the shoelace formula; shape (n, 2)."""
    ahead = np.roll(outline, -1, axis=0)
    return float(abs(np.sum(outline[:, 0] * ahead[:, 1] - ahead[:, 0] * outline[:, 1])) / 2)
