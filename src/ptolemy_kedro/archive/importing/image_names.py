"""Names of images as different programs write them, reduced to what they share."""

import re

_ENDINGS = re.compile(
    r"\.(mrcs?|mrc\.mrc|tiff?|eer|dm[34]|st|jpe?g|png|xml|mdoc|star|ctf|hdf5?|em)\Z", re.IGNORECASE
)
_CRYOSPARC_UID = re.compile(r"\A\d{15,}_")
_PROCESSED = re.compile(
    r"([_-](patch|rigid|full|local|frame)?_?(aligned|doseweighted|dw|nodw|fractions|frames|motioncor\d?|"
    r"sum|ctf|eer|mic|bin\d)|-[a-z]{1,2}\d?)\Z"
)


def plain_name(name: str) -> str:
    """Take off folders (of any system), endings of files, and capitals."""
    plain = re.split(r"[\\/]+", name.strip().strip("'\""))[-1]
    while _ENDINGS.search(plain):
        plain = _ENDINGS.sub("", plain)
    return plain.casefold()


def reduced_name(plain: str) -> str:
    """Take off what processing added to a plain name: running numbers before it, marks behind it."""
    reduced = _CRYOSPARC_UID.sub("", plain)
    while _PROCESSED.search(reduced):
        reduced = _PROCESSED.sub("", reduced)
    return reduced or plain
