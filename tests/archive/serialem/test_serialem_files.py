"""Navigator and .mdoc files: real ones without loss, in text and in XML; broken ones with file and line."""

import numpy as np
import pytest

from ptolemy_kedro.archive.serialem.autodoc_reading import parse_autodoc, read_autodoc
from ptolemy_kedro.archive.serialem.autodoc_writing import as_text, as_xml
from ptolemy_kedro.archive.serialem.mdoc import read_mdoc, taken_at
from ptolemy_kedro.archive.serialem.navigator import read_navigator
from ptolemy_kedro.errors import VendorFileError

ITEM = "AdocVersion = 2.00\n\n[Item = 7]\nStageXYZ = 1 2 3\nType = 0\nNumPts = 1\nPtsX = 1\nPtsY = 2\n"


@pytest.fixture
def vendor_files(real_data):
    folder = real_data / "formats" / "serialem"
    files = [*folder.glob("*.nav"), *folder.glob("*.mdoc")]
    assert len(files) == 10
    return files


def test_real_files_are_read_without_loss(vendor_files):
    for file in vendor_files:
        written = as_text(read_autodoc(file))

        assert _words(written) == _words(file.read_text(encoding="cp1252"))


def _words(text):
    return [line.replace("]", " ]").split() for line in text.splitlines() if line.strip()]


def test_the_xml_form_says_the_same_as_the_text(vendor_files):
    for file in vendor_files:
        text = read_autodoc(file)
        xml = parse_autodoc(as_xml(text).encode(), file.name)

        assert xml.is_xml and not text.is_xml
        assert xml.head.values == text.head.values
        assert [(s.kind, s.name, s.values) for s in xml.sections] == [
            (s.kind, s.name, s.values) for s in text.sections
        ]


@pytest.mark.parametrize("form", ["text", "xml"])
def test_the_large_navigator_holds_what_it_is_known_to_hold(real_data, tmp_path, form):
    file = real_data / "formats" / "serialem" / "semmatch.nav"
    if form == "xml":
        (tmp_path / "semmatch.nav").write_text(as_xml(read_autodoc(file)), encoding="utf-8")
        file = tmp_path / "semmatch.nav"

    navigator = read_navigator(file)

    maps = {item.item_id for item in navigator.of_kind("map")}
    points = navigator.of_kind("point")
    assert len(navigator.items) == 1671
    assert (len(maps), len(points), len(navigator.of_kind("polygon"))) == (33, 1616, 22)
    assert sum(point.drawn_on in maps for point in points) == 1612
    assert sum(item.acquire for item in navigator.items) == 280


def test_maps_take_their_own_corners_to_the_stage(real_data):
    """The outline of a map is its corners: upper left, right, lower right, left, in pixels of the display."""
    for item in read_navigator(real_data / "formats" / "serialem" / "semmatch.nav").of_kind("map"):
        frame = item.map_frame()
        width, height = frame.size
        top_first = frame.stage_map((height, width), bottom_first=False)

        corners = np.array([(0, 0), (0, width), (height, width), (height, 0), (0, 0)]) - 0.5

        assert np.abs(top_first.to_stage(corners) - item.outline_um).max() < 0.01


def test_points_lie_in_the_piece_they_were_clicked_on(real_data):
    """PieceOn counts pieces up from the lowest, column by column; MRC files store the lowest row first."""
    navigator = read_navigator(real_data / "formats" / "serialem" / "semmatch.nav")
    maps = {item.item_id: item for item in navigator.of_kind("map")}
    alike = []
    for point in navigator.of_kind("point"):
        if point.drawn_on not in maps:
            continue
        item = maps[point.drawn_on]
        frame = item.map_frame()
        width, height = frame.size
        stored = frame.stage_map((height, width), bottom_first=True)
        row, col = stored.to_pixels(np.array([point.stage_um[:2]]))[0]
        across, up = (int(word) for word in item.section.text("MapFramesXY").split())
        piece = point.section.whole("PieceOn")
        alike.append((col / width * across - piece // up - 0.5, row / height * up - piece % up - 0.5))

    assert len(alike) == 1612
    assert (np.abs(alike).max(axis=1) < 0.75).mean() > 0.99  # neighbours overlap


def test_metadata_is_typed_by_mdocfile(real_data):
    mdoc = read_mdoc(real_data / "formats" / "serialem" / "gm.mrc.mdoc")

    assert mdoc.is_montage
    assert mdoc.data.ImageSize == (2048, 2048)
    assert len(mdoc.of_kind("ZValue")) == 25
    assert mdoc.sections[1].data.PieceCoordinates == (0, 1844, 0)
    assert mdoc.sections[1].data.StagePosition == (-836.364, -415.786)
    assert taken_at(mdoc.sections[0].section).isoformat() == "2020-02-05T14:42:35"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (ITEM.replace("1 2 3", "1 2"), "line 4"),
        (ITEM.replace("1 2 3", "1 x 3"), "StageXYZ is '1 x 3'"),
        (ITEM.replace("1 2 3", "1 nan 3"), "StageXYZ"),
        (ITEM.replace("Type = 0", "Type = 9"), "line 5"),
        (ITEM.replace("NumPts = 1", "NumPts = 2"), "NumPts is 2, and there are 1"),
        (ITEM.replace("7]", "7"), "line 3"),
        (ITEM.replace("= 7", ""), "begins no section"),
        (ITEM.replace("StageXYZ = 1 2 3\n", "StageXYZ\n"), "line 4"),
        ("hello\n", "line 1"),
        ("<navigator><Item name='1'><Type>0</Type></navigator>", "line 1"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><navigator><Item name='1'/></navigator>", "entities"),
        ("<?xml version='1.0' encoding='nonsense'?><navigator/>", "encoding"),
        ("<navigator><Item name='1'><Type><a>0</a></Type></Item></navigator>", "lies within a value"),
        ("", "Is it a navigator file?"),
    ],
)
def test_a_broken_navigator_is_refused_with_its_place(tmp_path, written, said):
    file = tmp_path / "grid.nav"
    file.write_text(written)

    with pytest.raises(VendorFileError, match=r"grid\.nav") as refusal:
        read_navigator(file)

    assert said in str(refusal.value)


@pytest.mark.parametrize(
    "written",
    [
        ITEM.replace("\n", "\r\n"),
        "\ufeff" + ITEM,
        "# a comment\n" + ITEM,
        ITEM.replace("Type", "Note = it = odd \u00b5\nType"),
        ITEM.replace("Type", "Note = two\nlines of it\nType"),
        ITEM.replace("Type = 0", "type=  0\nType=0"),
    ],
)
def test_oddities_of_autodocs_are_lived_with(tmp_path, written):
    for encoding in ("utf-8", "cp1252"):
        if written.startswith("\ufeff") and encoding == "cp1252":
            continue
        (tmp_path / "grid.nav").write_bytes(written.encode(encoding))

        (item,) = read_navigator(tmp_path / "grid.nav").items

        assert item.stage_um == (1, 2, 3)
        assert item.note in (None, "it = odd \u00b5", "two\nlines of it")
