"""May this stack be acted upon at all? Read from the store alone, before its definition is even parsed.

Three things must never happen: that drift control fights the garbage collector over a tree that is being deleted, that
a child whose parent is gone goes on as a root of its own, and that somebody gives himself a place in another's tree.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import STACK
from ailtire_operator.cluster.ownership import asks_to_adopt
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model import templates


class ReconcileMode(Enum):
    """How a stack stands to its tree."""

    RUN = "run"
    """It is acted upon."""
    TEMPLATE = "template"
    """It is checked and never run."""
    SUSPENDED = "suspended"
    """Nothing is written but its status."""
    DELETING = "leaving"
    """It, or a stack above it, is on its way out: nothing is written at all."""
    MISPLACED = "misplaced"
    """It claims a place that no parent gives it: nothing is written but its status."""


@dataclass(frozen=True, slots=True)
class ModeDecision:
    """The verdict."""

    mode: ReconcileMode
    message: str = ""
    """For MISPLACED: why."""
    by: str = ""
    """For SUSPENDED: the ancestor on whose word; empty where it is the stack's own."""


@dataclass(frozen=True, slots=True)
class Orphan:
    """Stands for a parent that is not there."""


def mode_of(record: Record, store: Store) -> ModeDecision:
    """Whether and how the stack is acted upon."""
    ancestors = list(_ancestors(record, store))
    if record.deleting or any(isinstance(each, Orphan) or each.deleting for each in ancestors):
        return ModeDecision(ReconcileMode.DELETING)
    parent = next((each for each in ancestors if isinstance(each, Record)), None)
    misplaced = _misplaced(record, parent)
    if misplaced:
        return ModeDecision(ReconcileMode.MISPLACED, misplaced)
    if templates.is_template(spec_of(record)):
        return ModeDecision(ReconcileMode.TEMPLATE)
    for each in (record, *ancestors):
        if isinstance(each, Record) and spec_of(each).get("suspend") is True:
            return ModeDecision(ReconcileMode.SUSPENDED, by="" if each is record else each.ref.name)
    return ModeDecision(ReconcileMode.RUN)


def parent_of(record: Record, store: Store) -> Record | None:
    """The stack that controls this one, if it is there."""
    return next(ancestors(record, store), None)


def ancestors(record: Record, store: Store) -> Iterator[Record]:
    """The stacks above that are there, the nearest first; each once, also where owners go round in a circle."""
    return (each for each in _ancestors(record, store) if isinstance(each, Record))


def adopts(record: Record, store: Store) -> bool:
    """Whether a stack takes over what of it has lost its owner: the root says so, for its whole tree."""
    *_, root = (record, *ancestors(record, store))
    return asks_to_adopt(root)


def spec_of(record: Record) -> Mapping[str, Any]:
    """The definition as it is written, which may be anything."""
    spec = record.summary.get("spec")
    return spec if isinstance(spec, Mapping) else {}


def root_of(record: Record) -> str:
    """The name of the tree's root, as the stack's own definition has it."""
    place = spec_of(record).get("place")
    return str(place.get("root", "")) if isinstance(place, Mapping) else record.ref.name


def _way_back(record: Record) -> str:
    """What a person does with a child that has lost its owner."""
    command = naming.adoption_command(root_of(record))
    return f"delete it, or have its tree adopt what has no owner any more: {command}"


def _ancestors(record: Record, store: Store) -> Iterator[Record | Orphan]:
    """The stacks above, the nearest first; an Orphan ends the way where one should be and is not."""
    seen = {record.uid}
    while (uid := _controlling_stack(record)) is not None:
        parent = store.by_uid(uid)
        if parent is None or parent.ref.kind != STACK.kind or parent.ref.namespace != record.ref.namespace:
            yield Orphan()
            return
        if parent.uid in seen:
            return
        seen.add(parent.uid)
        yield parent
        record = parent


def _controlling_stack(record: Record) -> str | None:
    """The uid of the AiltireStack that controls this one; other controllers may own a root as they please."""
    for reference in record.summary.get("ownerReferences") or ():
        group = str(reference.get("apiVersion", "")).partition("/")[0]
        if reference.get("controller") and reference.get("kind") == naming.KIND and group == naming.GROUP:
            return str(reference.get("uid"))
    return None


def _misplaced(record: Record, parent: Record | None) -> str:
    """Why the stack's place is not to be believed; empty if it is, or if it is a root that claims none."""
    place = spec_of(record).get("place")
    if parent is None:
        return "" if place is None else f"no stack owns this one, as spec.place says; {_way_back(record)}"
    if not isinstance(place, Mapping):
        return f"spec.place is missing, though the stack '{parent.ref.name}' owns this one"
    key = str(place.get("parentKey", ""))
    services = spec_of(parent).get("services")
    member = services.get(key) if isinstance(services, Mapping) else None
    named = isinstance(member, Mapping) and member.get("type") == "stack"
    if not named or naming.member(parent.ref.name, key) != record.ref.name:
        return f"spec.place says '{key}' of the stack '{parent.ref.name}', which has no such stack"
    return ""
