"""CTF tables of other programs, joined to exposures by name."""

import random
from pathlib import Path

import pandas as pd
import pytest

from ptolemy_kedro.archive.importing.ctf_tables import read_fits
from ptolemy_kedro.archive.importing.frame import Found, Imported
from ptolemy_kedro.archive.importing.image_names import plain_name, reduced_name
from ptolemy_kedro.archive.importing.outcomes_from_file import with_outcomes
from ptolemy_kedro.errors import VendorFileError

RELION = """
data_optics

loop_
_rlnOpticsGroupName #1
_rlnOpticsGroup #2
opticsGroup1 1

data_micrographs

loop_
_rlnMicrographName #1
_rlnOpticsGroup #2
_rlnCtfFigureOfMerit #3
_rlnCtfMaxResolution #4
MotionCorr/job002/shot1_fractions.mrc 1 0.11 3.2
MotionCorr/job002/shot2_fractions.mrc 1 0.09 4.1
"""


def table(tmp_path: Path, text: str, name: str = "ctf.csv") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def session(*shots: str, **columns: list[str]) -> Imported:
    tables = {"exposures": pd.DataFrame({"exposure_id": shots, "target_id": "t", **columns})}
    return Imported("s", tables)


def joined(imported: Imported, *paths: Path) -> Imported:
    (found,) = with_outcomes([Found("s", "stamp", lambda: imported)], paths)
    return found.load()


@pytest.mark.parametrize(
    "text",
    [
        RELION,
        "micrograph_name,confidence,resolution\nshot1.mrc,0.11,3.2\nshot2.mrc,0.09,4.1\n",
        "micrograph_blob/path;ctf/cross_correlation;ctf/ctf_fit_to_A\nJ3/shot1.mrc;0.11;3.2\nJ3/shot2.mrc;0.09;4.1\n",
        "shot1,3.2,0.11\nshot2,4.1,0.09\n",
        "shot1\t3.2\t0.11\r\n\r\nshot2\t4.1\t0.09\r\n",
        "# CTFFIND\nshot1 3.2 .11\nshot2 4.1 .09\n",
        "\ufeffshot1,-12.5,40,3.2,0.11\nparent,1,2,-1,-1\nshot2,3,4,4.1,0.09\n",
    ],
)
def test_every_form_of_table_gives_names_resolutions_and_confidences(tmp_path, text):
    outcomes = joined(session("shot1", "shot2"), table(tmp_path, text)).tables["outcomes"]
    assert outcomes[["exposure_id", "value", "confidence"]].values.tolist() == [
        ["shot1", 3.2, 0.11],
        ["shot2", 4.1, 0.09],
    ]
    assert set(outcomes["quantity"]) == {"ctf_resolution"} and set(outcomes["unit"]) == {"A"}


@pytest.mark.parametrize(
    ("name", "shot"),
    [
        ("/data/raw/Shot1.MRC", "shot1"),
        ("X:\\raw\\shot1.tif", "shot1"),
        ("J12/motioncorrected/001234567890123456789_shot1_patch_aligned_doseweighted.mrc", "shot1"),
        ("MotionCorr/job002/raw/shot1_fractions.mrc", "shot1"),
        ("shot1-a-DW.mrc", "shot1"),
        ("shot1_EER.mrc", "shot1"),
        ("shot1.5.mrc", "shot1.5"),
        ("-a", "-a"),
    ],
)
def test_names_are_reduced_to_what_programs_share(name, shot):
    assert reduced_name(plain_name(name)) == shot


def test_the_same_name_comes_before_a_likeness(tmp_path):
    path = table(tmp_path, "shot1-a,3.0\nshot1,4.0\n")
    assert joined(session("shot1"), path).tables["outcomes"]["value"].tolist() == [4.0]
    both = joined(session("shot1", "shot1-a"), path).tables["outcomes"].set_index("exposure_id")["value"]
    assert both.to_dict() == {"shot1-a": 3.0, "shot1": 4.0}


def test_a_name_that_several_shots_share_is_left_out(tmp_path):
    imported = joined(session("shot1-a", "shot1-b", "shot2"), table(tmp_path, "shot1,3.0\nshot2,4.0\n"))
    assert imported.tables["outcomes"]["exposure_id"].tolist() == ["shot2"]
    assert [left.why for left in imported.left_out] == ["they name several shots alike"]


