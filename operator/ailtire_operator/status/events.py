"""The Events that follow from a new status: one for each transition of a condition.

An Event for each attempt would bury the cause when somebody searches for it. So would one for each stack of a tree that
is created or updated as it should be: the root has such Events, and a stack below one that ends a trouble.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from ailtire_operator.model.status import Condition, StackStatus
from ailtire_operator.printable import plural
from ailtire_operator.status import conditions as c
from ailtire_operator.status.saved_status import SavedStatus
from ailtire_operator.status.text import listed

_CALM: Final = (c.PROGRESSING, c.WAITING, c.STOPPING, c.VERIFYING)
"""Reasons for which a stack that was Ready is not, as long as all goes as it should."""
_NAMED: Final = 3
"""The most fields that one Event names: its message is short."""


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """One Event to write about a stack."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


def status_events(old: Mapping[str, Any], new: StackStatus) -> Iterator[StatusEvent]:
    """The transitions between two statuses. Not ready during a roll-out is a Normal Event, a failure is a Warning."""
    said = SavedStatus.of(old)
    before = {kind: each.status for kind, each in said.conditions.items()}
    after = {condition.type: condition for condition in new.conditions}
    ready = after.get(c.READY)
    became_ready = ready is not None and ready.status == "True" and before.get(c.READY) != "True"
    if ready is not None and became_ready and (not new.parent or _was_broken(said)):
        yield StatusEvent("Normal", ready.reason, ready.message)
    if ready is not None and ready.status == "False" and before.get(c.READY) == "True":
        broken = c.RECONCILING not in after or ready.reason not in _CALM
        if ready.reason not in (*c.HELD, c.DELETING) and (broken or not new.parent):
            yield StatusEvent("Warning" if broken else "Normal", ready.reason, ready.message)
    yield from _held(old, new)
    for kind in (c.STALLED, c.CONFLICTING):
        if (
            kind in after
            and after[kind].reason not in c.HELD
            and before.get(kind) != "True"
            and not _repeats_ready(after[kind], ready, before)
        ):
            yield StatusEvent("Warning", after[kind].reason, after[kind].message)
    if c.WAITING_FOR_DELETION in after and before.get(c.WAITING_FOR_DELETION) != "True":
        yield StatusEvent("Normal", c.WAITING_FOR_DELETION, after[c.WAITING_FOR_DELETION].message)
    yield from _references(before, after)
    if c.STOPPED in after and before.get(c.STOPPED) != "True" and before.get(c.READY) == "True":
        yield StatusEvent("Normal", c.STOPPED, after[c.STOPPED].message)
    if c.STOPPED not in after and before.get(c.STOPPED) == "True":
        yield StatusEvent("Normal", "Started", "what was stopped is started")
    if c.SUSPENDED in after and before.get(c.SUSPENDED) != "True":
        yield StatusEvent("Normal", "Suspended", after[c.SUSPENDED].message)
    if c.SUSPENDED not in after and before.get(c.SUSPENDED) == "True":
        yield StatusEvent("Normal", "Resumed", "changes are applied again")


def put_back(changes: Sequence[tuple[str, str]], omitted: int) -> str:
    """The message about drift that was corrected: objects and fields. ``omitted`` counts the Events dropped by the
    rate limit."""
    fields = listed([f"{name} {change}" for name, change in changes], _NAMED)
    before = f"; {plural(omitted, 'such event')} before this one left out" if omitted else ""
    return f"put back: {fields}{before}"


def _held(old: Mapping[str, Any], new: StackStatus) -> Iterator[StatusEvent]:
    """The updates that have been rolled back or paused, service by service."""
    before = old.get("services") or {}
    for key, service in new.services.items():
        if service.reason in c.HELD and (before.get(key) or {}).get("reason") != service.reason:
            yield StatusEvent("Warning", service.reason, f"{key}: {service.message or 'the update failed'}")


def _was_broken(said: SavedStatus) -> bool:
    """Whether the stack was not Ready for a reason that somebody may have acted on."""
    ready = said.condition(c.READY)
    return said.condition(c.STALLED).is_true or (ready.status == "False" and ready.reason not in _CALM)


def _repeats_ready(condition: Condition, ready: Condition | None, before: Mapping[str, str]) -> bool:
    """Whether the Event about the transition of Ready has the same message."""
    became_unready = ready is not None and ready.status == "False" and before.get(c.READY) == "True"
    return became_unready and ready is not None and ready.message == condition.message


def _references(before: Mapping[str, str], after: Mapping[str, Condition]) -> Iterator[StatusEvent]:
    condition = after.get(c.REFERENCES)
    if condition is None:
        return
    if condition.status == "False" and before.get(c.REFERENCES) != "False":
        yield StatusEvent("Warning", condition.reason, condition.message)
    if condition.status == "True" and before.get(c.REFERENCES) == "False":
        yield StatusEvent("Normal", condition.reason, "all referenced templates exist")
