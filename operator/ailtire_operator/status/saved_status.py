"""A status as it stands in a resource, read in one place: another release may have written it, or somebody by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

READY: Final = "Ready"


@dataclass(frozen=True, slots=True)
class SavedCondition:
    """A condition as it stands there; empty where it does not."""

    status: str = ""
    """True, False or Unknown."""
    reason: str = ""
    message: str = ""
    since: str = ""
    """When its status last changed, as it is written."""
    generation: int | None = None
    """That of the definition of which it speaks, where it says so."""

    @property
    def is_true(self) -> bool:
        """Whether it is there and holds."""
        return self.status == "True"


_NOTHING: Final = SavedCondition()


@dataclass(frozen=True, slots=True)
class SavedStatus:
    """What a status says."""

    conditions: Mapping[str, SavedCondition]
    """By type."""
    generation: int
    """That of the definition of which it speaks; 0 where it speaks of none."""

    @classmethod
    def of(cls, status: Mapping[str, Any] | None) -> Self:
        """Read a status; None is that of a stack that has none yet."""
        status = status or {}
        conditions = {str(each.get("type")): _said(each) for each in status.get("conditions") or ()}
        return cls(conditions, int(status.get("observedGeneration") or 0))

    def condition(self, kind: str) -> SavedCondition:
        """A condition by its type."""
        return self.conditions.get(kind, _NOTHING)

    def speaks_of(self, generation: int) -> bool:
        """Whether it was made for the definition of this generation, and for no other.

        A later one is none of this resource: a restored backup brings the status of an object that is no more.
        """
        ready = self.conditions.get(READY)
        return self.generation == generation and ready is not None and ready.generation in (None, generation)


def _said(condition: Mapping[str, Any]) -> SavedCondition:
    return SavedCondition(
        status=str(condition.get("status") or ""),
        reason=str(condition.get("reason") or ""),
        message=str(condition.get("message") or ""),
        since=str(condition.get("lastTransitionTime") or ""),
        generation=condition.get("observedGeneration"),
    )
