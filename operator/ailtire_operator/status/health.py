"""The health of a service: whether it is ready, and otherwise the reason that ``kubectl describe`` would show."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ailtire_operator.printable import plural
from ailtire_operator.status.blockers import sentence
from ailtire_operator.status.conditions import (
    DELETING,
    NOT_READY,
    PROGRESSING,
    ROLLED_BACK,
    ROLLING_BACK,
    STOPPING,
    UPDATE_PAUSED,
)
from ailtire_operator.status.observed import Held, LiveObject, Member, Problem, Summary
from ailtire_operator.status.text import fraction

_NAMES: Final = re.compile(r'"[^"]*"|\{[^{}]*\}')
"""Where a message of Kubernetes has names: in quotation marks, and in braces around labels and taints."""
_IMAGE: Final = frozenset(
    {"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}
)
_CONFIGURATION: Final = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
_FALLBACK: Final[Mapping[str, str]] = {
    "ImagePullBackOff": "the image cannot be pulled",
    "ErrImagePull": "the image cannot be pulled",
    "InvalidImageName": "the image's name is not valid",
    "CreateContainerConfigError": "a Secret or ConfigMap that the service refers to is missing",
    "RunContainerError": "the container does not start",
}
_EVENTS: Final[Mapping[str, str]] = {
    "FailedScheduling": "Unschedulable",
    "Unhealthy": NOT_READY,
    "FailedMount": "FailedMount",
    "FailedAttachVolume": "FailedMount",
    "ProvisioningFailed": "VolumePending",
    "BackOff": "CrashLoopBackOff",
}
"""Reasons of Warning Events that explain a service, and the reasons that we report for them."""


@dataclass(frozen=True, slots=True)
class Health:
    """The state of one service."""

    key: str
    kind: str
    name: str
    ready: int
    wanted: int
    problem: Problem | None = None
    held: Held | None = None
    """The update that has failed, where one has."""

    @property
    def ok(self) -> bool:
        """Whether all requested replicas run the current definition."""
        return self.problem is None

    @property
    def stopped(self) -> bool:
        """Whether it is stopped or scaled to zero, and nothing runs."""
        return self.ok and self.wanted == 0

    @property
    def subject(self) -> str:
        """Its name in messages of its stack."""
        return service_subject(self.key)

    @property
    def blocker(self) -> Problem | None:
        """Its problem, with subject and replicas for the stack's status."""
        replicas = fraction(self.ready, self.wanted)
        return replace(self.problem, subject=self.subject, replicas=replicas) if self.problem else None

    def __str__(self) -> str:
        return sentence(self.blocker) if self.blocker else f"{self.subject} {fraction(self.ready, self.wanted)}"


def service_subject(key: str) -> str:
    """A service's name in the problems of its stack; the gateway's key is empty."""
    return f"service {key}" if key else "gateway"


def health(member: Member) -> Health:
    """The state of one service."""
    wanted = _wanted(member)
    ready = 0 if member.error and not member.error.transient else min(_reachable(member), wanted)
    problem = _with_update(member, _problem(member, ready, wanted))
    return Health(member.key, member.kind, member.name, ready, wanted, problem, member.held)


def _with_update(member: Member, problem: Problem | None) -> Problem | None:
    """The problem, replaced by a failed update's where one is held: another definition runs than the wanted one."""
    held = member.held
    if member.stopped:
        return problem
    if held is None:
        if problem is None or problem.transient or not member.first:
            return problem
        return Problem(
            problem.reason,
            f"{problem.message}; no definition has rolled out in full before, so there is nothing to roll back to",
        )
    if held.action == "pause":
        return Problem(UPDATE_PAUSED, str(held))
    if problem is None:
        return Problem(ROLLED_BACK, str(held))
    return Problem(ROLLING_BACK, str(held), transient=True) if problem.reason == PROGRESSING else problem


def _wanted(member: Member) -> int:
    if member.replicas is not None:
        return member.replicas
    # An autoscaler writes its number into the workload; until then only its minimum is known.
    replicas = member.workload.summary.get("specReplicas", 0) if member.workload else 0
    return max(member.floor, int(replicas))


def _reachable(member: Member) -> int:
    """Replicas that run the current definition, and that peers find: the watch of pods may be behind the workload's."""
    current = _current(member.workload)
    return current if member.addressed is None else min(current, member.addressed)


def _current(workload: LiveObject | None) -> int:
    """Replicas that are ready and have the current definition (a lower bound during a roll-out).

    The API server counts ready and updated replicas, not those that are both. All ``replicas - updated`` old ones may
    be ready; the remaining ready ones have the current definition.
    """
    if workload is None or not settled(workload):
        return 0
    summary = workload.summary
    ready, updated = int(summary.get("ready", 0)), int(summary.get("updated", 0))
    return max(0, min(updated, ready - max(0, int(summary.get("replicas", 0)) - updated)))


def settled(workload: LiveObject) -> bool:
    """Whether the status of a workload is of its current generation."""
    return int(workload.summary.get("observedGeneration", 0)) >= workload.generation


def rolled_out(workload: LiveObject, wanted: int) -> bool:
    """Whether all replicas have the current definition and as many as wanted are ready."""
    replicas = int(workload.summary.get("replicas", 0))
    return _current(workload) >= wanted and replicas <= int(workload.summary.get("updated", 0))


