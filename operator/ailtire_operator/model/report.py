"""The report on a definition: problems, for which it is refused, and notices about values that work differently."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ailtire_operator import printable
from ailtire_operator.model.field_path import FieldPath
from ailtire_operator.model.problems import FieldError, InvalidStack

Classification = Literal["closed", "approximate", "ignored", "rejected", "resolved", "gated", "required"]


@dataclass(frozen=True, slots=True, order=True)
class Notice:
    """One value that works differently from the definition, with a remedy."""

    where: FieldPath
    """The place of the value."""
    classification: Classification
    """closed (an import omits it, as its protection cannot be kept), approximate (works differently), ignored (no
    effect), rejected, resolved (decided at import), gated (needs the permission of the cluster or the operator),
    required (must be done by hand before the stack runs)."""
    message: str
    """What happens instead, and why."""
    remedy: str = ""
    """What to do about it; empty if nothing is needed."""
    subject: str = ""
    """What the notice is about, if several notices have the same message."""

    def __post_init__(self) -> None:
        """Escape all texts: they may quote the author, and are printed, logged and written to a status."""
        for name in ("message", "remedy", "subject"):
            object.__setattr__(self, name, printable.line(getattr(self, name)))

    @property
    def path(self) -> str:
        """The place as text: ``spec.services.web.volumes.docker``."""
        return str(self.where)

    def __str__(self) -> str:
        remedy = f" {self.remedy}" if self.remedy else ""
        subject = f": {self.subject}" if self.subject else ""
        return f"{self.where}: {self.classification}: {self.message}{subject}{remedy}"


class Report:
    """All problems and notices of a definition, in order, without duplicates."""

    def __init__(self) -> None:
        self._problems: dict[FieldError, None] = {}
        self._notices: dict[Notice, None] = {}

    @property
    def problems(self) -> tuple[FieldError, ...]:
        """The problems; empty if the definition is accepted."""
        return tuple(self._problems)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """The values that work differently from the definition."""
        return tuple(self._notices)

    def refuse(self, problems: Iterable[FieldError]) -> None:
        """Add problems. The caller continues, so that the author gets all of them at once."""
        self._problems.update(dict.fromkeys(problems))

    def add(self, path: FieldPath, classification: Classification, message: str, remedy: str = "") -> None:
        """Add a notice."""
        self._notices[Notice(path, classification, message, remedy)] = None

    def extend(self, notices: Iterable[Notice]) -> None:
        """Add notices from another report."""
        self._notices.update(dict.fromkeys(notices))

    def check(self) -> None:
        """Raise InvalidStack with all problems, if there are any."""
        if self._problems:
            raise InvalidStack(list(self._problems))