def test_shots_are_known_by_their_images_and_files_too(tmp_path):
    imported = session("e1", "e2", image_id=["i1", "i2"])
    imported.tables["images"] = pd.DataFrame({"image_id": ["i1", "i2"], "file": [None, "raw/frames7.tif"]})
    outcomes = joined(imported, table(tmp_path, "I1.mrc,3.0\nframes7.mrc,4.0\n")).tables["outcomes"]
    assert outcomes["exposure_id"].tolist() == ["e1", "e2"]


def test_a_later_row_of_a_name_revises_an_earlier_one(tmp_path):
    path = table(tmp_path, "shot1,9\nshot1,3\n")
    assert joined(session("shot1"), path).tables["outcomes"]["value"].tolist() == [3]


def test_outcomes_that_are_there_stay(tmp_path):
    imported = session("shot1")
    imported.tables["outcomes"] = pd.DataFrame(
        [{"exposure_id": "shot1", "quantity": "ice_thickness", "value": 40.0, "unit": "nm"}]
    )
    outcomes = joined(imported, table(tmp_path, "shot1,3\n")).tables["outcomes"]
    assert outcomes["quantity"].tolist() == ["ice_thickness", "ctf_resolution"]


def test_a_session_that_no_row_names_says_so(tmp_path):
    imported = joined(session("shot1"), table(tmp_path, "other,3\n"))
    assert "outcomes" not in imported.tables
    assert any("none of its 1 exposures" in warning for warning in imported.warnings)


def test_a_changed_table_changes_the_stamp(tmp_path):
    found = Found("s", "stamp", lambda: session("shot1"))
    stamps = [
        next(iter(with_outcomes([found], [table(tmp_path, f"shot1,{value}\n")]))).stamp for value in (3, 4)
    ]
    assert stamps[0] != stamps[1]


def test_rows_without_a_fit_are_passed_over_and_failed_fits_are_kept(tmp_path):
    text = "a,-1\nb,0\nc,nan\nd,inf\ne,\nf,100000\n"
    assert [fit.name for fit in read_fits(table(tmp_path, "x,1\n" + text))] == ["x", "f"]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", "name,time\nx,3\n", "line 1: no columns"),
        ("a.csv", "name,resolution\nx,3\ny,high\n", "line 3: resolution is 'high'"),
        ("a.csv", "name,resolution\nx,3,4\n", "line 2 has 3 values"),
        ("a.csv", "a b c d\n", "line 1: no columns"),
        (
            "a.star",
            "data_\nloop_\n_rlnMicrographName\n_rlnCtfMaxResolution\nx high\n",
            "resolution is 'high'",
        ),
        ("a.star", "data_\nloop_\n_rlnMicrographName\n_rlnDefocusU\nx 3\n", "no rlnMicrographName with"),
        ("a.star", "data_\nloop_\n_a\n_b\n1 2 3\n", "broken STAR"),
    ],
)
def test_a_broken_table_is_one_line_with_its_place(tmp_path, name, text, line):
    with pytest.raises(VendorFileError, match=line) as caught:
        read_fits(table(tmp_path, text, name))
    assert name in caught.value.line() and "\n" not in caught.value.line()


def test_a_file_that_is_no_text_or_is_absent_is_one_line(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00\x80" * 10)
    with pytest.raises(VendorFileError, match="is no text"):
        read_fits(tmp_path / "a.csv")
    with pytest.raises(VendorFileError, match="No such file"):
        read_fits(tmp_path / "b.csv")


def test_a_changed_star_file_is_read_anew(tmp_path):
    path = table(tmp_path, RELION, "a.star")
    assert len(read_fits(path)) == 2
    table(tmp_path, RELION + "shot3 1 0.1 5.0\n", "a.star")
    assert len(read_fits(path)) == 3


SPOILT = (b"", b"\n", b"_", b"loop_", b"\x00", b'"', b"9e999")


@pytest.mark.parametrize("count", [50, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("text", [RELION, "name,resolution,confidence\nshot1,3.2,0.11\nshot2,4.1,0.09\n"])
def test_a_mutated_table_ends_in_a_line_or_in_fits(tmp_path, text, count):
    rng = random.Random(5)
    for _ in range(count):
        changed = bytearray(text.encode())
        for _ in range(rng.choice((1, 2, 10))):
            at = rng.randrange(len(changed))
            changed[at : at + rng.randrange(6)] = rng.choice(
                (b"", b"\n", b"_", b"loop_", b"\x00", b'"', b"9e999")
            )
            changed = changed or bytearray(b" ")
        path = tmp_path / "ctf.star"
        path.write_bytes(bytes(changed))
        try:
            assert all(fit.resolution_a > 0 for fit in read_fits(path))
        except VendorFileError as failure:
            assert "\n" not in failure.line()
