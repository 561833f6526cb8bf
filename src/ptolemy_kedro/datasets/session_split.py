"""Which part of the split each session has, for good."""

from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from ptolemy_kedro.errors import TableError
from ptolemy_kedro.evaluation.splits import COLUMNS, LEFT_OUT, PARTS
from ptolemy_kedro.files import atomic_file
from ptolemy_kedro.locks import locked

if TYPE_CHECKING:
    import pandas as pd

    from ptolemy_kedro.evaluation.splits import Arrivals


class SessionSplitDataset(AbstractDataset["Arrivals", "pd.DataFrame"]):
    """The split: saving adds the sessions that are new, loading gives those of the last run.

    A session that is gone keeps its row, and with it its part should it come back. Parts are never changed:
    a dataset cannot be read and written by one node, so the joining is done here, under a lock.

    Args:
        path: The CSV file; one row a session that was ever seen.
        metadata: For Kedro-Viz.
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> "pd.DataFrame":
        known = self._known()
        if known is None:
            raise TableError(f"There is no {self._path}. Run `kedro run --pipeline=ingest` first.")
        return known[known["present"] == "yes"].drop(columns="present").reset_index(drop=True)

    def save(self, arrivals: "Arrivals") -> None:
        with locked(self._path.with_name(f".{self._path.name}.lock"), f"The split {self._path}", 10):
            joined = arrivals.join(self._known())
            here = joined["session_id"].isin(list(arrivals.samples)).map({True: "yes", False: "no"})
            with atomic_file(self._path) as aside:
                joined.assign(present=here).to_csv(aside, index=False)

    def preview(self) -> TablePreview:
        """Show Kedro-Viz the table."""
        return TablePreview(self.load().to_dict(orient="split"))

    def _known(self) -> "pd.DataFrame | None":
        import pandas as pd

        if not self._path.exists():
            return None
        table = pd.read_csv(StringIO(self._path.read_text()), dtype=str, keep_default_na=False)
        if not {"session_id", "part"} <= set(table) or not set(table["part"]) <= {*PARTS, LEFT_OUT}:
            raise TableError(
                f"{self._path} is damaged. Put back a copy of it, for it says which sessions are held out "
                "for good. Deleted, it is drawn anew: champions that learnt from that are refused."
            )
        return table.reindex(columns=[*COLUMNS, "present"], fill_value="")

    def _exists(self) -> bool:
        return self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}
