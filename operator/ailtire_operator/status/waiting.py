"""Evaluates the conditions of ``dependsOn``, and words those that are not met.

*started*: one replica of the current definition runs, or none is wanted; for a stack: its definition is applied.
*healthy*: all replicas of the current definition are ready; for a stack: it is ready; for a job: it has succeeded.
*completed*: the same, as only a job ends. The caller decides what is *current*: while a definition is not written yet,
here or in a stack above, running pods do not count.
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
"""The tree has no member at a dependency's path."""
DEPENDENCY_CYCLE: Final = "DependencyCycle"
"""A member waits for itself through others: it is not changed until somebody breaks the cycle."""
NOT_CREATED: Final = "not created yet"
NOT_UPDATED: Final = "not updated yet"
STOPPED: Final = "it is stopped"
_NAMED: Final = 3
"""The most dependencies that a message names; the others are counted."""


def unmet_by_service(
    path: str, condition: Condition, health: Health, workload: LiveObject | None, running: int, *, current: bool
) -> str:
    """The unmet dependency on a plain service, worded; empty if it is met.

    ``running``: its pods that run or have succeeded; ``current``: the workload is in sync with the plan.
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
    """The unmet dependency on a child stack, worded; empty if it is met.

    ``current``: its definition is in sync with its parent's plan; ``acted``: that definition has been applied.
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
    """The reason, unless it only means progress."""
    return "" if problem is None or problem.reason in UNDER_WAY else f": {problem.reason}"


def _goal(condition: Condition, kind: str) -> str:
    if condition == "started":
        return "to start"
    return "to complete" if kind == "Job" else "to be healthy"


def _started(health: Health, workload: LiveObject, running: int) -> bool:
    """Whether a current replica runs: as many running pods may be old as there are old replicas."""
    if not settled(workload):
        return False
    if health.wanted == 0:
        return True
    if health.kind == "Job":
        return running > 0 or int(workload.summary.get("ready", 0)) > 0
    updated = int(workload.summary.get("updated", 0))
    old = max(0, int(workload.summary.get("replicas", 0)) - updated)
    return updated > 0 and running > old


def stopping(running: Sequence[str]) -> Problem:
    """Why a member is not stopped yet: what depends on it has not ended."""
    return Problem(WAITING, bounded(f"waits to stop for {listed(running, _NAMED)}"), transient=True)


def paused(*, exists: bool) -> Problem:
    """Why a service is held in a tree whose update has failed; ``exists``: an older definition of it runs."""
    verb = "waits with its update" if exists else "waits"
    return Problem(WAITING, f"{verb}: the update of the tree has failed and is paused", transient=True)


def held(unmet: Sequence[str], *, exists: bool, subject: str = "") -> Problem:
    """Why a member is held; ``exists``: an older definition of it runs."""
    names = listed(unmet, _NAMED)
    verb = "waits with its update for" if exists else "waits for"
    return Problem(WAITING, bounded(f"{subject}{verb} {names}"), transient=True)
