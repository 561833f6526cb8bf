"""What is wrong with a session: refused when reading strictly, else lived with and told."""

from dataclasses import dataclass, field

from ptolemy_kedro.archive.importing.frame import LeftOut
from ptolemy_kedro.errors import VendorFileError


@dataclass
class Faults:
    """Takes what is wrong while a session is read.

    Attributes:
        permissive: Go on where that is possible.
        left_out: What was not taken.
        warnings: What was odd and lived with.
    """

    permissive: bool
    left_out: list[LeftOut] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def leave_out(self, what: str, why: str) -> None:
        """Leave something out that the session is whole without."""
        self.left_out.append(LeftOut(what, why))

    def warn(self, line: str) -> None:
        """Note something odd."""
        self.warnings.append(line)

    def tolerate(self, what: str, failure: VendorFileError) -> None:
        """Leave something out for an error; raises the error when reading strictly."""
        if not self.permissive:
            raise failure
        self.leave_out(what, str(failure))
