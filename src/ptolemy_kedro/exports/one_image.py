"""The holes of one image as a navigator."""

from typing import TYPE_CHECKING

from ptolemy_kedro.archive.loose import LooseImage
from ptolemy_kedro.exports.navigator import REGISTERED, UNREGISTERED, ChartedImage, Stop, navigator

if TYPE_CHECKING:
    from ptolemy_kedro.holes.found import FoundHoles


def holes_as_navigator(name: str, image: LooseImage, found: "FoundHoles", scores, model: str) -> str:
    """Write a navigator of an image and its holes, best first.

    Args:
        name: Of the navigator's file.
        image: The image. Where its place on the stage is unknown, places count from its middle, and where its
            scale is, in pixels; the items are marked as not registered to the stage then.
        found: Its holes, best first.
        scores: Of each, shape (n,).
        model: What scored them.
    """
    registration = REGISTERED if image.stage_map is not None else UNREGISTERED
    stage_map = image.map_about_itself if image.stage_map is None else image.stage_map
    label, file = image.path.stem, str(image.path.resolve())
    charted = ChartedImage(label, file, image.shape, stage_map, image.bottom_first, image.stage_z_um or 0.0)
    places = stage_map.to_stage(found.centres)
    stops = [
        Stop(f"{label}-{i + 1}", (float(x), float(y)), label, f"P {score:.3f}, {model}", group=1)
        for i, ((x, y), score) in enumerate(zip(places, scores, strict=True))
    ]
    return navigator(name, [charted], stops, registration)
