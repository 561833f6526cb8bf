"""Small documents, written whole: JSON, text, CSV."""

import json
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import JSONPreview, TablePreview

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.files import atomic_file

if TYPE_CHECKING:
    import pandas as pd


class _FileDataset(AbstractDataset[Any, Any]):
    """A file.

    Args:
        path: The file.
        metadata: For Kedro-Viz.
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(path)
        self.metadata = metadata

    def _text(self) -> str:
        try:
            return self._path.read_text()
        except FileNotFoundError:
            raise TableError(f"There is no {self._path}. Run the flow that makes it first.") from None

    def _exists(self) -> bool:
        return self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


class JsonDataset(_FileDataset):
    """Whatever JSON holds.

    Args:
        path: The file.
        optional: Whether there may be none; then loading gives an empty object.
        metadata: For Kedro-Viz.
    """

    def __init__(self, *, path: str, optional: bool = False, metadata: dict[str, Any] | None = None) -> None:
        super().__init__(path=path, metadata=metadata)
        self._optional = optional

    def load(self) -> Any:
        if self._optional and not self._exists():
            return {}
        try:
            return json.loads(self._text())
        except ValueError as failure:
            raise TableError(
                f"{self._path} is damaged ({failure}). Delete it and run the flow that makes it again."
            ) from None

    def save(self, data: Any) -> None:
        with atomic_file(self._path) as aside:
            aside.write_text(json.dumps(data, indent=1, allow_nan=False) + "\n")

    def preview(self) -> JSONPreview:
        """Show Kedro-Viz the document."""
        return JSONPreview(self._path.read_text())


class TextDataset(_FileDataset):
    """A text, such as an HTML page."""

    def load(self) -> str:
        return self._text()

    def save(self, data: str) -> None:
        with atomic_file(self._path) as aside:
            aside.write_text(data)


class CsvDataset(_FileDataset):
    """A small table of words, one row a session or so."""

    def load(self) -> "pd.DataFrame":
        import pandas as pd

        return pd.read_csv(StringIO(self._text()), dtype=str, keep_default_na=False)

    def save(self, data: "pd.DataFrame") -> None:
        with atomic_file(self._path) as aside:
            data.to_csv(aside, index=False)

    def preview(self) -> TablePreview:
        """Show Kedro-Viz the table."""
        return TablePreview(self.load().to_dict(orient="split"))
