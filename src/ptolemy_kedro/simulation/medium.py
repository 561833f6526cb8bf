"""Medium-magnification images of one square: for training and judging, without a session around them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.geometry import Points, StageMap
from ptolemy_kedro.simulation.camera import lit, take
from ptolemy_kedro.simulation.example import Setting, draw_setting
from ptolemy_kedro.simulation.film import render_light
from ptolemy_kedro.simulation.hole_operators import HoleOperator, HolePicks, choose_holes, draw_hole_operator
from ptolemy_kedro.simulation.montage import stitched_points
from ptolemy_kedro.simulation.operators import draw_operator
from ptolemy_kedro.simulation.seeds import generator
from ptolemy_kedro.simulation.sites import Sites, in_beam, sites_in_view


@dataclass(frozen=True)
class MediumExample:
    """An image, what an operator did with it, and what was so in truth.

    Points are (row, col) [px].

    Attributes:
        image: Counts as stored; shape (rows, cols); int16, uint16, float32 or uint8.
        pixel_size_a: Edge of a pixel [A].
        clicks: Holes the operator selected, as recorded: beside the centre; shape (m, 2).
        rejected: Holes put aside by hand, as recorded; shape (k, 2).
        holes: True centres in view and open to view; shape (n, 2).
        radius_px: True radius of each; shape (n,).
        doubtful: True centres in view that nobody could be sure of: buried in ice, half under the bar, at the
            rim of a tear. They count neither for nor against a method; shape (d, 2).
        click_size_px: Diameter of a target as recorded [px].
        layout: square, hexagonal, lacey or continuous.
        basis: Steps of the lattice as rows (row, col) [px]; shape (2, 2). None without a lattice.
        viewed: Whether anyone targeted in it.
    """

    image: NDArray[np.generic]
    pixel_size_a: float
    clicks: Points
    rejected: Points
    holes: Points
    radius_px: NDArray[np.float64]
    doubtful: Points
    click_size_px: float
    layout: str
    basis: NDArray[np.float64] | None
    viewed: bool


@dataclass(frozen=True)
class Scene:
    """A field of a square before its picture is taken, and what an operator would do with it.

    Attributes:
        seed: What it was drawn from.
        setting: Specimen, microscope, and where the pixels lie.
        sites: The holes in view, where they appear (a montage's pieces may be off).
        operator: Who chooses.
        picks: What was chosen, from the field as a whole.
    """

    seed: int
    setting: Setting
    sites: Sites
    operator: HoleOperator
    picks: HolePicks


def simulate_example(
    seed: int,
    *,
    held_out: bool = False,
    shape: tuple[int, int] | None = None,
    pixel_size_a: float | None = None,
    radius_px: float | None = None,
) -> MediumExample:
    """Simulate one image with its clicks; everything follows from the arguments.

    Args:
        seed: See ``seeds`` for which are for what.
        held_out: Whether optics and operators are those that no training uses.
        shape: Image (rows, cols) [px]; drawn if absent.
        pixel_size_a: Edge of a pixel [A]; drawn if absent.
        radius_px: Radius of a hole [px] that sets the pixel size, if that is absent; drawn if absent.
    """
    scene = draw_scene(seed, held_out=held_out, shape=shape, pixel_size_a=pixel_size_a, radius_px=radius_px)
    setting, sites, picks = scene.setting, scene.sites, scene.picks
    foil = setting.grid.foil
    return MediumExample(
        image=_photograph(seed, setting, setting.field, setting.shape),
        pixel_size_a=setting.pixel_um * 1e4,
        clicks=picks.clicks,
        rejected=picks.rejections,
        holes=sites.centre_px[sites.open],
        radius_px=sites.radius_px[sites.open],
        doubtful=sites.centre_px[sites.doubtful],
        click_size_px=scene.operator.size_factor * foil.hole_um / setting.pixel_um,
        layout=foil.layout,
        basis=_basis_px(setting.field, foil.to_lattice, foil.layout),
        viewed=picks.viewed,
    )


def draw_scene(
    seed: int,
    *,
    held_out: bool = False,
    shape: tuple[int, int] | None = None,
    pixel_size_a: float | None = None,
    radius_px: float | None = None,
) -> Scene:
    """Draw what ``simulate_example`` takes a picture of; the same arguments."""
    setting = draw_setting(seed, held_out, shape, pixel_size_a, radius_px)
    optics = setting.shot.optics
    sites = sites_in_view(setting.grid, setting.field, setting.shape, optics.contrast, optics.dose)
    at = stitched_points(sites.centre_px, setting.shape, setting.shot.stitching)
    sites = in_beam(replace(sites, centre_px=at), lit(at, setting.shape, setting.shot))
    rng = generator(seed, "hole clicks")
    operator = draw_hole_operator(rng, draw_operator(rng, "held_out" if held_out else "training"))
    return Scene(seed, setting, sites, operator, choose_holes(rng, operator, sites, setting.shape))


def render_window(
    scene: Scene, centre_um: NDArray[np.float64], shape: tuple[int, int], pixel_size_a: float
) -> NDArray[np.generic]:
    """Take a picture of a part of a scene at any pixel size, with the same electrons an area.

    So one hole can be seen binned (96.8 A, say) and in super-resolution (12.1 A).

    Args:
        scene: The scene; its optics are kept, its montage and 8-bit storage are not.
        centre_um: Stage (x, y) of the window's centre [um], e.g. of ``scene.sites.stage``; shape (2,).
        shape: Window (rows, cols) [px].
        pixel_size_a: Edge of its pixels [A].

    Returns:
        Counts as stored; shape ``shape``.
    """
    setting = scene.setting
    finer = setting.pixel_um * 1e4 / pixel_size_a
    matrix = setting.field.matrix / finer
    field = StageMap(matrix, np.asarray(centre_um, dtype=float) - matrix @ ((np.array(shape) - 1) / 2))
    dose = setting.shot.optics.dose / finer**2
    optics = replace(setting.shot.optics, dose=dose, ramp=(0.0, 0.0), vignette=0.0)
    width_px = float(np.clip(setting.shot.fringe_px * finer, 0.7, 8.0))
    shot = replace(
        setting.shot,
        optics=optics,
        fringe_px=width_px,
        stitching=None,
        edge=None,
        render=None,
        grain_px=0.0,
        hot=0.0,
    )
    return _photograph(scene.seed, replace(setting, shot=shot), field, shape)


def _photograph(seed: int, setting: Setting, field: StageMap, shape: tuple[int, int]) -> NDArray[np.generic]:
    rng = generator(seed, "medium noise")
    light = render_light(rng, setting.grid, field, shape, setting.shot.optics.contrast)
    return take(rng, light, setting.shot)


def _basis_px(field: StageMap, to_lattice: NDArray[np.float64], layout: str) -> NDArray[np.float64] | None:
    """Short steps of the lattice as rows (row, col) [px]; shape (2, 2)."""
    if layout not in ("square", "hexagonal"):
        return None
    steps = np.eye(2) if layout == "square" else np.array([[1.0, 0.5], [0.0, 0.5]])
    return np.asarray((np.linalg.inv(field.matrix) @ np.linalg.inv(to_lattice) @ steps).T)
