"""The report on a definition: why it is refused, or where it works otherwise than written. Nothing goes unsaid."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ailtire_operator import printable
from ailtire_operator.model.problems import FieldError, InvalidStack

Classification = Literal["closed", "approximate", "ignored", "rejected", "resolved", "gated", "required"]


@dataclass(frozen=True, slots=True, order=True)
class Notice:
    """One deviation, as text that a person can act on."""

    path: str
    """Where the value stands: ``spec.services.web.volumes.docker``."""
    classification: Classification
    """closed (an import leaves it out, as a protection of it cannot be kept), approximate (works otherwise than
    written), ignored (no effect), rejected, resolved (settled at import), gated (needs the cluster's or the operator's
    permission), required (a person has to do it before the stack runs)."""
    message: str
    """What happens instead, and why."""
    remedy: str = ""
    """What to do about it; empty where nothing need be done."""
    subject: str = ""
    """Where several notices say the same of several things: which one this is about."""

    def __post_init__(self) -> None:
        """It may quote anything that an author has written, and is printed, logged and kept in a status."""
        for name in ("path", "message", "remedy", "subject"):
            object.__setattr__(self, name, printable.line(getattr(self, name)))

    def __str__(self) -> str:
        remedy = f" {self.remedy}" if self.remedy else ""
        subject = f": {self.subject}" if self.subject else ""
        return f"{self.path}: {self.classification}: {self.message}{subject}{remedy}"


class Report:
    """All that there is to tell of a definition: why it is refused, and what works otherwise. In order, each once."""

    def __init__(self) -> None:
        self._problems: dict[FieldError, None] = {}
        self._notices: dict[Notice, None] = {}

    @property
    def problems(self) -> tuple[FieldError, ...]:
        """Why the definition is refused; empty where it is taken."""
        return tuple(self._problems)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Where it works otherwise than it says."""
        return tuple(self._notices)

    def refuse(self, problems: Iterable[FieldError]) -> None:
        """Note why the definition cannot be had. Whoever finds it goes on, so that its author learns of all at once."""
        self._problems.update(dict.fromkeys(problems))

    def add(self, path: str, classification: Classification, message: str, remedy: str = "") -> None:
        """Note a deviation."""
        self._notices[Notice(path, classification, message, remedy)] = None

    def extend(self, notices: Iterable[Notice]) -> None:
        """Note what was found elsewhere."""
        self._notices.update(dict.fromkeys(notices))

    def check(self) -> None:
        """Raises InvalidStack with all problems, if there are any."""
        if self._problems:
            raise InvalidStack(list(self._problems))
