"""Decides whether an update has failed, from the workload, its pods and their times. Pure: times are arguments.

Swarm watches each new task for ``monitor`` and counts those that fail. A new pod counts as failed once it has had a
definite problem for that long (its image cannot be pulled, a Secret is missing, its process keeps ending). A pod that
is only not ready or not scheduled gets the time that Kubernetes gives a roll-out to make progress.
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
"""Seconds that a new pod may have a problem, if ``monitor`` is not given; Swarm's default."""
PATIENCE: Final = 600.0
"""Seconds, beyond ``monitor``, that a new pod may take to become ready: a Deployment's default deadline."""
_QUOTED: Final = re.compile(r'"([^"]+)"')


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod of the service."""

    summary: Summary
    unready: float
    """Seconds for which it has not been ready; 0 while it is."""


@dataclass(frozen=True, slots=True)
class Update:
    """An update in progress, as observed; all values are of the wanted definition."""

    config: UpdateConfig
    kind: str
    wanted: int
    """Replicas."""
    workload: LiveObject
    pods: tuple[Pod, ...] = ()
    """All pods of the service, old ones included."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of ``judge``."""

    failed: Problem | None = None
    """Why it has failed; None if it has not."""
    again: float | None = None
    """Seconds after which the verdict may change although nothing else does; None if it cannot."""


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
    """Whether an update is complete: all replicas have the current definition and are available."""
    return wanted > 0 and rolled_out(workload, wanted) and int(workload.summary.get("available", 0)) >= wanted


def _updated(update: Update) -> list[Pod]:
    """The pods of the current definition."""
    summary = update.workload.summary
    if update.kind != "Deployment":
        return [pod for pod in update.pods if pod.summary.get("revision", "") == summary.get("updateRevision")]
    # Only this message names the ReplicaSet of the current template. Right after a rollback it still names the one
    # before, which updatedReplicas shows: it does not count that ReplicaSet's pods.
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
        return Problem("Unschedulable", message or "no node fits the pod")
    return Problem(NOT_READY, "running, but the health check has not passed")
