import csv
import json

import numpy as np
import pytest
from tests.models import model_folder

from ptolemy_kedro import champions, registry
from ptolemy_kedro.home import find_home


def test_squares_writes_table_csv_json_and_figure_each_with_the_model(ptolemy, tile, tmp_path):
    places = {name: tmp_path / f"out.{name}" for name in ("png", "csv", "json")}
    code, out, _ = ptolemy(
        "squares", tile, "--figure", places["png"], "--csv", places["csv"], "--json", places["json"]
    )

    model = "square-ranker version 3 (logreg, trained on simulated sessions)"
    rows = list(csv.DictReader(places["csv"].open()))
    assert code == 0
    assert model in out
    assert [row["model"] for row in rows] == [model] * 9
    assert json.loads(places["json"].read_text())["model"] == model
    assert places["png"].read_bytes().startswith(b"\x89PNG")
    assert [int(row["rank"]) for row in rows] == list(range(1, 10))


def test_what_is_no_image_ends_in_one_line_that_names_it(ptolemy, unusable):
    code, _, err = ptolemy("squares", unusable)

    assert code == 1
    assert err.count("\n") == 1
    assert "input.mrc" in err


def test_a_few_pixels_that_are_not_finite_are_replaced_and_said_so_once(ptolemy, pixels, tmp_path):
    from PIL import Image

    flawed = pixels.astype(np.float32)
    flawed[3, 5:7] = np.nan, np.inf
    Image.fromarray(flawed).save(tmp_path / "tile.tif")

    code, out, err = ptolemy("squares", tmp_path / "tile.tif", "--figure", tmp_path / "out.png")

    assert code == 0 and "9 squares" in out and (tmp_path / "out.png").is_file()
    assert err.count("\n") == 1 and "tile.tif" in err and "2 pixels that are not finite were replaced" in err


def test_a_colour_image_is_ranked_by_its_luminance_and_said_so_once(ptolemy, pixels, tmp_path):
    from PIL import Image

    grey = np.clip(pixels, 0, 255).astype(np.uint8)
    Image.fromarray(np.stack([grey, grey, grey // 2], axis=-1)).save(tmp_path / "tinted.png")

    code, out, err = ptolemy("squares", tmp_path / "tinted.png", "--figure", tmp_path / "out.png")

    assert code == 0 and "9 squares" in out
    assert err.count("\n") == 1 and "tinted.png" in err and "luminance" in err


def test_simulated_sessions_hold_images_of_holes_where_asked_for(ptolemy, tmp_path):
    from ptolemy_kedro.archive import open_session

    code, _, _ = ptolemy(
        "simulate", "--to", tmp_path, "--sessions", 1, "--tiles", 1, "--medium-images", 1, "--seed", 10_001
    )

    with open_session(next(tmp_path.iterdir())) as session:
        images = session.tables["images"]
    assert code == 0
    assert len(images[(images["kind"] == "medium") & images["file"].notna()]) == 1


def test_help_names_the_units(ptolemy):
    _, out, _ = ptolemy("holes", "--help")

    assert "pixel [A]" in out and "x y (um)" in out


@pytest.mark.parametrize("size", ["0", "-3", "nan", "inf"])
def test_a_pixel_size_is_positive(ptolemy, tile, size):
    code, _, err = ptolemy("squares", tile, "--pixel-size", size)

    assert code == 1
    assert "--pixel-size" in err


@pytest.mark.parametrize("option", ["--figure", "--csv", "--json"])
def test_an_answer_that_cannot_be_written_ends_in_one_line(ptolemy, tile, tmp_path, option):
    (tmp_path / "file").touch()
    code, _, err = ptolemy("squares", tile, option, tmp_path / "file" / "out.png")

    assert code == 1
    assert err.count("\n") == 1


def test_a_figure_of_an_unknown_kind_is_refused(ptolemy, tile, tmp_path):
    code, _, err = ptolemy("squares", tile, "--figure", tmp_path / "out.docx")

    assert code == 1
    assert ".png" in err


def test_models_are_listed_and_promoted(ptolemy, tmp_path, monkeypatch):
    monkeypatch.setenv("PTOLEMY_HOME", str(tmp_path / "home"))
    for seed in (1, 2):
        registry.register(find_home(), "square-ranker", model_folder(tmp_path / str(seed), seed))

    code, out, _ = ptolemy("models", "promote", "square-ranker", "1")
    assert code == 0
    assert champions.read(find_home(), "square-ranker").version == 1

    code, out, _ = ptolemy("models", "list")
    assert code == 0
    assert "champion" in out
    assert "challenger" in out
    assert "simulated" in out

    code, _, err = ptolemy("models", "promote", "square-ranker", "9")
    assert (code, err.count("\n")) == (1, 1)
    code, _, err = ptolemy("models", "promote", "hole-ranker", "1")
    assert (code, err.count("\n")) == (1, 1)


def test_it_says_that_the_registry_has_moved_on(ptolemy, tile, tmp_path, monkeypatch):
    monkeypatch.setenv("PTOLEMY_HOME", str(tmp_path / "home"))
    home = find_home()
    for seed in (1, 2):
        registry.register(home, "square-ranker", model_folder(tmp_path / str(seed), seed))
    registry.promote(home, "square-ranker", 2)
    champions.export(home, "square-ranker", 1, tmp_path / "1")

    _, out, err = ptolemy("squares", tile)

    assert "version 1" in out
    assert "the registry's champion is 2" in err


def test_without_a_registry_listing_ends_in_one_line(ptolemy):
    code, _, err = ptolemy("models", "list")

    assert code == 1
    assert "ptolemy models init" in err
    assert err.count("\n") == 1


def test_simulated_sessions_are_sound_archives(ptolemy, tmp_path):
    options = {"--sessions": 1, "--seed": 20007, "--tiles": 1, "--to": tmp_path / "raw"}
    code, _, err = ptolemy("simulate", *(part for option in options.items() for part in option))
    assert code == 0, err

    code, out, err = ptolemy("check", tmp_path / "raw" / "sim20007")
    assert code == 0, out + err


def test_check_names_what_is_wrong(ptolemy, tmp_path):
    (tmp_path / "session.json").write_text('{"format": "ptolemy-session", "version": 99}')

    code, out, err = ptolemy("check", tmp_path)

    assert code == 1
    assert "99" in out + err
    assert "Traceback" not in err
