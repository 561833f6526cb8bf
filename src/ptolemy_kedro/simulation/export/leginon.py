"""A simulated session as Leginon would have left it: rows in its database, images in its image path.

Left out, because Leginon has no place for them: the atlas as one image, targets that an operator put aside,
and the grid's mesh and foil.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from numpy.typing import NDArray

from ptolemy_kedro.archive.encode import encode
from ptolemy_kedro.archive.leginon.session import SIMULATED
from ptolemy_kedro.geometry import StageMap
from ptolemy_kedro.simulation.export.leginon_layout import leginon_tables
from ptolemy_kedro.simulation.session import SimulatedSession

DATABASE = "leginon.sqlite"
"""Name of the database where no URL is given."""

_PRESETS = {"tile": ("gr", 210), "medium": ("hl", 2700), "exposure": ("en", 105_000)}
_EXPOSURE_SHAPE, _EXPOSURE_PIXEL_A = (4092, 5760), 1.06
_TURN = np.deg2rad(37.0)
_SHIFT_TO_STAGE = np.array([[np.cos(_TURN), np.sin(_TURN)], [np.sin(_TURN), -np.cos(_TURN)]])
"""The stage move that has the effect of an image shift; assumed."""


def export_leginon(simulated: SimulatedSession, to: Path, url: str | None = None) -> str:
    """Add a session to a database of Leginon's layout, and write its images.

    Args:
        simulated: The session.
        to: Folder of the images (``SESSION/rawdata/*.mrc``), and of the database if no URL is given.
        url: Of a database (SQLAlchemy), whose tables are made if they are absent.

    Returns:
        The source to import from: the URL, or the path of the SQLite file.
    """
    folder = to / simulated.session_id / "rawdata"
    folder.mkdir(parents=True)
    source = url or str(to / DATABASE)
    engine = sa.create_engine(url or f"sqlite:///{source}")
    with engine.begin() as connection:
        if connection.dialect.name != "sqlite":
            connection.execute(sa.text("SET time_zone = '+00:00'"))
        _Export(connection, simulated, folder.relative_to(to) if url is None else folder).write()
    engine.dispose()
    names = {file: f"{name}.mrc" for file, name in _files(simulated)}
    for file, pixels, pixel_size_a in simulated.images:
        if file in names:
            (folder / names[file]).write_bytes(encode(names[file], pixels, pixel_size_a))
    return source


def leginon_names(simulated: SimulatedSession) -> dict[str, str]:
    """Name the images as Leginon does, by their ids: nested by target, numbered in their parent or grid."""
    images = simulated.tables["images"]
    names: dict[str, str] = {}
    for number, row in enumerate(images[images["kind"].isin(_PRESETS)].itertuples(), start=1):
        above = names.get(str(row.parent_id), f"{simulated.session_id}_{row.grid_id}")
        names[str(row.image_id)] = f"{above}_{number:05d}{_PRESETS[str(row.kind)][0]}"
    return names


def _files(simulated: SimulatedSession) -> Iterator[tuple[str, str]]:
    names = leginon_names(simulated)
    for row in simulated.tables["images"].dropna(subset="file").itertuples():
        if row.image_id in names:
            yield str(row.file), names[str(row.image_id)]


class _Export:
    """One session on its way into a database."""

    def __init__(self, connection: sa.Connection, simulated: SimulatedSession, folder: Path) -> None:
        self._connection = connection
        self._tables = simulated.tables
        self._names = leginon_names(simulated)
        self._classes = leginon_tables()
        self._classes.create_all(connection)
        self._began = simulated.tables["sessions"]["started_at"].iloc[0].to_pydatetime()
        comment = f"{SIMULATED} (ptolemy-kedro)"
        path = folder.as_posix()
        self._session = self._add(
            "SessionData", self._began, {"name": simulated.session_id, "image path": path, "comment": comment}
        )
        self._images: dict[str, int] = {}
        self._targets: dict[str, int] = {}

    def write(self) -> None:
        """Add the rows, parents before what hangs on them."""
        by_image = dict(tuple(self._tables["targets"].groupby("image_id")))
        for image in _rows(self._tables["images"]):
            if image.image_id in self._names:
                self._add_image(image)
                self._add_targets(image, by_image.get(image.image_id))
        self._add_exposures()

    @cached_property
    def _instruments(self) -> dict[str, int]:
        row = self._tables["sessions"].iloc[0]
        named = {"REF|InstrumentData|tem": row.microscope, "REF|InstrumentData|ccdcamera": row.detector}
        return {
            field: self._add("InstrumentData", self._began, {"name": name}) for field, name in named.items()
        }

    @cached_property
    def _grids(self) -> dict[str, int]:
        grids = {}
        for grid in _rows(self._tables["grids"]):
            emgrid = self._add("EMGridData", self._began, {"name": grid.grid_id})
            facts = {"grid ID": int(grid.slot), "REF|EMGridData|emgrid": emgrid}
            grids[str(grid.grid_id)] = self._add("GridData", self._began, facts)
        return grids

    def _add_image(self, image: Any) -> None:
        shape, at = (image.rows_px, image.cols_px), image.taken_at.to_pydatetime()
        stage_map = _map_of(image)
        self._calibrate(image.kind, stage_map.matrix, image.pixel_size_a, at - timedelta(seconds=1))
        stage = {"x": image.stage_x_um * 1e-6, "y": image.stage_y_um * 1e-6, "z": image.stage_z_um * 1e-6}
        target = self._targets.get(str(image.image_id).rpartition("_p")[0])
        name = self._names[image.image_id]
        self._images[image.image_id] = self._shoot(
            name,
            image.kind,
            shape,
            at,
            stage,
            (0.0, 0.0),
            target,
            self._grids[image.grid_id],
            image.defocus_um,
        )

    def _shoot(
        self,
        name: str,
        kind: str,
        shape: tuple[int, int],
        at: datetime,
        stage_m: Mapping[str, float],
        shift_m: tuple[float, float],
        target: int | None,
        grid: int,
        defocus_um: float,
    ) -> int:
        """Add an image with its scope, camera and preset."""
        preset, magnification = _PRESETS[kind]
        camera = {"SUBD|dimension|x": shape[1], "SUBD|dimension|y": shape[0]}
        camera |= {"SUBD|binning|x": 1, "SUBD|binning|y": 1}
        tem, ccd = self._instruments.items()
        scope = {f"SUBD|stage position|{axis}": value for axis, value in stage_m.items()}
        scope |= {f"SUBD|image shift|{axis}": value for axis, value in zip("xy", shift_m, strict=True)}
        scope |= {"SUBD|stage position|a": 0.0, "defocus": defocus_um * 1e-6, "high tension": self._voltage}
        here = {"magnification": magnification}
        parts: dict[str, int | None] = {
            "REF|ScopeEMData|scope": self._in_session("ScopeEMData", at, scope | here | dict([tem])),
            "REF|CameraEMData|camera": self._in_session("CameraEMData", at, camera | dict([ccd])),
            "REF|PresetData|preset": self._in_session(
                "PresetData", at, {"name": preset, **here, **camera, **self._instruments}
            ),
        }
        named = {"MRC|image": f"{name}.mrc", "filename": name, "label": preset, "pixels": int(np.prod(shape))}
        parts |= {"REF|AcquisitionImageTargetData|target": target, "REF|GridData|grid": grid}
        return self._in_session("AcquisitionImageData", at, {**named, **parts})

    @property
    def _voltage(self) -> int:
        return round(float(self._tables["sessions"]["voltage_kv"].iloc[0]) * 1e3)

    def _calibrate(self, kind: str, matrix: NDArray[np.float64], pixel_size_a: float, at: datetime) -> None:
        """Add the calibrations that hold for an image; ``matrix`` takes its pixels to the stage [um/px]."""
        setup = {"magnification": _PRESETS[kind][1], "high tension": self._voltage, **self._instruments}
        size = {**setup, "pixelsize": pixel_size_a * 1e-10}
        self._in_session("PixelSizeCalibrationData", at, size)
        stage = -matrix * 1e-6
        for moved, made in (
            ("stage position", stage),
            ("image shift", np.linalg.inv(_SHIFT_TO_STAGE) @ stage),
        ):
            entries = {f"ARRAY|matrix|{r}_{c}": float(made[r - 1, c - 1]) for r in (1, 2) for c in (1, 2)}
            self._in_session(
                "MatrixCalibrationData", at, {**setup, **entries, "type": moved, "probe": "micro"}
            )

    def _add_targets(self, image: Any, targets: pd.DataFrame | None) -> None:
        """Add an image's targets, each in the states that it went through."""
        at = image.taken_at.to_pydatetime() + timedelta(seconds=1)
        on = {"REF|AcquisitionImageData|image": self._images[image.image_id]}
        if not image.viewed:
            return
        listed = self._in_session("ImageTargetListData", at, {**on, "mosaic": int(image.kind == "tile")})
        chosen = [] if targets is None else list(_rows(targets[targets["decision"] == "selected"]))
        for number, target in enumerate(chosen, start=1):
            facts = {
                **on,
                "REF|ImageTargetListData|list": listed,
                "delta row": target.row_px - image.rows_px / 2,
                "delta column": target.col_px - image.cols_px / 2,
                "type": "focus" if target.kind == "focus" else "acquisition",
                "version": 0,
                "number": number,
            }
            states = ["new"] if pd.isna(target.order) else ["new", "processing", "done"]
            rows = [
                self._in_session("AcquisitionImageTargetData", at, {**facts, "status": s}) for s in states
            ]
            self._targets[target.target_id] = rows[-2] if len(rows) > 1 else rows[0]

    def _add_exposures(self) -> None:
        """Add the shots and their CTF resolutions; calibrations once an image that shots were aimed in."""
        targets, images = self._by("targets", "target_id"), self._by("images", "image_id")
        outcomes = self._by("outcomes", "exposure_id")
        calibrated: set[str] = set()
        for number, shot in enumerate(_rows(self._tables["exposures"]), start=1):
            target, outcome = targets[str(shot.target_id)], outcomes[str(shot.exposure_id)]
            image, at = images[target.image_id], outcome.measured_at.to_pydatetime()
            if image.image_id not in calibrated:
                calibrated.add(image.image_id)
                matrix = _map_of(image).matrix * _EXPOSURE_PIXEL_A / image.pixel_size_a
                self._calibrate("exposure", matrix, _EXPOSURE_PIXEL_A, at)
            row = self._expose(f"{self._names[image.image_id]}_{number:05d}en", shot, target, image, at)
            facts = {"ctffind4_resolution": outcome.value, "confidence": outcome.confidence}
            self._add("ApCtfData", at, {"REF|AcquisitionImageData|image": row, **facts})

    def _expose(self, name: str, shot: Any, target: Any, image: Any, at: datetime) -> int:
        """Add a shot, moved to by image shift from the middle of the image that it was aimed in."""
        site = _map_of(image).to_stage(np.array([[target.row_px, target.col_px]]))[0]
        moved = site + np.array([shot.offset_x_um - image.stage_x_um, shot.offset_y_um - image.stage_y_um])
        x, y = np.linalg.solve(_SHIFT_TO_STAGE, moved) * 1e-6
        stage = {"x": image.stage_x_um * 1e-6, "y": image.stage_y_um * 1e-6, "z": 0.0}
        aimed, grid = self._targets[target.target_id], self._grids[image.grid_id]
        shift = (float(x), float(y))
        return self._shoot(name, "exposure", _EXPOSURE_SHAPE, at, stage, shift, aimed, grid, -1.5)

    def _by(self, table: str, key: str) -> dict[str, Any]:
        return {getattr(row, key): row for row in _rows(self._tables[table])}

    def _in_session(self, name: str, at: datetime, facts: Mapping[str, Any]) -> int:
        return self._add(name, at, {"REF|SessionData|session": self._session, **facts})

    def _add(self, name: str, at: datetime, facts: Mapping[str, Any]) -> int:
        values = {column: _plain(value) for column, value in facts.items()}
        values["DEF_timestamp"] = at.replace(tzinfo=None, microsecond=0)
        added = self._connection.execute(self._classes.tables[name].insert().values(values))
        return int(added.inserted_primary_key[0])  # type: ignore[index]


def _plain(value: Any) -> Any:
    """What database drivers take: Python's own numbers, None for a missing value."""
    plain = value.item() if isinstance(value, np.generic) else value
    return None if plain is pd.NA or plain != plain else plain


def _rows(table: pd.DataFrame) -> Iterator[Any]:
    yield from table.itertuples()


def _map_of(image: Any) -> StageMap:
    matrix = [[image.x_um_per_row, image.x_um_per_col], [image.y_um_per_row, image.y_um_per_col]]
    return StageMap(np.array(matrix), np.array([image.x_at_origin_um, image.y_at_origin_um]))
