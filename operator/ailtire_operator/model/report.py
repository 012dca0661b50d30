"""The translation report: what a key becomes where that is not exactly what it says. Nothing is dropped silently."""

from dataclasses import dataclass
from typing import Literal

from ailtire_operator import printable

Classification = Literal["closed", "approximate", "ignored", "rejected", "resolved", "gated"]


@dataclass(frozen=True, slots=True, order=True)
class Notice:
    """One deviation, as text that a person can act on."""

    path: str
    """Where the value stands: ``spec.services.web.volumes.docker``."""
    classification: Classification
    """closed (an import leaves it out, as a protection of it cannot be kept), approximate (works otherwise than
    written), ignored (no effect), rejected, resolved (settled at import), gated (needs the cluster's or the operator's
    permission)."""
    message: str
    """What happens instead, and why."""
    remedy: str = ""
    """What to do about it; empty where nothing need be done."""

    def __post_init__(self) -> None:
        """It may quote anything that an author has written, and is printed, logged and kept in a status."""
        for name in ("path", "message", "remedy"):
            object.__setattr__(self, name, printable.line(getattr(self, name)))

    def __str__(self) -> str:
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{self.path}: {self.classification}: {self.message}{remedy}"
