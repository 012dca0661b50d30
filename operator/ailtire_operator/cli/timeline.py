"""What has happened to a stack and to all below it, in one list: definitions, rollouts, pods, Events. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cli.event_rows import EventRow, EventType
from ailtire_operator.cli.paths import SEPARATOR
from ailtire_operator.cli.pod_causes import PodEvent, PodNote
from ailtire_operator.cli.restarts import rfc3339
from ailtire_operator.cli.revisions import Entry, in_words
from ailtire_operator.cli.rollout_history import Rollout
from ailtire_operator.plan.definition_changes import DefinitionChange
from ailtire_operator.printable import plural
from ailtire_operator.reconcile.rollouts import change_text, origin

_RESTARTED: Final = f"annotations[{naming.ANNOTATION_RESTARTED_AT}]"
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


class Kind(StrEnum):
    """What an entry is."""

    DEFINITION = "definition"
    ROLLOUT = "rollout"
    ROLLBACK = "rollback"
    """An update has failed, and what ran before runs again."""
    RESTART = "restart"
    FAILURE = "failure"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry."""

    kind: Kind
    time: datetime | None
    path: str
    """Of the stack or service."""
    title: str
    detail: str
    by: str = ""
    """Who has caused or said it; empty where nobody tells."""
    revision: int | None = None

    def to_json(self, stacks: Mapping[str, str]) -> dict[str, Any]:
        """As data; ``stacks`` are the addresses (NAMESPACE/NAME) of the stacks that there are, by path."""
        above, _, key = self.path.rpartition(SEPARATOR)
        stack, service = (above, key) if self.path not in stacks and above in stacks else (self.path, "")
        return {
            "time": None if self.time is None else rfc3339(self.time),
            "kind": str(self.kind),
            "id": stacks.get(stack),
            "stack": stack,
            "service": service,
            "revision": self.revision,
            "by": self.by,
            "title": self.title,
            "detail": self.detail,
        }


def newest_first(moments: Iterable[Moment]) -> list[Moment]:
    """In the order of time, of revisions of one second by their number; what has no time comes last."""
    return sorted(moments, key=lambda each: (each.time or _NEVER, each.revision or 0), reverse=True)


def of_definitions(entries: Sequence[Entry], root: str, keys: Sequence[str]) -> Iterator[Moment]:
    """The revisions of a tree, of a stack below the root those that have changed it; ``keys`` lead to it."""
    for entry in entries:
        mine = None if entry.changes is None else [each for each in entry.changes if concerns(each, keys)]
        if mine == [] and keys:
            continue
        of = entry.revision
        changes = "the oldest definition that is kept" if mine is None else in_words(mine)
        yield Moment(
            kind=Kind.DEFINITION,
            time=_time(of.time),
            path=SEPARATOR.join((root, *keys)),
            title=f"revision {of.number}{' (current)' if entry.current else ''} is Ready",
            detail=": ".join(filter(None, (" ".join(of.cause.split()), changes))),
            by=of.manager,
            revision=of.number,
        )


def concerns(change: DefinitionChange, keys: Sequence[str]) -> bool:
    """Whether a change is of a member, of something below it, or of a field of a stack above that it may inherit."""
    shared = min(len(keys), len(change.path))
    return tuple(keys[:shared]) == change.path[:shared] and (len(change.path) >= len(keys) or bool(change.steps))


def of_rollout(rollout: Rollout) -> Moment:
    """A workload has got another pod template."""
    kind, name = rollout.workload
    lines = [change_text(each) for each in rollout.changes]
    if rollout.omitted:
        lines.append(f"and {plural(rollout.omitted, 'more field')}")
    entry = rollout.entry
    return Moment(
        kind=_kind_of(rollout),
        time=rollout.time,
        path=rollout.path,
        title=f"rollout of {kind} {name}",
        detail="\n".join([*([origin(entry, rollout.root)] if entry is not None else []), *lines]),
        by="" if entry is None else entry.manager,
    )


def _kind_of(rollout: Rollout) -> Kind:
    if rollout.entry is not None and rollout.entry.cause == "RolledBack":
        return Kind.ROLLBACK
    asked = [each.path for each in rollout.changes]
    return Kind.RESTART if asked == [_RESTARTED] and not rollout.omitted else Kind.ROLLOUT


_OF_PODS: Final = {
    PodEvent.MADE: Kind.EVENT,
    PodEvent.ENDED: Kind.EVENT,
    PodEvent.FAILED: Kind.FAILURE,
    PodEvent.STARTED_AGAIN: Kind.RESTART,
}


def of_pod(note: PodNote) -> Moment:
    """Something has happened to a pod."""
    return Moment(_OF_PODS[note.event], note.time, note.path, f"pod {note.pod}: {note.what}", note.why)


def of_event(path: str, row: EventRow) -> Moment:
    """Kubernetes or the operator tells of something."""
    times = f" ({plural(row.count, 'time')})" if row.count > 1 else ""
    kind = Kind.FAILURE if row.type == EventType.WARNING else Kind.EVENT
    return Moment(kind, row.last, path, f"{row.reason}: {row.kind} {row.name}{times}", row.message, row.source)


def _time(written: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
