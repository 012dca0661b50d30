"""Pods that no rollout has made, and containers that have started again: what Kubernetes tells of why. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from ailtire_operator.cli.rollout_history import Template, Workload, time_of
from ailtire_operator.cluster.kinds import DEPLOYMENT
from ailtire_operator.printable import plural
from ailtire_operator.status.text import bounded

Object = Mapping[str, Any]
_NEAR: Final = timedelta(minutes=2)
"""An Event within this time of the making of a pod may explain it."""
_SLOW: Final = timedelta(minutes=10)
"""So much later than its template a pod of a StatefulSet or DaemonSet is taken for one that no rollout has made."""
_MOMENT: Final = timedelta(seconds=1)
_TELLING: Final = (
    "Evicted",
    "Preempted",
    "TaintManagerEviction",
    "NodeNotReady",
    "OOMKilling",
    "ScalingReplicaSet",
    "SuccessfulRescale",
)
"""Reasons of Events that explain new pods, the ones that tell most first."""
_DISRUPTIONS: Final[Mapping[str, str]] = {
    "PreemptionByScheduler": "it had to make room for pods of a higher priority",
    "DeletionByTaintManager": "its node has a taint that it does not tolerate (such as a node that is gone)",
    "EvictionByEvictionAPI": "it was evicted, as kubectl drain does",
    "DeletionByPodGC": "its node is gone",
    "TerminationByKubelet": "its node ended it, for lack of resources or to shut down",
}
_UNKNOWN: Final = (
    "the pod before it was deleted (by hand, by a drain, with its node), or the service was scaled up; no Event tells"
)


class PodEvent(StrEnum):
    """What can happen to a pod."""

    MADE = "made"
    ENDED = "ended"
    FAILED = "failed"
    STARTED_AGAIN = "startedAgain"
    """One of its containers."""


@dataclass(frozen=True, slots=True)
class PodNote:
    """Something that has happened to a pod and is no rollout."""

    event: PodEvent
    path: str
    pod: str
    time: datetime | None
    what: str
    """In a few words: made, ended, started again."""
    why: str


def pod_notes(
    pods: Iterable[tuple[str, Workload, Object]],
    kept: Mapping[Workload, Sequence[Template]],
    deployments: Iterable[Object],
    events: Sequence[Object],
) -> list[PodNote]:
    """What there is to tell of pods, each with its path and its workload."""
    complete = {each["metadata"]["name"]: _completed(each) for each in deployments}
    found: list[PodNote] = []
    for path, workload, pod in pods:
        found += _ended(path, pod)
        found += _restarts(path, pod)
        late = _late(pod, workload, kept.get(workload, ()), complete)
        if late is not None and (pod.get("status") or {}).get("phase") != "Failed":
            why = _event_before(workload[1], late, events) or _UNKNOWN
            found.append(
                PodNote(PodEvent.MADE, path, pod["metadata"]["name"], late, "was made, and not by a rollout", why)
            )
    return found


def _completed(deployment: Object) -> datetime | None:
    """When the last rollout was complete; None while one is under way."""
    for each in (deployment.get("status") or {}).get("conditions") or ():
        if each.get("type") == "Progressing" and each.get("reason") == "NewReplicaSetAvailable":
            return time_of(each.get("lastUpdateTime"))
    return None


def _late(
    pod: Object, workload: Workload, kept: Sequence[Template], complete: Mapping[str, datetime | None]
) -> datetime | None:
    """When a pod was made, if the rollout of its template was over by then."""
    made = time_of(pod["metadata"].get("creationTimestamp"))
    if workload[0] == DEPLOYMENT.kind:
        over = complete.get(workload[1])
        end = None if over is None else over + _MOMENT
    else:
        start = kept[-1].created if kept else None
        end = None if start is None else start + _SLOW
    return made if made is not None and end is not None and made > end else None


def _ended(path: str, pod: Object) -> Iterator[PodNote]:
    status, name = pod.get("status") or {}, pod["metadata"]["name"]
    for each in status.get("conditions") or ():
        if each.get("type") == "DisruptionTarget" and each.get("status") == "True":
            reason = str(each.get("reason", ""))
            why = _DISRUPTIONS.get(reason, reason)
            message = bounded(str(each.get("message") or ""))
            yield PodNote(
                PodEvent.ENDED, path, name, time_of(each.get("lastTransitionTime")), "ends", _joined(why, message)
            )
            return
    if status.get("phase") == "Failed":
        why = _joined(str(status.get("reason") or "failed"), bounded(str(status.get("message") or "")))
        yield PodNote(PodEvent.FAILED, path, name, time_of(status.get("startTime")), "has failed", why)


def _restarts(path: str, pod: Object) -> Iterator[PodNote]:
    status, name = pod.get("status") or {}, pod["metadata"]["name"]
    for each in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        count = each.get("restartCount") or 0
        if not count:
            continue
        last = (each.get("lastState") or {}).get("terminated") or (each.get("state") or {}).get("terminated") or {}
        what = f"container {each.get('name')} has started again, {plural(count, 'time')} in all"
        why = "Kubernetes does not tell how it ended"
        if last:
            reason = last.get("reason") or "no reason given"
            why = f"it ended with exit code {last.get('exitCode')} ({reason})"
        yield PodNote(PodEvent.STARTED_AGAIN, path, name, time_of(last.get("finishedAt")), what, why)


def _event_before(workload: str, made: datetime, events: Sequence[Object]) -> str:
    """The Event about the workload or one of its pods that tells most of why a pod was made then; empty for none."""
    near = []
    for each in events:
        about, reason = (each.get("involvedObject") or {}).get("name", ""), each.get("reason", "")
        time = time_of(each.get("lastTimestamp")) or time_of(each.get("eventTime"))
        if reason not in _TELLING or time is None or abs(time - made) > _NEAR:
            continue
        if about == workload or about.startswith(f"{workload}-"):
            near.append((_TELLING.index(reason), about, bounded(str(each.get("message") or ""))))
    if not near:
        return ""
    rank, about, message = min(near)
    return _joined(f"{_TELLING[rank]} of {about}", message)


def _joined(*parts: str) -> str:
    return ": ".join(filter(None, parts))
