"""What kind of image a field of view makes, where the file does not say it.

SerialEM's files say magnifications, whose meaning differs from microscope to microscope; the field of view
does not. The bounds lie between what is usual: grids are 2,000 um wide, squares 30 to 100 um, medium fields 5
to 15 um, holes 1 to 3 um, exposures .3 to 1 um.
"""

FROM_UM = (("atlas", 1500.0), ("tile", 110.0), ("square", 25.0), ("medium", 3.5), ("hole", 1.2))
"""Kinds, and the shorter edge from which on an image is one [um]."""

MONTAGE_FROM_UM = 250.0
"""A montage from this edge on is an atlas, as far as it goes."""


def image_kind(shape: tuple[int, int], pixel_size_a: float, is_montage: bool = False) -> str:
    """Tell the kind of an image by the shorter edge of its field.

    Args:
        shape: (rows, cols) [px].
        pixel_size_a: Edge of a pixel [A].
        is_montage: Was it put together of several?
    """
    edge_um = min(shape) * pixel_size_a * 1e-4
    if is_montage and edge_um >= MONTAGE_FROM_UM:
        return "atlas"
    return next((kind for kind, bound_um in FROM_UM if edge_um >= bound_um), "exposure")


def target_kind(kind: str, diameter_um: float | None) -> str:
    """Tell what a site in an image is: squares are chosen in atlases and tiles, holes in closer images.

    Args:
        kind: The image's.
        diameter_um: Of an outline drawn around the site; None for a point.
    """
    outlines_square = diameter_um is not None and diameter_um >= 10.0
    return "square" if kind in ("atlas", "tile") or outlines_square else "hole"
