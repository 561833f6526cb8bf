"""The project in a folder of its own, for tests that run flows."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]


class Project:
    """The project in a folder of its own: its configuration copied, its data and its models apart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "conf", folder / "conf")
        for name in ("pyproject.toml", ".telemetry"):
            shutil.copy(ROOT / name, folder / name)
        (folder / "src").mkdir()
        self.data = folder / "data"

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PTOLEMY")}
        environment["PTOLEMY_HOME"] = str(self.data / "06_models/home")
        kedro = str(Path(sys.executable).with_name("kedro"))
        return subprocess.run(
            [kedro, "run", *words], cwd=self.folder, env=environment, capture_output=True, text=True
        )

    def table(self, name: str, folder: str) -> pd.DataFrame:
        files = sorted((self.data / folder / name).rglob("*.parquet"))
        return pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
