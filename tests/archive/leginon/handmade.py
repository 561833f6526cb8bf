"""A small database of Leginon's layout, row by row."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from ptolemy_kedro.archive.encode import encode
from ptolemy_kedro.simulation.export.leginon_layout import leginon_tables

NOON = datetime(2026, 3, 1, 12)
PIXEL_M = {210: 400e-9, 2700: 10e-9, 105_000: 1e-10}
"""Unbinned pixel sizes by magnification [m]."""


class Handmade:
    """Rows are added by class and column; images come with their scope, camera and preset."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "leginon.sqlite"
        self.engine = sa.create_engine(f"sqlite:///{self.path}")
        self.classes = leginon_tables()
        self.classes.create_all(self.engine)
        self.session_id = 0
        self.now = NOON
        self.tem = self.add("InstrumentData", {"name": "Krios"})
        self.ccd = self.add("InstrumentData", {"name": "K3"})

    def add(self, name: str, facts: dict[str, Any], at: datetime | None = None) -> int:
        with self.engine.begin() as connection:
            values = {"DEF_timestamp": at or self.now, **facts}
            return connection.execute(self.classes.tables[name].insert().values(values)).inserted_primary_key[
                0
            ]

    def change(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.text(statement))

    def start_session(self, name: str = "26mar01a", comment: str = "") -> int:
        facts = {"name": name, "image path": f"{name}/rawdata", "comment": comment}
        self.session_id = self.add("SessionData", facts)
        self.images = self.folder / name / "rawdata"
        self.images.mkdir(parents=True, exist_ok=True)
        return self.session_id

    def setup(self, magnification: int) -> dict[str, Any]:
        instruments = {"REF|InstrumentData|tem": self.tem, "REF|InstrumentData|ccdcamera": self.ccd}
        return {"magnification": magnification, **instruments}

    def pixel_size(self, magnification: int, size_m: float, at: datetime) -> None:
        self.add("PixelSizeCalibrationData", {**self.setup(magnification), "pixelsize": size_m}, at)

    def matrix(self, magnification: int, moved: str, matrix: list[list[float]], at: datetime = NOON) -> None:
        """``matrix`` takes (row, col) of unbinned pixels to (x, y) [m]."""
        entries = {f"ARRAY|matrix|{r + 1}_{c + 1}": matrix[r][c] for r in (0, 1) for c in (0, 1)}
        self.add("MatrixCalibrationData", {**self.setup(magnification), **entries, "type": moved}, at)

    def image(
        self,
        name: str,
        magnification: int = 210,
        target: int | None = None,
        stage_um: tuple[float, float] = (0.0, 0.0),
        shift_um: tuple[float, float] = (0.0, 0.0),
        shape: tuple[int, int] = (64, 48),
        binning: int = 1,
        tilt_rad: float = 0.0,
        written: bool = True,
        **facts: Any,
    ) -> int:
        self.now += timedelta(minutes=1)
        inside = {"REF|SessionData|session": self.session_id}
        scope = {
            f"SUBD|stage position|{axis}": value * 1e-6 for axis, value in zip("xy", stage_um, strict=True)
        }
        scope |= {
            f"SUBD|image shift|{axis}": value * 1e-6 for axis, value in zip("xy", shift_um, strict=True)
        }
        setup = self.setup(magnification)
        tem, ccd = "REF|InstrumentData|tem", "REF|InstrumentData|ccdcamera"
        scope |= {"magnification": magnification, tem: setup[tem], "SUBD|stage position|a": tilt_rad}
        camera = {ccd: setup[ccd], "SUBD|dimension|x": shape[1], "SUBD|dimension|y": shape[0]}
        camera |= {f"SUBD|binning|{axis}": binning for axis in "xy"}
        if written:
            pixels = np.full(shape, 7, dtype=np.int16)
            (self.images / f"{name}.mrc").write_bytes(encode(f"{name}.mrc", pixels))
        row = {
            "MRC|image": f"{name}.mrc",
            "filename": name,
            "REF|ScopeEMData|scope": self.add("ScopeEMData", inside | scope),
            "REF|CameraEMData|camera": self.add("CameraEMData", inside | camera),
            "REF|AcquisitionImageTargetData|target": target,
        }
        return self.add("AcquisitionImageData", {**inside, **row, **facts})

    def target(self, image: int, row: float, col: float, number: int = 1, **facts: Any) -> int:
        """``row`` and ``col`` count from the image's centre."""
        about = {"REF|AcquisitionImageData|image": image, "delta row": row, "delta column": col}
        about |= {"type": "acquisition", "status": "new", "version": 0, "number": number}
        return self.add(
            "AcquisitionImageTargetData", {"REF|SessionData|session": self.session_id, **about, **facts}
        )

    def calibrate(self) -> None:
        """Pixel sizes of three magnifications, made before noon."""
        for magnification, size_m in PIXEL_M.items():
            self.pixel_size(magnification, size_m, NOON - timedelta(days=1))
