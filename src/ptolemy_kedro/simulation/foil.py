"""The holey foil: materials, products, and how much of a pixel is hole."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ptolemy_kedro.simulation.seeds import generator

Floats = NDArray[np.float32]

RESOLVED_PX = 2.2
"""Below this spacing [px] holes are not drawn but averaged: they would alias (sampling, with margin)."""

PRODUCTS = (
    ("carbon", "square", 1.2, 2.5),
    ("carbon", "square", 2.0, 4.0),
    ("carbon", "square", 2.0, 3.0),
    ("carbon", "square", 1.0, 2.0),
    ("carbon", "square", 3.5, 4.5),
    ("carbon", "hexagonal", 2.0, 4.0),
    ("carbon", "hexagonal", 1.2, 2.5),
    ("carbon", "lacey", 3.0, 5.0),
    ("carbon", "continuous", 0.0, 0.0),
    ("gold", "square", 1.2, 2.5),
    ("gold", "square", 0.6, 1.6),
    ("gold", "square", 2.0, 4.0),
    ("gold", "hexagonal", 0.3, 0.6),
)
"""Material, layout, hole diameter and centre-to-centre spacing [um]: vendors' lists (R 1.2/1.3, R 2/2,
R 2/1, R 1/1, R 3.5/1, hexagonal, lacey, continuous; UltrAuFoil R 1.2/1.3, R 0.6/1, R 2/2, HexAuFoil)."""

PRODUCT_WEIGHTS = (6, 4, 2, 1, 1, 1, 1, 1, 0.5, 3, 2, 1, 0.5)
"""How often each product is drawn: assumed."""


@dataclass(frozen=True)
class Foil:
    """A support film.

    Attributes:
        material: One of ``tables.FOILS``.
        layout: square, hexagonal, lacey or continuous.
        hole_um: Diameter of a hole; of a typical gap in lacey foil [um].
        spacing_um: Centre to centre [um].
        depth: Optical depth of the film, -ln(transmission), at contrast 1.
        to_lattice: Takes stage (x, y) [um] to lattice coordinates; shape (2, 2).
        seed: Of what differs from hole to hole.
    """

    material: str
    layout: str
    hole_um: float
    spacing_um: float
    depth: float
    to_lattice: NDArray[np.float64]
    seed: int

    @property
    def fill(self) -> float:
        """The share of the foil that is hole."""
        if self.layout == "continuous":
            return 0.0
        if self.layout == "lacey":
            return LACEY_FILL
        cell = 2 / np.sqrt(3) if self.layout == "hexagonal" else 1.0
        return float(cell * np.pi * (self.hole_um / self.spacing_um) ** 2 / 4)


LACEY_FILL = 0.65
"""Open share of lacey carbon: assumed from vendors' pictures."""


def draw_foil(rng: np.random.Generator) -> Foil:
    """Draw a vendor's product with its film's thickness, and lay it at any angle, slightly sheared."""
    weights = np.array(PRODUCT_WEIGHTS) / sum(PRODUCT_WEIGHTS)
    return draw_foil_of(rng, *PRODUCTS[rng.choice(len(PRODUCTS), p=weights)])


def draw_foil_of(
    rng: np.random.Generator, material: str, layout: str, hole_um: float, spacing_um: float
) -> Foil:
    """Draw the film of a product: its thickness, angle and shear; arguments as in ``Foil``."""
    # Carbon 10-40 nm at a mean free path near 90 nm, gold 40-60 nm near 45 nm: assumed.
    depth = rng.uniform(0.9, 1.4) if material == "gold" else rng.uniform(0.12, 0.42)
    if layout == "continuous":
        depth *= 0.4
    turn = rng.uniform(0, np.pi)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    shear = np.eye(2) + rng.normal(0, 0.006, (2, 2))
    cell = np.diag([1.0, np.sqrt(3.0) if layout == "hexagonal" else 1.0]) * max(spacing_um, 1.0)
    vectors = rotation @ shear @ cell
    to_lattice = np.asarray(np.linalg.inv(vectors), dtype=np.float64)
    return Foil(material, layout, hole_um, spacing_um, depth, to_lattice, int(rng.integers(2**31)))


