"""Damaged files of EPU's end in one clear line, or are read; never in a traceback or a hang."""

import time
from pathlib import Path

import pytest
from tests.archive.epu.mutations import mutated

from ptolemy_kedro.archive.epu.atlas import read_atlas
from ptolemy_kedro.archive.epu.epu_session import read_epu_session
from ptolemy_kedro.archive.epu.grid_square import read_grid_square
from ptolemy_kedro.archive.epu.importer import Epu
from ptolemy_kedro.archive.epu.microscope_image import read_image_record
from ptolemy_kedro.archive.importing.write import import_sessions
from ptolemy_kedro.errors import VendorFileError
from ptolemy_kedro.simulation import SimulateOptions, simulate_session
from ptolemy_kedro.simulation.export.epu import export_epu

SMALL = SimulateOptions(
    tiles=2, tile_px=64, squares_a_tile=8, atlas_px=32, visited_squares=1, patches_a_square=1, holes_a_patch=4
)
READERS = {
    "EpuSession.dm": read_epu_session,
    "Atlas.dm": read_atlas,
    "GridSquare.dm": read_grid_square,
    "GridSquare.xml": read_image_record,
    "FoilHole.xml": read_image_record,
}
QUICK, ALL = 50, 1000


@pytest.fixture(scope="module")
def originals(real_data) -> dict[str, bytes]:
    epu = real_data / "formats" / "epu"
    square = epu / "session_a" / "Images-Disc1" / "GridSquare_8999138"
    paths = {
        "EpuSession.dm": epu / "session_a" / "EpuSession.dm",
        "Atlas.dm": epu / "session_b" / "Atlas" / "Atlas.dm",
        "GridSquare.dm": epu / "session_b" / "Metadata" / "GridSquare_4590776.dm",
        "GridSquare.xml": square / "GridSquare_20250108_151151.xml",
        "FoilHole.xml": square / "FoilHoles" / "FoilHole_9015889_20250108_154715.xml",
    }
    return {name: path.read_bytes() for name, path in paths.items()}


def read_or_refused(reader, path: Path, name: str, limit_s: float) -> None:
    """Read a file; a refusal must be one line that names the file."""
    began = time.perf_counter()
    try:
        reader(path, name)
    except VendorFileError as failure:
        line = failure.line()
        assert line.startswith(name)
        assert "\n" not in line
        assert len(line) < 400
    assert time.perf_counter() - began < limit_s


@pytest.mark.parametrize("name", READERS)
def test_fifty_damaged_copies_are_read_or_refused_in_a_line(originals, name, tmp_path):
    for seed in range(QUICK if len(originals[name]) < 1e5 else 10):
        (tmp_path / name).write_bytes(mutated(originals[name], seed))
        read_or_refused(READERS[name], tmp_path / name, name, limit_s=30)


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_a_thousand_damaged_copies_are_read_or_refused_in_a_line(originals, name, tmp_path):
    for seed in range(ALL):
        (tmp_path / name).write_bytes(mutated(originals[name], seed))
        read_or_refused(READERS[name], tmp_path / name, name, limit_s=60)


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> Path:
    (folder,) = export_epu(simulate_session(10_004, SMALL), tmp_path_factory.mktemp("epu"))
    return folder


def damaged_imports(exported: Path, tmp_path: Path, seeds: range) -> list[str]:
    """Import a session with one of its files damaged, once a seed; the lines that refused one."""
    files = sorted(path for path in exported.rglob("*") if path.is_file())
    lines = []
    for seed in seeds:
        path = files[seed % len(files)]
        kept = path.read_bytes()
        path.write_bytes(mutated(kept, seed))
        for permissive in (False, True):
            try:
                to = tmp_path / f"{seed}-{permissive}"
                (summary,) = import_sessions(Epu(permissive).sessions(exported), to, dry_run=not permissive)
                lines += [summary.said] if summary.status == "broken" else []
            except VendorFileError as failure:
                lines.append(failure.line())
        path.write_bytes(kept)
    return lines


def test_a_session_with_a_damaged_file_is_imported_or_refused_in_a_line(exported, tmp_path):
    lines = damaged_imports(exported, tmp_path, range(16))
    assert lines
    assert all(line and "\n" not in line for line in lines)


@pytest.mark.slow
def test_a_thousand_sessions_with_a_damaged_file_are_imported_or_refused_in_a_line(exported, tmp_path):
    lines = damaged_imports(exported, tmp_path, range(ALL))
    assert all(line and "\n" not in line for line in lines)
