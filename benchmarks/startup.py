"""Time from `kedro run` to its first node, beside a bare project of one node.

    python benchmarks/startup.py [--repeats 5]

The bare project is made in a temporary folder with the same Kedro. Both stop as their first node begins.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

BARE = {
    "pyproject.toml": (
        '[tool.kedro]\npackage_name = "bare"\nproject_name = "bare"\nkedro_init_version = "1.7.0"\n'
    ),
    ".telemetry": "consent: false\n",
    "conf/base/catalog.yml": "",
    "conf/local/.gitkeep": "",
    "src/bare/__init__.py": "",
    "src/bare/settings.py": "",
    "src/bare/pipeline_registry.py": (
        "from kedro.pipeline import Node, Pipeline\n"
        "def one():\n    return 1\n"
        "def register_pipelines():\n"
        "    return {'__default__': Pipeline([Node(one, None, 'out', name='one')])}\n"
    ),
}

RUN = (
    "import os, sys\n"
    "from kedro.runner.task import Task\n"
    "Task.execute = lambda self: os._exit(0)\n"
    "from kedro.framework.cli.cli import main\n"
    "sys.argv = ['kedro', 'run', '--pipeline={flow}']\n"
    "main()\n"
)


def main() -> None:
    """Measure both in turns and print the ratio of the medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder:
        _write_bare(Path(folder))
        times = [
            (_seconds(Path(folder), "__default__"), _seconds(ROOT, "report")) for _ in range(repeats + 1)
        ][1:]
    bare, ours = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"bare {bare:.2f} s, ours {ours:.2f} s, ratio {ours / bare:.2f} (bar: at most 3)")


def _write_bare(folder: Path) -> None:
    for name, text in BARE.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def _seconds(project: Path, flow: str) -> float:
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(flow=flow)], cwd=project, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{project}: {done.stderr[-1000:]}")
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
