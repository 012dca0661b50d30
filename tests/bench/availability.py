"""When the Deployments of a turn could serve: their controller's own word, in whole seconds."""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from ailtire_operator.cluster.kinds import DEPLOYMENT
from lab.api import Api

_POLL_SECONDS = 2.0
"""A list of some hundred Deployments costs the API server some 50 ms, in every contender's turn."""


@dataclass(frozen=True, slots=True)
class Availability:
    """Seconds from the start of a turn. Kubernetes writes these times in whole seconds, the fraction cut off."""

    first: float
    """Until one Deployment had all pods that it wants."""
    middle: float
    """Until half of them had."""
    last: float
    """Until all of them had."""


def wait(api: Api, wanted: Mapping[str, Collection[str]], began: float, limit: float) -> Availability:
    """Wait until every wanted Deployment has its pods: names by namespace. ``began``: a wall clock time in seconds.

    Raises TimeoutError with what is missing.
    """
    deadline = time.time() + limit
    times: list[float] = []
    for namespace, names in wanted.items():
        times += _wait(api, namespace, names, deadline)
    seconds = [max(0.0, each - began) for each in times]  # the fraction that is cut off may be that of the start
    return Availability(min(seconds), median(seconds), max(seconds))


def _wait(api: Api, namespace: str, wanted: Collection[str], deadline: float) -> list[float]:
    while True:
        times = available(api.get(DEPLOYMENT.path(namespace))["items"])
        missing = [name for name in wanted if name not in times]
        if not missing:
            return [times[name] for name in wanted]
        if time.time() > deadline:
            raise TimeoutError(f"{len(missing)} of {len(wanted)} Deployments are not available, such as {missing[0]}")
        time.sleep(_POLL_SECONDS)


def available(deployments: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """The Deployments that have all the pods that they want, and since when: a wall clock time in seconds."""
    found = {}
    for each in deployments:
        status = each.get("status") or {}
        has_all = status.get("availableReplicas", 0) >= each["spec"]["replicas"]
        since = next((at for at in status.get("conditions") or () if at["type"] == "Available"), None)
        if has_all and since and since["status"] == "True":
            found[each["metadata"]["name"]] = datetime.fromisoformat(since["lastTransitionTime"]).timestamp()
    return found
