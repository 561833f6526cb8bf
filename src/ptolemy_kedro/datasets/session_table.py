"""Tables by session: parquet, a partition a session, made again when what it follows from has changed."""

import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from ptolemy_kedro.datasets.manifest import Manifest, file_name
from ptolemy_kedro.files import atomic_file, atomic_folder
from ptolemy_kedro.partitions import BySession, Part, SessionTable, TablePart

if TYPE_CHECKING:
    import pandas as pd

PREVIEW_ROWS = 20


class SessionTableDataset(AbstractDataset[TablePart, SessionTable]):
    """A table by session.

    Loading gives the table lazily, without a session where there is none yet. Saving takes one promised part
    at a time: the parts of sessions that are gone are dropped, a current part is left alone, a stale one is
    computed, validated, written aside and moved into place.

    Args:
        path: Folder of the partitions and their manifest.
        schema: Name of the table's schema in ``ptolemy_kedro.tables``.
        keeps_others: Leave the parts of sessions alone that a run does not work on.
        metadata: For Kedro-Viz.

    Attributes:
        made: How many parts were made in this run.
        current: How many were left alone.
    """

    suffix = ".parquet"

    def __init__(
        self, *, path: str, schema: str, keeps_others: bool = False, metadata: dict[str, Any] | None = None
    ) -> None:
        self._path = Path(path)
        self._schema = schema
        self._keeps_others = keeps_others
        self.metadata = metadata
        self.made, self.current = 0, 0

    def load(self) -> SessionTable:
        manifest = Manifest(self._path)
        return BySession(
            Part(session_id, key, partial(self._read, self._place(session_id)))
            for session_id, key in manifest.keys.items()
            if self._place(session_id).exists()
        )

    def save(self, part: TablePart) -> None:
        manifest = Manifest(self._path)
        self._drop_gone(manifest, part)
        place = self._place(part.session_id)
        if manifest.keys.get(part.session_id) == part.key and place.exists():
            self.current += 1
            return
        table = self._validated(part)
        manifest.forget(part.session_id)
        self._write(table, place)
        manifest.record(part.session_id, part.key)
        self.made += 1

    def preview(self, nrows: int = PREVIEW_ROWS) -> TablePreview:
        """Show Kedro-Viz the first rows of the first session, without the columns of bytes."""
        for _, table in self.load():
            shown = table.head(nrows)
            told = [name for name in shown if not shown[name].map(lambda cell: isinstance(cell, bytes)).any()]
            return TablePreview(shown[told].astype(str).to_dict(orient="split"))
        return TablePreview({})

    @staticmethod
    def _read(place: Path) -> "pd.DataFrame":
        import pandas as pd

        return pd.read_parquet(place)

    @staticmethod
    def _write(table: "pd.DataFrame", place: Path) -> None:
        with atomic_file(place) as aside:
            table.to_parquet(aside, index=False, compression="zstd")

    def _validated(self, part: TablePart) -> "pd.DataFrame":
        from ptolemy_kedro import tables

        schema = getattr(tables, self._schema)
        return tables.validate(schema, part.make(), f"session {part.session_id}: {self._path.name}")

    def _drop_gone(self, manifest: Manifest, part: TablePart) -> None:
        gone = set() if self._keeps_others else set(manifest.keys) - part.roster - {part.session_id}
        for session_id in gone:
            manifest.forget(session_id)
            _remove(self._place(session_id))

    def _place(self, session_id: str) -> Path:
        return self._path / (file_name(session_id) + self.suffix)

    def _exists(self) -> bool:
        return bool(Manifest(self._path).keys)

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path), "schema": self._schema}


class SessionCropsDataset(SessionTableDataset):
    """Crops by session: a folder a session, in it a file a size class, its pixels of one length."""

    suffix = ""

    @staticmethod
    def _read(place: Path) -> "pd.DataFrame":
        import pyarrow.parquet as pq

        from ptolemy_kedro import tables
        from ptolemy_kedro.stored_crops import from_arrow

        classes = {int(file.stem): pq.read_table(file) for file in place.glob("*.parquet")}
        return from_arrow(classes) if classes else tables.empty(tables.SquareCrops)

    @staticmethod
    def _write(table: "pd.DataFrame", place: Path) -> None:
        import pyarrow.parquet as pq

        from ptolemy_kedro.stored_crops import to_arrow

        with atomic_folder(place) as aside:
            for side, rows in to_arrow(table).items():
                text = [field.name for field in rows.schema if field.name != "pixels"]
                pq.write_table(rows, aside / f"{side:03}.parquet", compression="zstd", use_dictionary=text)


def _remove(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
