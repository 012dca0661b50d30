"""What is kept of a pod: how it and its containers are, since when it is not ready, what a check has written."""

from collections.abc import Iterable
from sys import intern
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.interning import shared_map
from ailtire_operator.cluster.kinds import controller_of
from ailtire_operator.cluster.summary_parts import MESSAGE_LIMIT, Object, Summary, compact, conditions

OUTPUT_LIMIT: Final = 2048


def pod(obj: Object) -> Summary:
    """The summary of a pod."""
    metadata, status = obj["metadata"], obj.get("status") or {}
    states = conditions(status.get("conditions"))
    scheduled = states.get("PodScheduled", ("", "", ""))
    owner = controller_of(obj)
    labels = metadata.get("labels") or {}
    containers = (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ()))
    return compact(
        stack=intern(labels.get(naming.LABEL_STACK) or ""),
        service=intern(labels.get(naming.LABEL_SERVICE) or ""),
        phase=intern(status.get("phase") or ""),
        podIPs=tuple(address["ip"] for address in status.get("podIPs") or () if address.get("ip")),
        ready=states.get("Ready", ("False",))[0] == "True",
        created=metadata.get("creationTimestamp"),
        revision=intern(labels.get("pod-template-generation") or labels.get("controller-revision-hash") or ""),
        reason=status.get("reason"),
        message=(status.get("message") or "")[:MESSAGE_LIMIT],
        unscheduled=(scheduled[1], scheduled[2]) if scheduled[0] == "False" else None,
        containers=shared_map({intern(container["name"]): _container(container) for container in containers}),
        owner=(intern(owner["kind"]), intern(owner["name"]), intern(owner["uid"])) if owner else None,
        tables=(metadata.get("annotations") or {}).get(naming.ANNOTATION_TABLES),
        said=_said(labels, containers),
        **_unready(status),
    )


def _container(status: Object) -> Summary:
    waiting = (status.get("state") or {}).get("waiting") or {}
    now = (status.get("state") or {}).get("terminated") or {}
    last = (status.get("lastState") or {}).get("terminated") or now
    summary = compact(
        ready=status.get("ready"),
        waiting=waiting.get("reason"),
        waitingMessage=(waiting.get("message") or "")[:MESSAGE_LIMIT],
        terminated=last.get("reason"),
        exitCode=last.get("exitCode"),
        restarts=status.get("restartCount"),
    )
    return shared_map(summary)


def _unready(status: Object) -> dict[str, Any]:
    """Of a pod that is not ready: since when, when it was started (both by its node's clock), and when scheduled."""
    states = {entry["type"]: entry for entry in status.get("conditions") or ()}
    ready, scheduled = states.get("Ready") or {}, states.get("PodScheduled") or {}
    if ready.get("status") == "True":
        return {}
    return {
        "unreadySince": ready.get("lastTransitionTime"),
        "started": status.get("startTime"),
        "scheduled": scheduled.get("lastTransitionTime") if scheduled.get("status") == "True" else None,
    }


def _said(labels: Object, containers: Iterable[Object]) -> str:
    """What a container that checks a stack has written last; of other pods nothing is kept."""
    if labels.get(naming.LABEL_COMPONENT) != naming.COMPONENT_VERIFICATION:
        return ""
    ended = (((each.get("state") or {}).get("terminated") or {}).get("message") for each in containers)
    return next(filter(None, ended), "")[-OUTPUT_LIMIT:]
