"""The holes of one image as a navigator."""

from typing import TYPE_CHECKING

from ptolemy_kedro.archive.loose import LooseImage
from ptolemy_kedro.errors import ImageError
from ptolemy_kedro.exports.navigator import ChartedImage, Stop, navigator

if TYPE_CHECKING:
    from ptolemy_kedro.holes.found import FoundHoles


def holes_as_navigator(name: str, image: LooseImage, found: "FoundHoles", scores, model: str) -> str:
    """Write a navigator of an image and its holes, best first.

    Args:
        name: Of the navigator's file.
        image: The image, its place on the stage known.
        found: Its holes, best first.
        scores: Of each, shape (n,).
        model: What scored them.

    Raises:
        ImageError: The image's place on the stage is not known.
    """
    stage_map = image.need_stage().stage_map
    if stage_map is None:
        raise ImageError(f"{image.name}: its place on the stage is unknown.")
    label, file = image.path.stem, str(image.path.resolve())
    charted = ChartedImage(label, file, image.shape, stage_map, image.bottom_first, image.stage_z_um or 0.0)
    places = stage_map.to_stage(found.centres)
    stops = [
        Stop(f"{label}-{i + 1}", (float(x), float(y)), label, f"P {score:.3f}, {model}", group=1)
        for i, ((x, y), score) in enumerate(zip(places, scores, strict=True))
    ]
    return navigator(name, [charted], stops)
