"""Parses the status of a resource, tolerantly: another release may have written it, or somebody by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

READY: Final = "Ready"


@dataclass(frozen=True, slots=True)
class SavedCondition:
    """A condition as saved; empty if it is absent."""

    status: str = ""
    """True, False or Unknown."""
    reason: str = ""
    message: str = ""
    since: str = ""
    """lastTransitionTime, as written."""
    generation: int | None = None
    """observedGeneration, if present."""

    @property
    def is_true(self) -> bool:
        """Whether it is present with status True."""
        return self.status == "True"


_NOTHING: Final = SavedCondition()


@dataclass(frozen=True, slots=True)
class SavedStatus:
    """A saved status."""

    conditions: Mapping[str, SavedCondition]
    """By type."""
    generation: int
    """observedGeneration; 0 if absent."""

    @classmethod
    def of(cls, status: Mapping[str, Any] | None) -> Self:
        """Parse a status; None stands for a stack without one."""
        status = status or {}
        conditions = {str(each.get("type")): _said(each) for each in status.get("conditions") or ()}
        return cls(conditions, int(status.get("observedGeneration") or 0))

    def condition(self, kind: str) -> SavedCondition:
        """A condition by its type."""
        return self.conditions.get(kind, _NOTHING)

    def speaks_of(self, generation: int) -> bool:
        """Whether it was made for exactly this generation.

        A later generation comes from a restored backup, and belongs to an object that no longer exists.
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
