"""Rolls the statuses of child stacks up into their parent's: counts of the subtree, and one blocker.

A parent reads only the status of its own children, so a change reaches the root by one status write per level.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ailtire_operator.model.status import Counts, StackStatusSummary
from ailtire_operator.printable import plural
from ailtire_operator.status.blockers import below, first_cause, from_status, sentence
from ailtire_operator.status.conditions import DELETING, PROGRESSING, READY, STALLED, STOPPED, SUSPENDED, UNDER_WAY
from ailtire_operator.status.health import Health
from ailtire_operator.status.observed import Child, LiveObject, Problem
from ailtire_operator.status.saved_status import SavedStatus
from ailtire_operator.status.text import fraction


@dataclass(frozen=True, slots=True)
class Branch:
    """One child stack and everything under it."""

    key: str
    name: str
    ready: bool
    services: tuple[int, int]
    """Ready and wanted, in the subtree."""
    stacks: tuple[int, int]
    """Ready and wanted, the child included."""
    problem: Problem | None = None
    """Why it is not ready: the child's own blocker, which is the deepest one."""
    stalled: Problem | None = None
    """Why it, or a stack below it, does not get ready before somebody acts."""
    counted: bool = True
    """Whether the parent has to wait for it."""
    suspended: bool = False
    stopped: int = 0
    """Services of the subtree that are stopped or scaled to zero."""
    suspended_below: int = 0
    """Stacks of the subtree that are suspended, without the child itself."""
    is_stopped: bool = False
    """Whether it is stopped as a whole, and nothing of it runs any more."""
    stopped_below: int = 0
    """The same of the stacks of the subtree, without the child itself."""

    def summary(self, *, brief: bool = False) -> StackStatusSummary:
        """The child as its parent's status shows it; ``brief`` omits the message."""
        rests = SUSPENDED if self.suspended else STOPPED if self.is_stopped else ""
        problem = self.problem or (Problem(rests) if rests else None)
        return StackStatusSummary(
            name=self.name,
            ready=self.ready,
            services=fraction(*self.services),
            reason=problem.reason if problem else None,
            message=(sentence(problem) or None) if problem and not brief else None,
        )


def branch(child: Child) -> Branch:
    """The state of a child stack and its subtree, from its status."""
    status: Mapping[str, Any] = (child.resource.summary.get("status") or {}) if child.resource else {}
    said = SavedStatus.of(status)
    outside = _outside(child, said)
    problem = outside or _own(status, said)
    ready = problem is None
    counts = status.get("counts") or {}
    stacks_ready = int(counts.get("stacksReady", 0)) + int(ready) - int(said.condition(READY).is_true)
    return Branch(
        key=child.key,
        name=child.name,
        ready=ready,
        services=(int(counts.get("servicesReady", 0)), int(counts.get("servicesWanted", 0))),
        stacks=(max(0, stacks_ready), max(1, int(counts.get("stacksWanted", 0)))),
        problem=problem,
        stalled=None if outside else _stalled(problem, said),
        counted=not (child.missing and child.optional),
        suspended=said.condition(SUSPENDED).is_true,
        stopped=int(counts.get("servicesStopped", 0)),
        suspended_below=int(counts.get("stacksSuspended", 0)),
        is_stopped=ready and said.condition(STOPPED).is_true and not said.condition(SUSPENDED).is_true,
        stopped_below=int(counts.get("stacksStopped", 0)),
    )


def _outside(child: Child, said: SavedStatus) -> Problem | None:
    """Why a child is not ready whatever its status says, which may not be about the definition that it is to have."""
    if child.missing is not None:
        return Problem("TemplateMissing", f"stack {child.key}: there is no template '{child.missing}' in the namespace")
    if child.error is not None and not (child.error.transient and child.resource):
        return child.error
    if child.waits is not None:
        return child.waits
    if child.resource is None:
        return Problem(PROGRESSING, f"stack {child.key} does not exist yet", transient=True)
    if child.resource.deleting:
        why = f": {child.error.message}" if child.error is not None and child.error.reason == DELETING else ""
        return Problem(DELETING, f"stack {child.key} is being deleted{why}", transient=True)
    if not said.speaks_of(child.resource.generation):
        return Problem(PROGRESSING, "stack has a new definition that is not applied yet", transient=True)
    return None


def _own(status: Mapping[str, Any], said: SavedStatus) -> Problem | None:
    """Why a child is not ready by its own status."""
    ready = said.condition(READY)
    if ready.is_true:
        return None
    transient = STALLED not in said.conditions and (ready.reason or PROGRESSING) in UNDER_WAY
    return from_status(status, ready, transient=transient)


def _stalled(problem: Problem | None, said: SavedStatus) -> Problem | None:
    """Why a child is Stalled. Its blocker may be another problem, of which it is not."""
    stalled = said.condition(STALLED)
    if problem is None or not stalled.is_true:
        return None
    return problem if problem.reason == stalled.reason else Problem(stalled.reason, stalled.message)


def is_observed(resource: LiveObject) -> bool:
    """Whether the status of a child is of its current generation."""
    return SavedStatus.of(resource.summary.get("status")).speaks_of(resource.generation)


def counts(services: Iterable[Health], branches: Iterable[Branch], ready: bool) -> Counts:
    """Services and stacks of the whole subtree; the stack itself is counted in the numbers, and not in the text."""
    own = list(services)
    waited_for = [each for each in branches if each.counted]
    services_ready = sum(each.ok for each in own) + sum(each.services[0] for each in waited_for)
    services_wanted = len(own) + sum(each.services[1] for each in waited_for)
    stacks_ready = int(ready) + sum(each.stacks[0] for each in waited_for)
    stacks_wanted = 1 + sum(each.stacks[1] for each in waited_for)
    return Counts(
        services_ready=services_ready,
        services_wanted=services_wanted,
        stacks_ready=stacks_ready,
        stacks_wanted=stacks_wanted,
        services_stopped=sum(each.stopped for each in own) + sum(each.stopped for each in waited_for),
        stacks_suspended=sum(each.suspended + each.suspended_below for each in waited_for),
        stacks_stopped=sum(each.is_stopped + each.stopped_below for each in waited_for),
        services=fraction(services_ready, services_wanted),
        stacks=fraction(stacks_ready - int(ready), stacks_wanted - 1),
    )


def tally(total: Counts) -> str:
    """``3 services and 1 stack ready, 1 service stopped, 1 stack suspended``; the stacks are those below."""
    ready = plural(total.services_ready - total.services_stopped, "service")
    if total.stacks_wanted > 1:
        others = total.stacks_suspended + total.stacks_stopped
        ready += f" and {plural(total.stacks_ready - 1 - others, 'stack')}"
    stopped = f", {plural(total.services_stopped, 'service')} stopped" if total.services_stopped else ""
    suspended = f", {plural(total.stacks_suspended, 'stack')} suspended" if total.stacks_suspended else ""
    whole = f", {plural(total.stacks_stopped, 'stack')} stopped" if total.stacks_stopped else ""
    return f"{ready} ready{stopped}{suspended}{whole}"


def blocker(services: Sequence[Health], branches: Sequence[Branch]) -> Problem | None:
    """The likely cause among the problems of the stack's members and children; None if there are none."""
    found = [each.blocker for each in services]
    found += [below(each.key, each.problem) for each in branches if each.problem and each.counted]
    return first_cause(filter(None, found))


def stalled_below(branches: Sequence[Branch]) -> Problem | None:
    """The likely cause among the stacks below that do not get ready before somebody acts; None if there are none."""
    return first_cause(below(each.key, each.stalled) for each in branches if each.stalled and each.counted)
