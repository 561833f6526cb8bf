"""What is written is what is read, whatever the container; the digest is the content's."""

import string

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.archive.archives import SESSION, small_archive, small_images, small_tables, write_small

from ptolemy_kedro import archive
from ptolemy_kedro.errors import ArchiveError
from ptolemy_kedro.tables import RAW, validate

texts = st.one_of(st.none(), st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20))
numbers = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))
positive = st.one_of(st.none(), st.floats(min_value=1e-300, allow_infinity=False))
times = st.one_of(
    st.none(),
    st.datetimes(min_value=pd.Timestamp("1700-01-01"), max_value=pd.Timestamp("2200-01-01")).map(
        lambda moment: pd.Timestamp(moment, tz="UTC")
    ),
)
ids = st.text(string.ascii_letters + string.digits + " .,;\"'äλ", min_size=1, max_size=12)


@st.composite
def sessions(draw):
    tables = small_tables(draw(st.integers(1, 3)))
    tables["sessions"] = tables["sessions"].assign(
        facility=draw(texts), detector=draw(texts), voltage_kv=draw(positive), started_at=draw(times)
    )
    size = len(tables["images"])
    lists = lambda values: draw(st.lists(values, min_size=size, max_size=size))  # noqa: E731
    tables["images"] = tables["images"].assign(
        stage_x_um=lists(numbers), tilt_axis_deg=lists(numbers), taken_at=lists(times), binning=2
    )
    tables["targets"] = tables["targets"].assign(reason=lists(texts), size_px=lists(positive))
    tables["grids"] = tables["grids"].assign(sample=draw(texts))
    return tables


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables=sessions(), container=st.sampled_from(archive.CONTAINERS))
def test_what_is_written_is_what_is_read(tmp_path, tables, container):
    images = list(small_images(tables))

    path = archive.write_session(tmp_path / "any", tables, images, container)

    with archive.open_session(path) as session:
        for name, schema in RAW.items():
            read = session.tables[name].drop(columns="archive_digest", errors="ignore")
            expected = validate(schema, tables[name], name).drop(columns="archive_digest", errors="ignore")
            pd.testing.assert_frame_equal(read, expected)
        for file, pixels, _ in images:
            np.testing.assert_array_equal(session.pixels.read(file), pixels)


@pytest.mark.parametrize("text", ["\r", "mesh\rbent", "a\r\nb", "a\nb", '"'])
def test_a_text_of_several_lines_is_read_as_it_was(tmp_path, text):
    tables = small_tables(1)
    tables["grids"] = tables["grids"].assign(sample=text)

    path = archive.write_session(tmp_path / "lines", tables, small_images(tables))

    with archive.open_session(path) as session:
        assert session.tables["grids"]["sample"].tolist() == [text]


def test_the_digest_depends_neither_on_the_container_nor_on_the_order_of_files(tmp_path):
    tables = small_tables(4)
    images = list(small_images(tables))
    digests = set()
    for number, container in enumerate(archive.CONTAINERS):
        turned = [*images[number:], *images[:number]]
        path = archive.write_session(tmp_path / "any", tables, turned, container)
        with archive.open_session(path) as session:
            digests.add(session.tables["sessions"]["archive_digest"].iloc[0])

    assert len(digests) == 1


def test_another_pixel_is_another_digest(tmp_path):
    tables = small_tables()
    images = list(small_images(tables))
    digests = []
    for change in (0, 1):
        images[0][1][0, 0] += change
        path = archive.write_session(tmp_path / "any", tables, images)
        digests.append(archive.check(path).archive_digest)

    assert digests[0] != digests[1]


@pytest.mark.parametrize("container", archive.CONTAINERS)
def test_an_archive_written_twice_has_the_same_bytes(tmp_path, container):
    paths = [write_small(tmp_path / name, container) for name in ("one", "two")]

    contents = [
        {
            p.relative_to(path): p.read_bytes()
            for p in ([path] if path.is_file() else path.rglob("*"))
            if p.is_file()
        }
        for path in paths
    ]
    assert list(contents[0].values()) == list(contents[1].values())


@pytest.mark.parametrize("container", archive.CONTAINERS)
def test_a_good_archive_has_no_problems(tmp_path, container):
    report = archive.check(small_archive(tmp_path, container))

    assert report.ok and not report.warnings
    assert report.session_id == SESSION
    assert report.counts["images"] == report.counts["files"] == 2


def test_an_image_that_was_not_given_leaves_nothing_behind(tmp_path):
    tables = small_tables()
    with pytest.raises(ArchiveError, match=r"i1\.mrc"):
        archive.write_session(tmp_path / "any", tables, list(small_images(tables))[:1])

    assert not list(tmp_path.iterdir())


def test_a_failing_source_of_images_leaves_the_old_archive(tmp_path):
    path = small_archive(tmp_path)
    tables = small_tables()

    def broken():
        yield next(small_images(tables))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        archive.write_session(path, tables, broken())

    assert archive.check(path).ok
    assert [entry.name for entry in tmp_path.iterdir()] == ["small"]


def test_tables_that_break_the_format_are_not_written(tmp_path):
    tables = small_tables()
    tables["targets"].loc[1, "row_px"] = 99.0
    with pytest.raises(ArchiveError, match=r"targets row 1.*outside its image of 24 x 20"):
        archive.write_session(tmp_path / "any", tables, small_images(tables))

    assert not list(tmp_path.iterdir())
