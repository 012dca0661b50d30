"""Rollouts that a reconcile has caused: what the status remembers of each, and what an Event says.

The list in the status is the one thing that a reconcile takes over from the status before. What was not written into it
yet is kept in the stack's session: a process that ends between the write of a workload and that of the status loses the
entry, and nothing else. Values that look like credentials are never shown.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from ailtire_operator import naming
from ailtire_operator.cluster.apply_result import ApplyResult
from ailtire_operator.cluster.store import Record
from ailtire_operator.cluster.template_changes import ROLLED_KINDS, TemplateChange
from ailtire_operator.compose.credentials import is_credential
from ailtire_operator.model.limits import FIELD_LIMIT, ROLLOUT_LIMIT
from ailtire_operator.model.status import FieldChangeStatus, RolloutStatus
from ailtire_operator.plan.types import Plan
from ailtire_operator.printable import plural
from ailtire_operator.status.field_values import shown_pair
from ailtire_operator.status.text import bounded, listed

_PATH: Final = 160
_MANAGER: Final = 128
_IN_EVENT: Final = 3
"""Fields that an Event names."""
EVENTS: Final = 10
"""Events of one reconcile: a change of a large stack replaces the pods of hundreds of services."""


def rollouts(
    done: Iterable[ApplyResult], plan: Plan, root: Record, now: str, *, went_back: bool = False
) -> list[RolloutStatus]:
    """An entry for each workload whose pods a pass replaces, in the order of names.

    ``went_back``: the whole tree runs a revision in place of what is written, as an update of it has failed.
    """
    written = sorted((each for each in done if is_rollout(each)), key=lambda each: each.ref)
    return [_entry(each, plan, root, now, went_back) for each in written]


def is_rollout(applied: ApplyResult) -> bool:
    """Whether pods are replaced by what was written."""
    return applied.ref.kind in ROLLED_KINDS and bool(applied.rolled or applied.verb == "replace")


def _entry(applied: ApplyResult, plan: Plan, root: Record, now: str, went_back: bool) -> RolloutStatus:
    ref = applied.ref
    service = next((each for each in plan.services.values() if (each.kind, each.name) == (ref.kind, ref.name)), None)
    others = sorted({name for each in applied.put_back if _is_of_template(each.path) for name in each.managers})
    put_back = any(_is_of_template(each.path) for each in applied.put_back)
    cause, manager = "Planned", str(root.summary.get("manager", ""))
    if put_back:
        cause, manager = "PutBack", " and ".join(others)
    elif went_back or (service is not None and service.held == "rollback"):
        cause = "RolledBack"
    elif [each.name for each in applied.rolled or ()] == [naming.ANNOTATION_RELOADED_FOR]:
        cause, manager = "SecretChanged", ""
    return RolloutStatus.model_validate(
        {
            "time": now,
            "kind": ref.kind,
            "name": ref.name,
            "service": service.key if service is not None else "",
            "cause": cause,
            "rootGeneration": root.generation,
            "manager": bounded(manager, _MANAGER),
            "changes": field_changes(applied.rolled),
            "omitted": max(0, len(applied.rolled) - FIELD_LIMIT),
        }
    )


def _is_of_template(path: str) -> bool:
    return path.startswith("spec.template")


def field_changes(changes: Sequence[TemplateChange]) -> list[FieldChangeStatus]:
    """The first of the changes, in few and harmless words."""
    return [_field_change(each) for each in changes[:FIELD_LIMIT]]


def _field_change(change: TemplateChange) -> FieldChangeStatus:
    path = bounded(change.path, _PATH)
    if any(_is_secret(change.name, value) for value in (change.before, change.after)):
        return FieldChangeStatus(path=path, hidden=True)
    before, after = shown_pair(change.before, change.after)
    return FieldChangeStatus(path=path, before=before, after=after)


def _is_secret(name: str, value: Any) -> bool:
    """Whether a value, or anything in it, looks like a credential; of a command line also what follows an option."""
    return any(is_credential(key, text) for key, text in _texts(name, value))


def _texts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        called = value.get("name")
        for key, each in value.items():
            yield from _texts(str(called) if key == "value" and called else str(key), each)
    elif isinstance(value, list):
        before = name
        for each in value:
            yield from _texts(before, each)
            before = each if isinstance(each, str) and "=" not in each else name
    elif isinstance(value, str):
        option, separator, text = value.partition("=")
        yield (name, value)
        if separator:
            yield (option, text)


def remembered(pending: Sequence[RolloutStatus], old: Mapping[str, Any]) -> list[RolloutStatus]:
    """The list for the next status: what is new, and what the status before has; newest first.

    An entry that is no longer valid, of another release or of somebody else's hand, is left out. One that was written
    though the answer was lost is in both; two of one workload in the same second are not the same.
    """
    found = list(pending)
    for entry in _entries(old.get("rollouts")):
        if len(found) >= ROLLOUT_LIMIT:
            break
        if entry not in pending:
            found.append(entry)
    return found[:ROLLOUT_LIMIT]


def _entries(old: Any) -> Iterator[RolloutStatus]:
    for each in old if isinstance(old, list) else ():
        try:
            yield RolloutStatus.model_validate(each)
        except ValidationError:
            continue


def messages(entries: Sequence[RolloutStatus], root: str) -> Iterator[str]:
    """A sentence for each rollout; for a great many, one that counts the rest."""
    named = entries if len(entries) <= EVENTS else entries[: EVENTS - 1]
    for each in named:
        yield f"{each.kind} {each.name}: {_fields(each)} ({origin(each, root)})"
    if len(entries) > len(named):
        names = listed([f"{each.kind} {each.name}" for each in entries[len(named) :]])
        yield f"{plural(len(entries) - len(named), 'more rollout')}: {names}"


def _fields(entry: RolloutStatus) -> str:
    changes = [change_text(each) for each in entry.changes]
    return listed(changes + ["…"] * entry.omitted, _IN_EVENT) if changes else "made anew"


def change_text(change: FieldChangeStatus) -> str:
    """``containers[web].image web:1 -> web:2``."""
    if change.hidden:
        return f"{change.path} (values not shown)"
    return f"{change.path} {change.before or '(none)'} -> {change.after or '(none)'}"


def origin(entry: RolloutStatus, root: str) -> str:
    """Who has asked for a rollout, in words; ``root``: the root's name."""
    if entry.cause == "RolledBack":
        return f"the update had failed (generation {entry.root_generation} of {root}), and what ran before runs again"
    if entry.cause == "PutBack":
        return f"put back: changed by {entry.manager}" if entry.manager else "put back"
    if entry.cause == "SecretChanged":
        return "a Secret that it names has changed"
    by = f", last changed by {entry.manager}" if entry.manager else ""
    return f"generation {entry.root_generation} of {root}{by}"
