"""What exposures came to: ice thickness by Leginon, CTF resolution by Appion."""

from collections.abc import Iterator, Mapping

from ptolemy_kedro.archive.leginon.database import Database

_AT = {"at": "DEF_timestamp"}
_ICE = {
    "ObjIceThicknessData": "Leginon, aperture-limited scattering",
    "ZeroLossIceThicknessData": "Leginon, zero-loss filter",
}
_CTF = {"ctffind4_resolution": "CTFFIND4", "resolution_50_percent": "Appion, 50 % agreement"}


def read_outcomes(
    database: Database, appion: list[Database], exposures: Mapping[int, str]
) -> Iterator[dict[str, object]]:
    """Give the facts about a session's exposures, rows of ``tables.Outcomes``.

    Args:
        database: The Leginon database; CTF results may be in it too.
        appion: Appion's databases.
        exposures: Exposure ids by the rows of their images; processed copies of one share its exposure.
    """
    for table, program in _ICE.items():
        for found in _rows(database, table, {"thickness_m": "thickness"}, exposures, program):
            thickness_m = found.pop("thickness_m")
            if isinstance(thickness_m, float):
                yield found | {"quantity": "ice_thickness", "value": thickness_m * 1e9, "unit": "nm"}
    for place in (database, *appion):
        for column, program in _CTF.items():
            fields = {"value": column, "confidence": "confidence"}
            for found in _rows(place, "ApCtfData", fields, exposures, program):
                if isinstance(found["value"], float) and found["value"] > 0:
                    yield found | {"quantity": "ctf_resolution", "unit": "A"}


def _rows(
    database: Database, table: str, fields: Mapping[str, str], exposures: Mapping[int, str], program: str
) -> Iterator[dict[str, object]]:
    if not exposures or not database.has(table):
        return
    reference = database.reference(table, "image", "AcquisitionImageData")
    between = {reference: (min(exposures), max(exposures))}
    for row in database.all(table, {**_AT, "image": reference, **fields}, between=between):
        exposure = exposures.get(row.whole("image") or 0)
        if exposure is not None:
            facts = {name: row.number(name) for name in fields}
            yield {"exposure_id": exposure, "program": program, "measured_at": row.time("at"), **facts}
