"""Is what a service waits for there, and if not: how would a person put it?

*started*: one replica of the current definition runs, or none is wanted; of a stack, that its definition is acted upon.
*healthy*: all replicas of the current definition are ready; of a stack, that it is ready; of a job, that it has ended
well. *completed*: the same, as only a job has an end. What is *current* is judged by whoever calls: while a definition
is not written yet, here or in a stack above, nothing that runs is what is waited for.
"""

from collections.abc import Sequence
from typing import Final

from ailtire_operator.model.dependencies import Condition
from ailtire_operator.status.conditions import UNDER_WAY, WAITING
from ailtire_operator.status.health import Health, settled
from ailtire_operator.status.observed import LiveObject, Problem
from ailtire_operator.status.rollup import Branch
from ailtire_operator.status.text import bounded, fraction, listed

DEPENDENCY_MISSING: Final = "DependencyMissing"
"""A dependency's path leads nowhere."""
DEPENDENCY_CYCLE: Final = "DependencyCycle"
"""A member waits for itself, by way of others: it is left as it is until somebody breaks the circle."""
NOT_CREATED: Final = "not created yet"
NOT_UPDATED: Final = "not updated yet"
_TOLD: Final = 3
"""Dependencies that a sentence names; of the others it says how many there are."""


def unmet_by_service(
    path: str, condition: Condition, health: Health, workload: LiveObject | None, running: int, *, current: bool
) -> str:
    """What of the dependency on a plain service is still missing; empty if nothing is.

    ``running``: its pods that run or have ended well; ``current``: the workload is as planned.
    """
    words = f"{path} {_goal(condition, health.kind)}"
    if workload is None:
        return f"{words} ({NOT_CREATED})"
    if not current:
        return f"{words} ({NOT_UPDATED})"
    if condition == "started":
        return "" if _started(health, workload, running) else words
    if health.ok:
        return ""
    return f"{words} ({fraction(health.ready, health.wanted)}{_why(health.problem)})"


def unmet_by_stack(path: str, condition: Condition, branch: Branch, *, exists: bool, current: bool, acted: bool) -> str:
    """What of the dependency on a child stack is still missing; empty if nothing is.

    ``current``: its definition is the one that its parent has for it; ``acted``: that one is acted upon.
    """
    words = f"{path} to start" if condition == "started" else f"{path} to be ready"
    if not exists:
        return f"{words} ({NOT_CREATED})"
    if not current:
        return f"{words} ({NOT_UPDATED})"
    if condition == "started":
        return "" if acted else words
    if branch.ready:
        return ""
    return f"{words} ({fraction(*branch.services)} services{_why(branch.problem)})"


def _why(problem: Problem | None) -> str:
    """The reason, where it tells of more than work that goes on."""
    return "" if problem is None or problem.reason in UNDER_WAY else f": {problem.reason}"


def _goal(condition: Condition, kind: str) -> str:
    if condition == "started":
        return "to start"
    return "to complete" if kind == "Job" else "to be healthy"


def _started(health: Health, workload: LiveObject, running: int) -> bool:
    """Of the pods that run, as many as there are old replicas may be old."""
    if not settled(workload):
        return False
    if health.wanted == 0:
        return True
    if health.kind == "Job":
        return running > 0 or int(workload.summary.get("ready", 0)) > 0
    updated = int(workload.summary.get("updated", 0))
    old = max(0, int(workload.summary.get("replicas", 0)) - updated)
    return updated > 0 and running > old


def held(unmet: Sequence[str], *, exists: bool, subject: str = "") -> Problem:
    """Why a member is held; ``exists``: it runs in an older definition."""
    names = listed(unmet, _TOLD)
    verb = "waits with its update for" if exists else "waits for"
    return Problem(WAITING, bounded(f"{subject}{verb} {names}"), transient=True)
