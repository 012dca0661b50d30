"""Parts of what is kept of a pod: since when it is not ready, and what a check of a stack has written."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ailtire_operator import naming

Object = Mapping[str, Any]
OUTPUT_LIMIT: Final = 2048


def unready(status: Object) -> dict[str, Any]:
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


def said(labels: Object, containers: Iterable[Object]) -> str:
    """What a container that checks a stack has written last; of other pods nothing is kept."""
    if labels.get(naming.LABEL_COMPONENT) != naming.COMPONENT_VERIFICATION:
        return ""
    ended = (((each.get("state") or {}).get("terminated") or {}).get("message") for each in containers)
    return next(filter(None, ended), "")[-OUTPUT_LIMIT:]
