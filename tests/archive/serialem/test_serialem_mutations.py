"""Damaged copies of SerialEM's files: a result, or one clear line; never another exception, never a hang."""

import dataclasses
import random
import signal

import pytest

from ptolemy_kedro import archive
from ptolemy_kedro.archive.importing.write import import_sessions
from ptolemy_kedro.archive.serialem.autodoc_reading import read_autodoc
from ptolemy_kedro.archive.serialem.autodoc_writing import as_text, as_xml
from ptolemy_kedro.archive.serialem.importer import SerialEM
from ptolemy_kedro.errors import PtolemyError
from ptolemy_kedro.simulation import SimulateOptions, simulate_session
from ptolemy_kedro.simulation.export.serialem import export_serialem

SECONDS = 20
RUBBISH = (b"\0", b"]", b"[", b"=", b"<", b">", b"&lol;", b"\r", b"\xff\xfe", b"..\\..\\..\\etc\\passwd")


def mutated(data: bytes, seed: int) -> bytes:
    """Damage a file: drop bytes, cut it, spoil numbers, repeat or swap lines, put rubbish in."""
    draw = random.Random(seed)
    damaged = bytearray(data)
    for _ in range(draw.randint(1, 6)):
        at = draw.randrange(len(damaged) or 1)
        kind = draw.randrange(7)
        if kind == 0:
            del damaged[at : at + draw.randint(1, 200)]
        elif kind == 1:
            damaged[at:at] = bytes(draw.randrange(256) for _ in range(draw.randint(1, 30)))
        elif kind == 2:
            digits = [number for number, byte in enumerate(damaged) if chr(byte).isdigit()]
            if digits:
                spoilt = draw.choice([b"x", b"-", b"nan", b"1e999", b"99999999999999999999", b"", b"0", b"."])
                where = draw.choice(digits)
                damaged[where : where + 1] = spoilt
        elif kind == 3:
            damaged = damaged[:at]
        elif kind == 4:
            damaged[at:at] = damaged[at : at + draw.randint(1, 2000)]
        elif kind == 5:
            lines = bytes(damaged).split(b"\n")
            one, other = draw.randrange(len(lines)), draw.randrange(len(lines))
            lines[one], lines[other] = lines[other], lines[one]
            damaged = bytearray(b"\n".join(lines))
        else:
            rubbish = [
                b"\0",
                b"]",
                b"[",
                b"=",
                b"<",
                b">",
                b"&lol;",
                b"\r",
                b"\xff\xfe",
                b"..\\..\\..\\etc\\passwd",
            ]
            damaged[at : at + 1] = draw.choice(rubbish)
    return bytes(damaged)


def _sources(folder):
    """Each vendor file, navigators in both forms; large ones with the first of their sections."""
    for file in sorted([*folder.glob("*.nav"), *folder.glob("*.mdoc")]):
        whole = read_autodoc(file)
        part = dataclasses.replace(whole, sections=whole.sections[:60])
        yield file.name, as_text(part).encode("cp1252")
        if file.suffix == ".nav":
            yield file.name, as_xml(part).encode()


def _hold(folder, tmp_path, seeds):
    place = tmp_path / "session"
    place.mkdir()
    previous = signal.signal(signal.SIGALRM, _hang)
    try:
        for name, data in _sources(folder):
            for seed in seeds:
                (place / name).write_bytes(mutated(data, seed))
                for permissive in (True, False):
                    signal.alarm(SECONDS)
                    try:
                        for found in SerialEM(permissive=permissive).sessions(place):
                            found.load()
                    except PtolemyError as failure:
                        assert "\n" not in failure.line(), failure.line()
                    signal.alarm(0)
            (place / name).unlink()
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


def _hang(*_):
    raise AssertionError("it hangs")


def test_fifty_damaged_files_end_in_a_line_or_a_result(real_data, tmp_path):
    _hold(real_data / "formats" / "serialem", tmp_path, range(4))


@pytest.mark.slow
def test_a_thousand_damaged_copies_of_each_file_end_in_a_line_or_a_result(real_data, tmp_path):
    _hold(real_data / "formats" / "serialem", tmp_path, range(1000, 2000))


@pytest.mark.parametrize("pattern", ["*.nav", "g1_atlas.mrc", "g1_atlas.mrc.mdoc", "g1_t000.mrc"])
def test_a_damaged_session_is_written_whole_or_not_at_all(tmp_path, pattern):
    options = SimulateOptions(tiles=1, tile_px=64, atlas_px=64, visited_squares=0)
    source = export_serialem(simulate_session(20_009, options), tmp_path / "source")
    (file,) = source.glob(pattern)
    data = file.read_bytes()
    for seed in range(15):
        file.write_bytes(mutated(data, seed))
        to = tmp_path / f"to{seed}"
        for summary in import_sessions(SerialEM(permissive=True).sessions(source), to):
            assert summary.status in ("imported", "broken")
            assert "\n" not in summary.said
            if summary.status == "imported":
                assert archive.check(to / summary.session_id, permissive=True).problems == []
            else:
                assert not (to / summary.session_id).exists()
