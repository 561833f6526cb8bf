"""What all tests share."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real images and files; skips where it is absent, fails with CI=true."""
    folder = Path(os.environ.get("PTOLEMY_REAL_DATA") or ROOT.parent / "shared" / "data")
    if folder.is_dir():
        return folder
    message = f"There is no real data in {folder}. Set PTOLEMY_REAL_DATA to its folder."
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(message)
    pytest.skip(message)
