"""The grids of a session: what ``GridData`` says, else what stands in the images' names."""

from collections.abc import Iterable

from ptolemy_kedro.archive.importing.source import as_id
from ptolemy_kedro.archive.leginon.database import Database
from ptolemy_kedro.archive.leginon.images import Taken

_UNNAMED = "grid"


class Grids:
    """The grids that images were taken of."""

    def __init__(self, database: Database, images: Iterable[Taken]) -> None:
        wanted = {image.grid for image in images if image.grid is not None}
        names = {row.identity(): row.text("name") for row in database.all("EMGridData", {"name": "name"})}
        self._known: dict[int, dict[str, object]] = {}
        self._rows: dict[str, dict[str, object]] = {}
        fields = {"number": "grid ID", "insertion": "insertion", "emgrid": "REF|EMGridData|emgrid"}
        for row in database.all("GridData", fields) if wanted else ():
            if row.identity() in wanted:
                name = names.get(row.whole("emgrid") or 0, "")
                parts = [name or f"{_UNNAMED}{row.whole('number') or row.identity()}"]
                parts += [str(row.whole("insertion"))] if row.whole("insertion") else []
                described = {"slot": row.whole("number"), "sample": name or None}
                self._known[row.identity()] = {"grid_id": self._unused("-".join(parts)), **described}

    def of(self, image: Taken) -> str:
        """The id of an image's grid, which is listed from now on."""
        row = self._known.get(image.grid or 0) or {"grid_id": as_id(image.parts.grid or _UNNAMED)}
        self._rows.setdefault(str(row["grid_id"]), row)
        return str(row["grid_id"])

    def rows(self) -> list[dict[str, object]]:
        """Rows of ``tables.Grids``."""
        return [row | {"foil_material": "unknown"} for row in self._rows.values()]

    def _unused(self, name: str) -> str:
        taken = {row["grid_id"] for row in self._known.values()}
        grid_id, count = as_id(name), 1
        while grid_id in taken:
            count += 1
            grid_id = as_id(f"{name}_{count}")
        return grid_id
