"""The update of a whole tree, as it is noted on the revision before it, and what of it is not ready. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import STACK, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.nesting import loads
from ailtire_operator.model.values import seconds
from ailtire_operator.plan.definition_changes import DefinitionChange
from ailtire_operator.reconcile.definitions import Definitions
from ailtire_operator.reconcile.mode import spec_of
from ailtire_operator.reconcile.revisions import follows
from ailtire_operator.status.conditions import (
    PROGRESSING,
    STOPPING,
    UNDER_WAY,
    VERIFICATION_FAILED,
    VERIFYING,
    WAITING,
)
from ailtire_operator.status.observed import Problem
from ailtire_operator.status.saved_status import SavedStatus

_OF_THE_ROOT: Final = frozenset(
    {"revisionHistoryLimit", "updatePolicy", "suspend", "additionalKinds", "reconcileAs", "serviceAccounts"}
)
"""Fields whose change replaces nothing that runs."""
_OF_THE_GATEWAY: Final = frozenset({"edge", "interface", "gateway"})
_GATEWAY: Final = "gateway"
_DEADLINE: Final = 600.0
"""Seconds, where the root does not say."""

Touched = frozenset[tuple[tuple[str, ...], str]]
"""What a change concerns: paths of members, each with ``gateway`` where only the gateway of a stack is meant."""


@dataclass(frozen=True, slots=True)
class TreeUpdatePolicy:
    """``spec.updatePolicy`` of a root."""

    action: str
    """``rollback`` or ``pause``."""
    deadline: float
    """Seconds."""


def policy_of(root: Record) -> TreeUpdatePolicy | None:
    """What a root wants done when an update fails; None for nothing."""
    found: Any = spec_of(root).get("updatePolicy")
    if not isinstance(found, Mapping) or found.get("failureAction") not in ("rollback", "pause"):
        return None
    try:
        return TreeUpdatePolicy(str(found["failureAction"]), seconds(str(found.get("progressDeadline") or "")))
    except ValueError:
        return TreeUpdatePolicy(str(found["failureAction"]), _DEADLINE)


@dataclass(frozen=True, slots=True)
class TreeUpdate:
    """The update after a revision."""

    definition: str
    """The digest of its definition."""
    since: str
    """When it was first seen, by the API server's clock, in ISO 8601."""
    generation: int
    """Of the root, then."""
    reached: bool = False
    """Everything that the change concerns has been ready: it cannot fail any more."""
    reason: str = ""
    """Why it has failed; empty while it has not."""
    message: str = ""

    def text(self) -> str:
        """The annotation."""
        return json.dumps(asdict(self), sort_keys=True)


def tree_update_of(revision: Record) -> TreeUpdate | None:
    """What is noted on a revision; None if nothing is, or nothing of ours."""
    try:
        fields = loads(revision.summary.get("update") or "null")
        found = TreeUpdate(**fields) if isinstance(fields, dict) else None
    except (TypeError, ValueError):
        return None
    if found is None or not isinstance(found.generation, int) or not isinstance(found.reached, bool):
        return None
    texts = (found.definition, found.since, found.reason, found.message)
    return found if all(isinstance(each, str) for each in texts) else None


def touched_by(changes: Sequence[DefinitionChange]) -> Touched:
    """What the changes concern, of what is there after them."""
    found = set()
    for each in changes:
        field = each.steps[0] if each.steps else ""
        removed = not each.steps and each.after is None
        if not removed and (each.path or field not in _OF_THE_ROOT):
            found.add((each.path, _GATEWAY if field in _OF_THE_GATEWAY and _is_stack_field(each) else ""))
    return frozenset(found)


def _is_stack_field(change: DefinitionChange) -> bool:
    """``interface`` of a service is its routes; that of the root its ports. Below both could be meant: all counts."""
    return not change.path or change.steps[:1] != ("interface",)


@dataclass(frozen=True, slots=True)
class Unready:
    """Something that is not ready yet."""

    path: tuple[str, ...]
    problem: Problem

    @property
    def waits(self) -> bool:
        """Whether it only waits for others, or for pods that end, so that it is not the cause."""
        return self.problem.reason in (WAITING, STOPPING)

    @property
    def is_final(self) -> bool:
        """Whether no more time helps: a check runs once for each definition."""
        return self.problem.reason == VERIFICATION_FAILED

    def __str__(self) -> str:
        said = ": ".join(filter(None, (self.problem.reason, self.problem.message)))
        return f"{'/'.join(self.path)}: {said}" if self.path else said


