"""Figures as PNG files."""

import base64
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import ImagePreview

from ptolemy_kedro.files import atomic_file

DOTS_PER_INCH = 110


class FigureDataset(AbstractDataset[Any, bytes]):
    """A figure of matplotlib: saved as PNG, loaded as the PNG's bytes.

    Args:
        path: The PNG file.
        metadata: For Kedro-Viz.
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> bytes:
        return self._path.read_bytes()

    def save(self, figure: Any) -> None:
        with atomic_file(self._path) as aside:
            figure.savefig(aside, format="png", dpi=DOTS_PER_INCH)

    def preview(self) -> ImagePreview:
        """Show Kedro-Viz the figure."""
        return ImagePreview(base64.b64encode(self.load()).decode())

    def _exists(self) -> bool:
        return self._path.exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}
