"""What is known of a session while it is read."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ptolemy_kedro.archive.leginon.places import Places
from ptolemy_kedro.archive.leginon.stored import Stored
from ptolemy_kedro.archive.leginon.targets import Aim, Targets

Rows = list[dict[str, object]]


@dataclass(frozen=True)
class SessionKey:
    """A session in the database: its row, its name there, its id here, its image path, its comment."""

    row_id: int
    name: str
    session_id: str
    image_path: str
    comment: str


@dataclass
class Reading:
    """What is known of a session while it is read.

    Attributes:
        key: Which session.
        targets: Those that count.
        places: Stage maps.
        images: Those that are kept, by row, in the order in which they were taken.
        ids: Their ids.
        target_ids: Ids of the targets, by row, once they are listed.
        gone: What was left out: reason, and the things.
    """

    key: SessionKey
    targets: Targets
    places: Places
    images: dict[int, Stored] = field(default_factory=dict)
    ids: dict[int, str] = field(default_factory=dict)
    target_ids: dict[int, str] = field(default_factory=dict)
    gone: dict[str, list[str]] = field(default_factory=dict)

    def leave_out(self, what: str, why: str) -> None:
        """Note something that is not taken."""
        self.gone.setdefault(why, []).append(what)

    def site_px(self, aim: Aim) -> NDArray[np.float64] | None:
        """Where a target lies in its image (row, col) [px as stored]; None where it does not."""
        image = self.images.get(aim.image)
        point = None if image is None else image.point(aim.off_centre_px)
        return point if image is not None and point is not None and image.holds(point) else None

    def site_um(self, aim: Aim | None) -> NDArray[np.float64] | None:
        """Where a target lies on the stage (x, y) [um]; None where its image has no map."""
        if aim is None or aim.image not in self.places.maps or aim.image not in self.images:
            return None
        shape = self.images[aim.image].taken.shape
        if shape is None:
            return None
        point = np.array([aim.off_centre_px]) + np.array([shape]) / 2
        return np.asarray(self.places.maps[aim.image].to_stage(point)[0])
