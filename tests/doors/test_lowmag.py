import json
import subprocess
import sys

import numpy as np
import pytest

from ptolemy_kedro.doors.lowmag import main


def test_it_prints_one_line_of_json_best_first_with_the_published_keys(tile, capsys):
    assert main([str(tile)]) == 0
    answer = capsys.readouterr()

    assert answer.out.count("\n") == 1
    squares = json.loads(answer.out)
    assert len(squares) == 9
    assert [set(square) for square in squares] == [{"vertices", "center", "area", "brightness", "score"}] * 9
    scores = [square["score"] for square in squares]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert answer.err == ""


def test_centres_are_whole_x_y_and_lie_within_their_vertices(tile, capsys):
    main([str(tile)])
    squares = json.loads(capsys.readouterr().out)

    centres = {tuple(square["center"]) for square in squares}
    for x, y in centres:
        assert isinstance(x, int)
        assert min(abs(x - at) for at in (50, 150, 250)) <= 1
        assert min(abs(y - at) for at in (50, 150, 250)) <= 1
    assert len(centres) == 9
    for square in squares:
        np.testing.assert_allclose(np.mean(square["vertices"], axis=0), square["center"], atol=1)
        assert square["area"] == pytest.approx(60 * 60, rel=0.1)
        assert square["brightness"] == pytest.approx(220, rel=0.05)


def test_x_is_the_column(tmp_path, capsys):
    import mrcfile

    image = np.random.default_rng(0).poisson(20, (200, 400)).astype(np.int16)
    image[70:130, 270:330] += 200
    with mrcfile.new(tmp_path / "one.mrc") as file:
        file.set_data(image)

    main([str(tmp_path / "one.mrc")])

    assert json.loads(capsys.readouterr().out)[0]["center"] == pytest.approx([300, 100], abs=1)


def test_text_is_a_tab_separated_table_in_the_same_order(tile, capsys):
    main([str(tile)])
    centres = [square["center"] for square in json.loads(capsys.readouterr().out)]
    main(["-f", "txt", str(tile)])
    lines = capsys.readouterr().out.splitlines()

    assert lines[0] == "x_coord\ty_coord"
    assert [[int(v) for v in line.split("\t")] for line in lines[1:]] == centres


def test_a_file_can_take_the_answer_and_verbose_names_the_model_on_stderr(tile, tmp_path, capsys):
    assert main(["-v", "-o", str(tmp_path / "answer.json"), str(tile)]) == 0
    answer = capsys.readouterr()

    assert answer.out == ""
    assert "square-ranker version 3 (logreg, trained on simulated sessions)" in answer.err
    assert len(json.loads((tmp_path / "answer.json").read_text().splitlines()[0])) == 9


def test_an_image_without_squares_is_an_empty_list(tmp_path, capsys):
    import mrcfile

    for value in (0, 1000):
        with mrcfile.new(tmp_path / "flat.mrc", overwrite=True) as file:
            file.set_data(np.full((128, 128), value, np.int16))
        assert main([str(tmp_path / "flat.mrc")]) == 0
        assert capsys.readouterr().out == "[]\n"


def test_what_is_no_image_ends_in_one_line_that_names_it(unusable, capsys):
    assert main([str(unusable)]) == 1
    answer = capsys.readouterr()

    assert answer.out == ""
    assert answer.err.count("\n") == 1
    assert "input.mrc" in answer.err


@pytest.mark.parametrize("place", ["folder", "file.txt/answer.json"])
def test_an_answer_that_cannot_be_written_ends_in_one_line(tile, tmp_path, capsys, place):
    (tmp_path / "file.txt").touch()
    (tmp_path / "folder").mkdir()

    assert main(["-o", str(tmp_path / place), str(tile)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_full_disk_behind_stdout_ends_in_one_line(tile):
    with open("/dev/full", "w") as full:  # noqa: PTH123 -- a device
        done = subprocess.run(
            [sys.executable, "-m", "ptolemy_kedro.doors.lowmag", str(tile)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "cannot be written: No space left" in done.stderr


def test_without_a_champion_it_says_what_to_run(tile, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PTOLEMY_HOME", str(tmp_path))

    assert main([str(tile)]) == 1
    assert "ptolemy models init" in capsys.readouterr().err


def test_as_a_process_it_imports_neither_torch_nor_mlflow_nor_pandas(tile):
    heavy = {"torch", "mlflow", "pandas", "sklearn", "matplotlib", "pandera", "typer", "skimage"}
    program = (
        "import sys; from ptolemy_kedro.doors.lowmag import main; main(sys.argv[1:]); "
        f"print({heavy} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tile)], capture_output=True, text=True, check=False
    )

    assert done.stderr == "set()\n"


def test_the_real_tile_gives_its_squares(real_data, capsys):
    assert main([str(real_data / "lowmag" / "20may08a_16760340.mrc")]) == 0

    assert 47 <= len(json.loads(capsys.readouterr().out)) <= 50