def _problem(member: Member, ready: int, wanted: int) -> Problem | None:
    if member.error is not None and not member.error.transient:
        return member.error
    if member.waits is not None:
        return member.waits
    if member.stopped and member.unended:
        return Problem(STOPPING, f"{plural(member.unended, 'pod')} not ended yet", transient=True)
    workload = member.workload
    runs = workload is not None and settled(workload) and ready >= wanted and not workload.deleting
    # What could not be written yet is the definition that replicas are to run. What has to go first is reported anyway.
    if runs and (member.error is None or member.error.reason == DELETING):
        return None
    return next(_reasons(member), None) or _progress(member)


def _progress(member: Member) -> Problem:
    if member.error is not None:
        return member.error
    if member.workload is None:
        return Problem(PROGRESSING, f"{member.kind} {member.name} does not exist yet", transient=True)
    return Problem(PROGRESSING, "replicas of the current definition are starting", transient=True)


def _reasons(member: Member) -> Iterator[Problem]:
    """All problems of the service, the most specific first."""
    unready = [pod for pod in member.pods if not pod.get("ready")]
    # The newest first: in a roll-out the new definition is the one that fails.
    unready.sort(key=lambda pod: str(pod.get("created", "")), reverse=True)
    for pod in unready:
        yield from _container_problems(pod)
    yield from _creation_problems(member)
    yield from _placement_problems(member, unready)
    for pod in unready:
        if pod.get("phase") == "Failed":
            yield Problem(str(pod.get("reason", "PodFailed")), str(pod.get("message", "the pod has failed")))
    for reason, message in member.warnings:
        if reason in _EVENTS:
            yield Problem(_EVENTS[reason], message)
    yield from _deadline(member.workload)
    if any(_runs(pod) for pod in unready):
        yield Problem(NOT_READY, "running, but the health check has not passed", transient=True)


def _container_problems(pod: Summary) -> Iterator[Problem]:
    for name, container in (pod.get("containers") or {}).items():
        waiting = str(container.get("waiting", ""))
        message = str(container.get("waitingMessage", ""))
        if waiting in _IMAGE or waiting in _CONFIGURATION:
            yield Problem(waiting, message or _FALLBACK.get(waiting, f"container {name} does not start"))
        elif _ended(container):
            yield _end(container, waiting)


def pod_trouble(pod: Summary) -> Problem | None:
    """The problem of a pod's containers; None also while they are starting."""
    return next(_container_problems(pod), None)


def _ended(container: Summary) -> bool:
    """Whether a container is not running because its process ended, as opposed to not started yet."""
    if container.get("ready"):
        return False
    return container.get("waiting") == "CrashLoopBackOff" or container.get("terminated") == "OOMKilled"


def _end(container: Summary, waiting: str) -> Problem:
    restarts = int(container.get("restarts", 0))
    if container.get("terminated") == "OOMKilled":
        return Problem("OOMKilled", f"exceeded its memory limit ({plural(restarts, 'restart')})")
    code = container.get("exitCode")
    how = f"the process ended with exit code {code}" if code is not None else "the process keeps ending"
    hint = "; a service must keep running" if code == 0 else ""
    return Problem(waiting or "CrashLoopBackOff", f"{how} ({plural(restarts, 'restart')}){hint}")


def _creation_problems(member: Member) -> Iterator[Problem]:
    """Pods that the API server refused to create."""
    conditions = member.workload.summary.get("conditions", {}) if member.workload else {}
    status, reason, message = conditions.get("ReplicaFailure", ("", "", ""))
    if status == "True":
        yield refused_creation(message, reason)
    for event, text in member.warnings:
        if event == "FailedCreate":
            yield refused_creation(text, event)


def refused_creation(message: str, reason: str = "FailedCreate") -> Problem:
    """Why a pod or object could not be created, classified by the API server's message."""
    words = _without_names(message)
    if "exceeded quota" in words or "must specify limits" in words or "failed quota" in words:
        return Problem("QuotaExceeded", message)
    if "violates podsecurity" in words or "admission" in words or "denied the request" in words:
        return Problem("RefusedByAdmission", message)
    return Problem(reason or "FailedCreate", message)


def _without_names(message: str) -> str:
    """A message without the names in it: a pod may be called "admission", and a taint {volume: full}."""
    return _NAMES.sub("", message).lower()


def _placement_problems(member: Member, unready: list[Summary]) -> Iterator[Problem]:
    pending = sorted(name for name, claim in (member.claims or {}).items() if claim.get("phase", "Pending") != "Bound")
    for pod in unready:
        reason, message = pod.get("unscheduled") or ("", "")
        if not reason and not message:
            continue
        if "volume" in _without_names(message):
            names = f" {', '.join(pending[:3])}" if pending else ""
            yield Problem("VolumePending", f"volume claim{names} is not bound: {message}")
        elif reason != "SchedulingGated":
            yield Problem("Unschedulable", message or "no node fits the pod")


def _deadline(workload: LiveObject | None) -> Iterator[Problem]:
    """A workload whose controller has given up: a roll-out without progress, a Job with too many failures."""
    conditions = workload.summary.get("conditions", {}) if workload else {}
    status, reason, message = conditions.get("Failed", ("", "", ""))
    if status == "True":
        yield Problem(reason or "Failed", message or "the job has failed")
    status, reason, message = conditions.get("Progressing", ("", "", ""))
    if status == "False" and reason == "ProgressDeadlineExceeded":
        yield Problem("ProgressDeadlineExceeded", message or "the roll-out makes no progress")


def _runs(pod: Summary) -> bool:
    containers = (pod.get("containers") or {}).values()
    return pod.get("phase") == "Running" and not any(container.get("waiting") for container in containers)
