import sys

import numpy as np
import pytest
from tests.models import model_folder, stand_in

from ptolemy_kedro import champions
from ptolemy_kedro.doors.ptolemy import main
from ptolemy_kedro.home import Home


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """A home with a champion and no registry, as a microscope's computer may have it."""
    folder = tmp_path_factory.mktemp("home")
    home = Home(folder, f"sqlite:///{folder / 'registry' / 'mlflow.db'}")
    champions.export(home, "square-ranker", 3, model_folder(folder / "model"))
    for name, kind in (("hole-localiser", "hole-unet"), ("hole-classifier", "hole-context")):
        champions.export(home, name, 2, stand_in(folder / name, name, kind))
    return home


@pytest.fixture(autouse=True)
def at_home(home, monkeypatch, tmp_path):
    monkeypatch.setenv("PTOLEMY_HOME", str(home.path))
    monkeypatch.delenv("PTOLEMY_STORE", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def ptolemy(monkeypatch, capsys):
    """Run the command; gives exit status, stdout and stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["ptolemy", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "160")
        with pytest.raises(SystemExit) as ended:
            main()
            sys.exit(0)
        answer = capsys.readouterr()
        return ended.value.code or 0, answer.out, answer.err

    return run


@pytest.fixture(scope="session")
def pixels():
    """A tile of 3 x 3 bright squares of 60 px, 100 px apart, the middle one at (150, 150)."""
    rng = np.random.default_rng(0)
    image = rng.poisson(20, (300, 300)).astype(np.int16)
    for row in (50, 150, 250):
        for col in (50, 150, 250):
            image[row - 30 : row + 30, col - 30 : col + 30] += 200
    return image


@pytest.fixture(scope="session")
def tile(pixels, tmp_path_factory):
    import mrcfile

    path = tmp_path_factory.mktemp("images") / "tile.mrc"
    with mrcfile.new(path) as file:
        file.set_data(pixels)
    return path


@pytest.fixture(params=["missing", "folder", "empty", "truncated", "text", "stack", "nan"])
def unusable(request, tile, tmp_path):
    """A file that is no image to rank, and what the one line should name."""
    import mrcfile

    path = tmp_path / "input.mrc"
    if request.param == "folder":
        path.mkdir()
    elif request.param == "empty":
        path.touch()
    elif request.param == "truncated":
        path.write_bytes(tile.read_bytes()[:5000])
    elif request.param == "text":
        path.write_text("no image\n" * 1000)
    elif request.param in ("stack", "nan"):
        shape, value = ((4, 64, 64), 1) if request.param == "stack" else ((64, 64), np.nan)
        with mrcfile.new(path) as file:
            file.set_data(np.full(shape, value, np.float32))
    return path
