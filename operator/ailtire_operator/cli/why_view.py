"""``why`` as text and as data: a block for each rollout and each pod, the newest first. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from ailtire_operator.cli.pod_causes import PodNote
from ailtire_operator.cli.pod_facts import age_text
from ailtire_operator.cli.rollout_history import Rollout
from ailtire_operator.printable import plural
from ailtire_operator.reconcile.rollouts import change_text, origin

Entry = Rollout | PodNote


def newest_first(entries: Iterable[Entry]) -> list[Entry]:
    """In the order of time; what has no time comes last."""
    never = datetime.min.replace(tzinfo=UTC)
    return sorted(entries, key=lambda each: (each.time or never, each.path), reverse=True)


def text(entries: Sequence[Entry], now: datetime | None) -> list[str]:
    """The lines of all blocks, with an empty one between two."""
    lines: list[str] = []
    for each in entries:
        lines += [*([""] if lines else []), *_block(each, now)]
    return lines


def _block(entry: Entry, now: datetime | None) -> Iterator[str]:
    age = age_text(entry.time, now)
    when = f"{age} ago" if age else "at an unknown time"
    if isinstance(entry, PodNote):
        yield f"{entry.path}  {when}  pod {entry.pod}: {entry.what}"
        yield f"  {entry.why}"
        return
    kind, name = entry.workload
    yield f"{entry.path}  {when}  rollout of {kind} {name}"
    yield f"  {_origin(entry)}"
    for change in entry.changes:
        yield f"  {change_text(change)}"
    if entry.omitted:
        yield f"  and {plural(entry.omitted, 'more field')}"


def _origin(rollout: Rollout) -> str:
    if rollout.entry is None:
        return "who asked for it is not in the status any more; by the templates that Kubernetes keeps:"
    return origin(rollout.entry, rollout.root)


def as_json(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """The same as data."""
    return [_pod(each) if isinstance(each, PodNote) else _rollout(each) for each in entries]


def _pod(note: PodNote) -> dict[str, Any]:
    return {"type": "pod", "path": note.path, "pod": note.pod, "time": _stamp(note), "what": note.what, "why": note.why}


def _rollout(rollout: Rollout) -> dict[str, Any]:
    kind, name = rollout.workload
    found: dict[str, Any] = {"type": "rollout", "path": rollout.path, "kind": kind, "name": name}
    found |= {"time": _stamp(rollout), "recorded": rollout.entry is not None}
    if (entry := rollout.entry) is not None:
        found |= {"cause": entry.cause, "root": rollout.root, "rootGeneration": entry.root_generation}
        found |= {"manager": entry.manager}
    changes = [each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in rollout.changes]
    return {**found, "changes": changes, "omitted": rollout.omitted}


def _stamp(entry: Entry) -> str | None:
    return None if entry.time is None else entry.time.isoformat().replace("+00:00", "Z")
