"""The tables of a Leginon database that an export fills: named by class, columns by kind."""

from typing import Any

import sqlalchemy as sa

_XY = ("x", "y")


def _pairs(*fields: str) -> list[str]:
    return [f"SUBD|{field}|{axis}" for field in fields for axis in _XY]


_WHOLE = {
    "PresetData": ["magnification", *_pairs("dimension", "binning")],
    "ScopeEMData": ["magnification", "high tension"],
    "CameraEMData": _pairs("dimension", "binning"),
    "AcquisitionImageData": ["pixels", "version"],
    "AcquisitionImageTargetData": ["version", "number"],
    "ImageTargetListData": ["mosaic"],
    "HoleStatsData": ["row", "column", "good"],
    "GridData": ["grid ID", "insertion"],
    "PixelSizeCalibrationData": ["magnification", "high tension"],
    "MatrixCalibrationData": ["magnification", "high tension"],
}
_REAL = {
    "PresetData": [*_pairs("image shift", "beam shift"), "dose", "defocus"],
    "ScopeEMData": [
        *[f"SUBD|stage position|{axis}" for axis in "abxyz"], *_pairs("image shift", "beam shift"),
        "defocus", "system time",
    ],
    "AcquisitionImageTargetData": ["delta row", "delta column"],
    "PixelSizeCalibrationData": ["pixelsize"],
    "MatrixCalibrationData": [f"ARRAY|matrix|{row}_{col}" for row in (1, 2) for col in (1, 2)],
    "ObjIceThicknessData": ["vacuum intensity", "mfp", "intensity", "thickness"],
    "ZeroLossIceThicknessData": ["slit mean", "no slit mean", "thickness"],
    "ApCtfData": ["resolution_50_percent", "ctffind4_resolution", "confidence", "defocus1", "defocus2"],
}  # fmt: skip
_TEXT = {
    "SessionData": ["name", "image path", "comment"],
    "InstrumentData": ["name", "hostname"],
    "PresetData": ["name"],
    "AcquisitionImageData": ["MRC|image", "filename", "label"],
    "AcquisitionImageTargetData": ["type", "status"],
    "EMGridData": ["name"],
    "MatrixCalibrationData": ["type", "probe"],
}
_IN_SESSION = {"session": "SessionData"}
_INSTRUMENTS = {"tem": "InstrumentData", "ccdcamera": "InstrumentData"}
_REFERENCES = {
    "SessionData": {},
    "InstrumentData": {},
    "EMGridData": {},
    "GridData": {"emgrid": "EMGridData"},
    "PresetData": _IN_SESSION | _INSTRUMENTS,
    "ScopeEMData": _IN_SESSION | {"tem": "InstrumentData"},
    "CameraEMData": _IN_SESSION | {"ccdcamera": "InstrumentData"},
    "ImageTargetListData": _IN_SESSION | {"image": "AcquisitionImageData"},
    "AcquisitionImageTargetData": _IN_SESSION | {
        "image": "AcquisitionImageData", "list": "ImageTargetListData", "scope": "ScopeEMData",
        "camera": "CameraEMData", "preset": "PresetData", "fromtarget": "AcquisitionImageTargetData",
    },
    "AcquisitionImageData": _IN_SESSION | {
        "preset": "PresetData", "scope": "ScopeEMData", "camera": "CameraEMData", "grid": "GridData",
        "list": "ImageListData", "target": "AcquisitionImageTargetData", "tilt series": "TiltSeriesData",
    },
    "HoleFinderPrefsData": _IN_SESSION | {"image": "AcquisitionImageData"},
    "HoleStatsData": _IN_SESSION | {"prefs": "HoleFinderPrefsData"},
    "PixelSizeCalibrationData": _IN_SESSION | _INSTRUMENTS,
    "MatrixCalibrationData": _IN_SESSION | _INSTRUMENTS,
    "ObjIceThicknessData": {"image": "AcquisitionImageData"},
    "ZeroLossIceThicknessData": {"image": "AcquisitionImageData"},
    "ApCtfData": {"image": "AcquisitionImageData"},
}  # fmt: skip


def leginon_tables() -> sa.MetaData:
    """Describe the tables, for SQLite, MySQL and MariaDB."""
    metadata = sa.MetaData()
    kinds: tuple[tuple[Any, dict[str, list[str]]], ...] = (
        (sa.Integer, _WHOLE),
        (sa.Double, _REAL),
        (sa.Text, _TEXT),
    )
    for name, references in _REFERENCES.items():
        columns = [
            sa.Column(f"REF|{other}|{field}", sa.Integer, index=True) for field, other in references.items()
        ]
        columns += [sa.Column(column, kind) for kind, of in kinds for column in of.get(name, ())]
        identity = sa.Column("DEF_id", sa.Integer, primary_key=True)
        at = sa.Column("DEF_timestamp", sa.TIMESTAMP, server_default=sa.func.current_timestamp())
        sa.Table(name, metadata, identity, at, *columns)
    return metadata