def likely_cause(unready: Iterable[Unready]) -> Unready | None:
    """What to name as the reason that an update was late: what has failed, before what has only not ended yet.

    Among these the first by its path. None where everything only waits for others.
    """
    causes = (each for each in unready if not each.waits)
    return min(causes, key=lambda each: each.problem.reason in UNDER_WAY, default=None)


class Readiness:
    """Whether members of a tree are ready with the definition that they are to have."""

    def __init__(self, root: Record, status: Mapping[str, Any], store: Store, definitions: Definitions) -> None:
        """``status``: that of the root, as it has just been made."""
        self._root = root
        self._status = status
        self._store = store
        self._definitions = definitions

    def unready(self, touched: Touched) -> Iterator[Unready]:
        """What of all this is not ready."""
        for path, part in sorted(touched):
            yield from self._follow(path, part)

    def _follow(self, path: tuple[str, ...], part: str) -> Iterator[Unready]:
        stack, status = self._root, self._status
        for depth, key in enumerate(path, 1):
            yield from _whole(path[: depth - 1], status)
            if depth == len(path) and key in (status.get("services") or {}):
                yield from _service(path, status["services"][key])
                return
            child = self._child(stack, key)
            problem = self._problem(stack, status, key, child)
            if problem is not None:
                yield Unready(path[:depth], problem)
            if problem is not None or child is None:
                return
            stack, status = child, child.summary.get("status") or {}
        yield from _whole(path, status)
        yield from _gateway(path, status)
        if part != _GATEWAY:
            yield from self._all(path, stack, status)

    def _all(self, path: tuple[str, ...], stack: Record, status: Mapping[str, Any]) -> Iterator[Unready]:
        """Everything in a stack and below it."""
        for key, service in (status.get("services") or {}).items():
            yield from _service((*path, key), service)
        for key in status.get("stacks") or {}:
            child = self._child(stack, key)
            problem = self._problem(stack, status, key, child)
            if problem is not None:
                yield Unready((*path, key), problem)
            elif child is not None:
                below = child.summary.get("status") or {}
                yield from _whole((*path, key), below)
                yield from self._all((*path, key), child, below)

    def _child(self, stack: Record, key: str) -> Record | None:
        found = self._store.get(Ref(STACK.kind, stack.ref.namespace, naming.member(stack.ref.name, key)))
        return found if found is not None and found.owner_uid == stack.uid else None

    def _problem(self, stack: Record, status: Mapping[str, Any], key: str, child: Record | None) -> Problem | None:
        """Why a child's status says nothing yet of the definition that it is to have."""
        reported = (status.get("stacks") or {}).get(key) or {}
        if child is None:
            return Problem(reported["reason"], reported.get("message", "")) if reported.get("reason") else None
        if reported.get("reason") == WAITING:
            return Problem(WAITING, reported.get("message", ""))
        current = SavedStatus.of(child.summary.get("status")).speaks_of(child.generation)
        if current and follows(stack, child, self._definitions):
            return None
        return Problem(PROGRESSING, "has not applied its definition")


def _service(path: tuple[str, ...], status: Mapping[str, Any]) -> Iterator[Unready]:
    ready, wanted = int(status.get("ready", 0)), int(status.get("wanted", 0))
    reason, message = str(status.get("reason") or ""), str(status.get("message") or "")
    if reason or ready < wanted:
        yield Unready(path, Problem(reason or PROGRESSING, message or f"{ready}/{wanted} ready"))


def _whole(path: tuple[str, ...], status: Mapping[str, Any]) -> Iterator[Unready]:
    """What a stack as a whole lacks: an object that could not be written yet, or a check that has not passed.

    Also a check that is yet to begin, as all else is just ready.
    """
    blocker, check, counts = (status.get(name) or {} for name in ("blocker", "verify", "counts"))
    reason, own = blocker.get("reason"), not blocker.get("path")
    unwritten = reason == PROGRESSING and not blocker.get("subject")
    if own and (unwritten or reason in (VERIFYING, VERIFICATION_FAILED)):
        yield Unready(path, Problem(str(reason), str(blocker.get("message", ""))))
    elif check.get("phase", "Passed") != "Passed" and not (
        counts.get("servicesStopped") or counts.get("stacksStopped")
    ):
        # What it waits for may be nothing of the change, which then has no time to lose and no fault.
        failed = check["phase"] == "Failed"
        yield Unready(path, Problem(VERIFICATION_FAILED if failed else WAITING, "its check has not passed"))


def _gateway(path: tuple[str, ...], status: Mapping[str, Any]) -> Iterator[Unready]:
    blocker = status.get("blocker") or {}
    if blocker.get("subject") == _GATEWAY and not blocker.get("path"):
        yield Unready(path, Problem(str(blocker.get("reason", "")), str(blocker.get("message", ""))))
