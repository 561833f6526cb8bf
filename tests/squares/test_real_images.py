import sys
from pathlib import Path

import numpy as np
import pytest

from ptolemy_kedro.archive.images import read_image
from ptolemy_kedro.squares.segmentation import find_squares

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import segmentation as benchmark
from degradations import thirty_cases


def test_the_real_tile_gives_its_squares(real_data):
    tile = benchmark.read_tile(real_data)

    whole, cut, others = benchmark.match(find_squares(tile.image).centres, tile)

    assert whole == 37
    assert cut >= 10
    assert others <= 2


@pytest.mark.slow
def test_thirty_degradations_of_it_give_them_too(real_data):
    tile = benchmark.read_tile(real_data)
    results = {
        name: [benchmark.passes(c, benchmark.match(find(c.image), c)) for c in thirty_cases(tile, 7)]
        for name, find in benchmark.FINDERS.items()
    }

    assert all(results["ours"])
    assert sum(results["global"]) <= 15


def test_a_whole_atlas_gives_squares_on_its_lattice_and_none_beside(real_data):
    (path,) = (real_data / "atlas").glob("*.png")

    squares = find_squares(read_image(path, path.name).pixels)

    gaps = np.linalg.norm(squares.centres[:, None] - squares.centres[None], axis=2)
    np.fill_diagonal(gaps, np.inf)
    pitch = np.median(gaps.min(axis=1))
    assert 8 <= squares.edge_px <= 15
    assert gaps.min() > 0.7 * pitch, "no square is found twice"
    assert len(squares) > 400