def hole_coverage(
    foil: Foil, x_um: Floats, y_um: Floats, pixel_um: float
) -> tuple[Floats | float, Floats | float]:
    """How much of each pixel is hole, and how a hole's ice differs from its neighbours'.

    Args:
        foil: The film.
        x_um: Stage x of each pixel [um]; shape (rows, cols).
        y_um: Stage y of each pixel [um]; shape (rows, cols).
        pixel_um: Edge of a pixel [um].

    Returns:
        Share of the pixel that is hole, 0 to 1, and the factor on the ice of the nearest hole;
        both of shape (rows, cols), or one number where holes are not resolved.
    """
    if foil.layout == "lacey":
        return _lacey(foil, x_um, y_um, pixel_um)
    if foil.layout == "continuous" or foil.spacing_um < RESOLVED_PX * pixel_um:
        return foil.fill, 1.0
    (a, b), (c, d) = foil.to_lattice.astype(np.float32)
    p, q = a * x_um + b * y_um, c * x_um + d * y_um
    i, j = np.rint(p), np.rint(q)
    distance = _distance(foil, p - i, q - j)
    if foil.layout == "hexagonal":
        distance = np.minimum(distance, _distance(foil, np.abs(p - i) - 0.5, np.abs(q - j) - 0.5))
    radius = foil.hole_um / 2
    coverage = np.clip((radius - distance) / pixel_um + 0.5, 0, 1)
    return coverage, hole_factors(foil.seed)[i.astype(np.int32) & 63, j.astype(np.int32) & 63]


def _distance(foil: Foil, p: Floats, q: Floats) -> Floats:
    (a, b), (c, d) = np.linalg.inv(foil.to_lattice).astype(np.float32)
    if foil.layout == "hexagonal":  # near enough to rectangular: the shear is under 2 %
        return np.sqrt((a * a + c * c) * p * p + (b * b + d * d) * q * q)
    return np.hypot(a * p + b * q, c * p + d * q)


@lru_cache(maxsize=4)
def hole_factors(seed: int) -> Floats:
    """Factors on the ice of 64 x 64 holes, repeated: spread and share of dry holes assumed."""
    rng = generator(seed, "holes")
    spread = np.exp(rng.normal(0, 0.3, (64, 64)))
    clumps = ndimage.gaussian_filter(rng.normal(size=(64, 64)), 1.5, mode="wrap")
    dry = clumps > np.quantile(clumps, 0.93)
    return np.where(dry, 0.1, spread).astype(np.float32)


LACE_CELLS = 256
"""Edge of the repeated piece of lacey carbon [cells of an eighth of a gap]."""


def _lacey(foil: Foil, x_um: Floats, y_um: Floats, pixel_um: float) -> tuple[Floats | float, float]:
    if foil.spacing_um < RESOLVED_PX * pixel_um:
        return foil.fill, 1.0
    cell_um = foil.hole_um / 8
    rows = np.floor(y_um / cell_um).astype(np.int32) % LACE_CELLS
    cols = np.floor(x_um / cell_um).astype(np.int32) % LACE_CELLS
    return _lace(foil.seed, round(0.4 * max(pixel_um / cell_um, 0.5), 1))[rows, cols], 1.0


@lru_cache(maxsize=4)
def _lace(seed: int, blur_cells: float) -> Floats:
    """The web at low magnification: its height cut to leave ``LACEY_FILL`` open, and blurred."""
    return ndimage.gaussian_filter((lace_height(seed) > 0).astype(np.float32), blur_cells, mode="wrap")


@lru_cache(maxsize=4)
def lace_height(seed: int) -> Floats:
    """Height of a web over its edge: the zero-lines of smooth noise, thickened to leave ``LACEY_FILL`` open.

    Returns:
        Positive in the gaps; a cell is an eighth of a gap; shape (LACE_CELLS, LACE_CELLS), periodic.
    """
    noise = generator(seed, "lace").normal(size=(LACE_CELLS, LACE_CELLS))
    height = np.abs(ndimage.gaussian_filter(noise, 6, mode="wrap"))
    return (height - np.quantile(height, 1 - LACEY_FILL)).astype(np.float32)
