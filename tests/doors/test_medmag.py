import json
import shutil
import subprocess
import sys

import mrcfile
import numpy as np
import pytest
from tests.survey import scene

from ptolemy_kedro import targeting
from ptolemy_kedro.doors.medmag import main


@pytest.fixture(autouse=True)
def without_networks(monkeypatch):
    monkeypatch.setattr(targeting, "rank_holes", scene.hole_finder)


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """Holes of 12 px radius, 50 px apart, the brightest at the right."""
    path = tmp_path_factory.mktemp("medium") / "m1.mrc"
    with mrcfile.new(path) as file:
        file.set_data(scene.pixels("m1"))
        file.voxel_size = 400.0
    return path


def test_it_prints_one_line_of_json_best_first_with_the_published_keys_and_a_radius(image, capsys):
    assert main([str(image)]) == 0
    answer = capsys.readouterr()

    assert answer.out.count("\n") == 1
    holes = json.loads(answer.out)
    assert len(holes) > 20
    assert [set(hole) for hole in holes] == [{"vertices", "center", "area", "score", "radius"}] * len(holes)
    scores = [hole["score"] for hole in holes]
    assert scores == sorted(scores, reverse=True) and all(0 <= score <= 1 for score in scores)
    assert answer.err == ""


def test_centres_are_whole_x_y_amid_four_vertices_a_diameter_apart(image, capsys):
    main([str(image)])

    for hole in json.loads(capsys.readouterr().out):
        x, y = hole["center"]
        assert isinstance(x, int) and isinstance(y, int)
        vertices = np.array(hole["vertices"])
        assert vertices.shape == (4, 2)
        np.testing.assert_allclose(vertices.mean(axis=0), (x, y), atol=0.51)
        edges = np.linalg.norm(np.roll(vertices, -1, axis=0) - vertices, axis=1)
        np.testing.assert_allclose(edges, 2 * hole["radius"], atol=0.03)
        assert hole["area"] == pytest.approx((2 * hole["radius"]) ** 2, rel=0.01)


def test_x_is_the_column(tmp_path, capsys):
    pixels = np.full((200, 400), 100, np.float32)
    pixels[90:110, 290:310] = 200
    with mrcfile.new(tmp_path / "one.mrc") as file:
        file.set_data(pixels)

    main([str(tmp_path / "one.mrc")])

    assert json.loads(capsys.readouterr().out)[0]["center"] == pytest.approx([300, 100], abs=1)


def test_text_is_a_tab_separated_table_in_the_same_order(image, capsys):
    main([str(image)])
    centres = [hole["center"] for hole in json.loads(capsys.readouterr().out)]
    main(["-f", "txt", str(image)])
    lines = capsys.readouterr().out.splitlines()

    assert lines[0] == "x_coord\ty_coord"
    assert [[int(v) for v in line.split("\t")] for line in lines[1:]] == centres


def test_a_file_can_take_the_answer_and_verbose_names_the_models_on_stderr(image, tmp_path, capsys):
    assert main(["-v", "-o", str(tmp_path / "answer.json"), str(image)]) == 0
    answer = capsys.readouterr()

    assert answer.out == ""
    assert "finder 1" in answer.err and "judge 2" in answer.err
    assert json.loads((tmp_path / "answer.json").read_text().splitlines()[0])


def test_a_few_pixels_that_are_not_finite_are_replaced_and_said_so_on_stderr_alone(tmp_path, capsys):
    flawed = scene.pixels("m1").astype(np.float32)
    flawed[3, 5] = np.nan
    with mrcfile.new(tmp_path / "m1.mrc") as file:
        file.set_data(flawed)

    assert main([str(tmp_path / "m1.mrc")]) == 0
    answer = capsys.readouterr()
    assert len(json.loads(answer.out)) > 20
    assert answer.err.count("\n") == 1 and "1 pixels that are not finite" in answer.err


def test_an_image_without_holes_is_an_empty_list(tmp_path, capsys):
    with mrcfile.new(tmp_path / "flat.mrc") as file:
        file.set_data(np.full((128, 128), 7, np.int16))

    assert main([str(tmp_path / "flat.mrc")]) == 0
    assert capsys.readouterr().out == "[]\n"


def test_what_is_no_image_ends_in_one_line_that_names_it(unusable, capsys):
    assert main([str(unusable)]) == 1
    answer = capsys.readouterr()

    assert answer.out == "" and answer.err.count("\n") == 1
    assert "input.mrc" in answer.err


def test_an_answer_that_cannot_be_written_ends_in_one_line(image, tmp_path, capsys):
    assert main(["-o", str(tmp_path), str(image)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("name", ["hole-localiser", "hole-classifier"])
def test_without_a_champion_it_says_what_to_run(image, home, tmp_path, monkeypatch, capsys, name):
    shutil.copytree(home.champions, tmp_path / "champions")
    shutil.rmtree(tmp_path / "champions" / name)
    monkeypatch.setenv("PTOLEMY_HOME", str(tmp_path))

    assert main([str(image)]) == 1
    err = capsys.readouterr().err
    assert name in err and "ptolemy models init" in err


def test_a_champion_of_another_kind_is_refused_in_one_line(image, home, tmp_path, monkeypatch, capsys):
    shutil.copytree(home.champions, tmp_path / "champions")
    shutil.rmtree(tmp_path / "champions" / "hole-localiser")
    shutil.copytree(home.champions / "square-ranker", tmp_path / "champions" / "hole-localiser")
    monkeypatch.setenv("PTOLEMY_HOME", str(tmp_path))

    assert main([str(image)]) == 1
    assert "hole localiser" in capsys.readouterr().err


def test_all_it_needs_is_imported_without_torch_mlflow_and_pandas():
    heavy = {"torch", "mlflow", "pandas", "sklearn", "matplotlib", "pandera", "typer", "skimage", "kedro"}
    program = (
        "import sys; from ptolemy_kedro.doors.medmag import main; import ptolemy_kedro.holes.finding, "
        "ptolemy_kedro.holes.context, ptolemy_kedro.holes.crops, ptolemy_kedro.holes.classifier, "
        f"ptolemy_kedro.targeting; print({heavy} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.stderr == "set()\n"
