"""A plain folder of new images, as a session: kinds and places told by metadata, else by the user."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptolemy_kedro.archive.images import read_image
from ptolemy_kedro.archive.loose import SUFFIXES, LooseImage, look_at
from ptolemy_kedro.archive.serialem.kinds import image_kind
from ptolemy_kedro.errors import ArchiveError, ImageError, VendorFileError
from ptolemy_kedro.geometry import stage_columns
from ptolemy_kedro.survey.newcomer import FINDS_SQUARES, Newcomer, folder_id
from ptolemy_kedro.survey.options import SurveyOptions

if TYPE_CHECKING:
    import pandas as pd

GRID = "grid"


def read_folder(folder: Path, options: SurveyOptions) -> Newcomer:
    """Look at every image below a folder; pixels are read later.

    Raises:
        ArchiveError: There is no image, or an image's kind cannot be told.
        ImageError: A file is no image, and reading is strict.
        VendorFileError: An .mdoc file is broken, and reading is strict.
    """
    _refuse_vendors(folder)
    paths = sorted(_image_files(folder))
    if not paths:
        raise ArchiveError(f"{folder} holds no image (MRC, TIFF, PNG, JPEG) and no session archive.")
    session_id = folder_id(folder)
    warnings: list[str] = []
    images = list(_looked_at(folder, paths, options, warnings))
    kinds = {image.name: _kind(image, options) for image in images}
    images = [_scaled(image, kinds[image.name], options) for image in images]
    warnings += _unplaced(images, options)
    by_file = {image.name: image for image in images}
    return Newcomer(
        session_id,
        "real",
        _grids(session_id),
        _table(session_id, images, kinds),
        lambda: nullcontext(lambda file: read_image(by_file[file].path, file, options.permissive).pixels),
        lambda file: str(by_file[file].path.resolve()),
        lambda file: by_file[file].bottom_first,
        tuple(warnings),
    )


def _refuse_vendors(folder: Path) -> None:
    for pattern, vendor in (("EpuSession.dm", "epu"), ("*.nav", "serialem")):
        if any(folder.rglob(pattern)):
            raise ArchiveError(
                f"{folder} is a session of {vendor}. Run `ptolemy import {vendor} {folder} --to FOLDER` "
                "first: its calibration then counts."
            )


def _image_files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in SUFFIXES and path.is_file() and not hidden:
            yield path


def _looked_at(
    folder: Path, paths: list[Path], options: SurveyOptions, warnings: list[str]
) -> Iterator[LooseImage]:
    for path in paths:
        name = path.relative_to(folder).as_posix()
        try:
            yield replace(look_at(path, name), rotation_deg=options.rotation_deg)
        except (ImageError, VendorFileError) as failure:
            if not options.permissive:
                raise
            warnings.append(f"left out: {failure}")


def _kind(image: LooseImage, options: SurveyOptions) -> str:
    """Tell by name, where the user says how; else by the field of view."""
    folder, _, name = image.name.lower().rpartition("/")
    named = _named(name, options) or _named(folder, options)
    if named:
        return named
    if image.pixel_size_a is None:
        raise ArchiveError(
            f"{image.name}: neither its pixel size nor its kind is known. Say which "
            "images are tiles and which show holes, by name: "
            "--params=session=PATH,target.tiles=gr,target.medium=hl"
        )
    return image_kind(image.shape, image.pixel_size_a)


def _named(name: str, options: SurveyOptions) -> str | None:
    """Give the kind whose word stands last in a name: Leginon's begin with what they lie in."""
    asked = {"atlas": options.atlas, "tile": options.tiles, "medium": options.medium}
    words = [(kind, word.lower()) for kind, text in asked.items() for word in text.split()]
    for start in reversed(range(len(name))):
        for kind, word in words:
            if fnmatch(name[start:], f"{word}*"):
                return kind
    return None


def _scaled(image: LooseImage, kind: str, options: SurveyOptions) -> LooseImage:
    said = options.tile_pixel_size_a if kind in FINDS_SQUARES else options.medium_pixel_size_a
    return replace(image, pixel_size_a=image.pixel_size_a or said)


def _unplaced(images: list[LooseImage], options: SurveyOptions) -> Iterator[str]:
    """Say what is not known of the images' places."""
    unknown = sum(image.stage_map is None for image in images)
    if unknown:
        yield (
            f"{unknown} of {len(images)} images have no known stage position (no .mdoc file, or no pixel "
            "size): what is found in them is ranked, and not placed."
        )
    if unknown < len(images) and not options.rotation_deg:
        yield (
            "Stage positions are known of images' middles only, so images are taken as not rotated against "
            "the stage; target.rotation_deg says it otherwise."
        )


def _grids(session_id: str) -> "pd.DataFrame":
    import pandas as pd

    from ptolemy_kedro import tables

    row = {"session_id": session_id, "grid_id": GRID, "foil_material": "unknown"}
    return tables.validate(tables.Grids, pd.DataFrame([row]), "grids")


def _table(session_id: str, images: list[LooseImage], kinds: dict[str, str]) -> "pd.DataFrame":
    import pandas as pd

    from ptolemy_kedro import tables

    rows = [_row(session_id, image, kinds[image.name]) for image in images]
    return tables.validate(tables.Images, pd.DataFrame(rows), f"{session_id} images")


def _row(session_id: str, image: LooseImage, kind: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "session_id": session_id,
        "image_id": image.name.replace("/", "-").replace("\\", "-"),
        "grid_id": GRID,
        "kind": kind,
        "file": image.name,
        "rows_px": image.shape[0],
        "cols_px": image.shape[1],
        "pixel_size_a": image.pixel_size_a,
        "stage_z_um": image.stage_z_um,
        "viewed": False,
    }
    if image.stage_um:
        row |= {"stage_x_um": image.stage_um[0], "stage_y_um": image.stage_um[1]}
    return row | stage_columns(image.stage_map)
