"""How a new session is read and planned: the parameter blocks ``target`` and ``plan``."""

from pydantic import Field
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config={"extra": "forbid"})
class SurveyOptions:
    """How the images of a new session are read.

    Kind and pixel size of an image in a plain folder are told by its metadata; these say what they do not.

    Attributes:
        atlas: What names of whole-grid images in a plain folder contain, such as ``atlas``; several words
            apart by blanks, each may hold ``*`` and ``?``.
        tiles: What names of tiles contain, the same.
        medium: What names of images of squares and parts of them contain, the same.
        tile_pixel_size_a: Edge of a pixel of atlas and tiles [A], where their files do not say it.
        medium_pixel_size_a: Of the others [A], the same.
        rotation_deg: Of the stage's axes against the images as displayed, where only stage positions are
            known [deg].
        spacing_um: Between holes [um], where it is known; an archive's own counts first.
        diameter_um: Of holes [um], the same.
        permissive: Leave out images that cannot be read, with a warning.
    """

    atlas: str = ""
    tiles: str = ""
    medium: str = ""
    tile_pixel_size_a: float | None = Field(default=None, gt=0)
    medium_pixel_size_a: float | None = Field(default=None, gt=0)
    rotation_deg: float = Field(default=0.0, ge=-360, le=360)
    spacing_um: float | None = Field(default=None, gt=0)
    diameter_um: float | None = Field(default=None, gt=0)
    permissive: bool = False


@dataclass(frozen=True, config={"extra": "forbid"})
class PlanOptions:
    """What is planned to be visited.

    Attributes:
        least_score: Holes with a lower score are not planned.
        most_holes: Holes planned in a square; the best.
        most_squares: Squares planned to take medium images of; the best.
    """

    least_score: float = Field(default=0.5, ge=0, le=1)
    most_holes: int = Field(default=500, ge=1)
    most_squares: int = Field(default=50, ge=0)
