"""Has an update failed? Judged from what is seen of the workload and its pods, and for how long; there is no clock.

Swarm watches each new task for ``monitor`` and counts those that fail. A new pod counts as failed once it has been in
trouble that has a name (its image cannot be pulled, a Secret is missing, its process ends again and again) for that
long. What is merely not ready, or not scheduled, gets the time that Kubernetes gives a roll-out to make progress.
"""

import re
from dataclasses import dataclass
from typing import Final

from ailtire_operator.model.rollout import UpdateConfig
from ailtire_operator.model.values import seconds
from ailtire_operator.status.conditions import NOT_READY
from ailtire_operator.status.health import pod_trouble, rolled_out, settled
from ailtire_operator.status.observed import LiveObject, Problem, Summary

MONITOR: Final = 5.0
"""Seconds that a new pod may be in trouble, where ``monitor`` is not given; Swarm's default."""
PATIENCE: Final = 600.0
"""Seconds, beyond ``monitor``, that a new pod may take to get ready: Kubernetes' own deadline for a Deployment."""
_QUOTED: Final = re.compile(r'"([^"]+)"')


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod of the service."""

    summary: Summary
    unready: float
    """Seconds for which it has not been ready; 0 while it is."""


@dataclass(frozen=True, slots=True)
class Update:
    """An update under way, as it is seen; all of it is of the definition that is wanted."""

    config: UpdateConfig
    kind: str
    wanted: int
    """Replicas."""
    workload: LiveObject
    pods: tuple[Pod, ...] = ()
    """Of the service, the old ones too."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What there is to say of an update now."""

    failed: Problem | None = None
    """Why it has failed, if it has."""
    again: float | None = None
    """Seconds after which time alone may change the verdict."""


def judge(update: Update) -> Verdict:
    """Whether the update has failed by now."""
    if not settled(update.workload):
        return Verdict()
    late = _deadline(update.workload)
    monitor = seconds(update.config.monitor) if update.config.monitor else MONITOR
    failed: list[Problem] = []
    pauses: list[float] = []
    for pod in _updated(update):
        if pod.summary.get("ready"):
            continue
        trouble = pod_trouble(pod.summary)
        left = monitor - pod.unready
        too_late = left + PATIENCE
        if trouble is not None and left <= 0:
            failed.append(trouble)
        if too_late <= 0:
            late = late or trouble or _unready(pod.summary)
        pauses += [pause for pause in (left if trouble else 0.0, too_late) if pause > 0]
    if failed and (late or len(failed) > update.config.max_failure_ratio * max(1, update.wanted)):
        return Verdict(failed[0])
    return Verdict(late, min(pauses, default=None) if late is None else None)


def is_complete(workload: LiveObject, wanted: int) -> bool:
    """Whether an update has come to its end: only replicas of the current definition, and all stay ready."""
    return wanted > 0 and rolled_out(workload, wanted) and int(workload.summary.get("available", 0)) >= wanted


def _updated(update: Update) -> list[Pod]:
    """The pods of the current definition."""
    summary = update.workload.summary
    if update.kind != "Deployment":
        return [pod for pod in update.pods if pod.summary.get("revision", "") == summary.get("updateRevision")]
    # The one place where a Deployment names the ReplicaSet of its current template; for a moment after going back to an
    # earlier one it still names the one before. Their number tells: that of the new one counts none of those pods.
    message = summary.get("conditions", {}).get("Progressing", ("", "", ""))[2]
    name = _QUOTED.search(message)
    pods = [pod for pod in update.pods if name and (pod.summary.get("owner") or ("", ""))[1] == name[1]]
    alive = [pod for pod in pods if pod.summary.get("phase") != "Failed"]
    return alive if len(alive) <= int(summary.get("updated", 0)) else []


def _deadline(workload: LiveObject) -> Problem | None:
    status, reason, message = workload.summary.get("conditions", {}).get("Progressing", ("", "", ""))
    if status == "False" and reason == "ProgressDeadlineExceeded":
        return Problem(reason, message or "the roll-out makes no progress")
    return None


def _unready(pod: Summary) -> Problem:
    reason, message = pod.get("unscheduled") or ("", "")
    if reason or message:
        return Problem("Unschedulable", message or "no node takes the pod")
    return Problem(NOT_READY, "it runs, but its health check has not passed")
