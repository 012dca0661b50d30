"""What this cluster can do: served kinds, and features that no version number shows."""

import logging
from collections.abc import Iterable
from typing import Any, Final

from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.errors import ClusterError, Denied, NotFound, Unavailable
from ailtire_operator.cluster.kinds import DEPLOYMENT, VOLUME_CLAIM, Kind, Manifest
from ailtire_operator.cluster.list_watch import items

logger = logging.getLogger(__name__)

_PROBE: Final = "ailtire-probe"


async def served(connection: Connection, kinds: Iterable[Kind]) -> frozenset[Kind]:
    """Those of the kinds that the API server serves."""
    wanted = list(kinds)
    found: set[Kind] = set()
    for group, version in sorted({(kind.group, kind.version) for kind in wanted}):
        path = f"/apis/{group}/{version}" if group else f"/api/{version}"
        try:
            resources = (await connection.request("GET", path)).get("resources") or ()
        except NotFound:
            continue
        names = {resource["name"] for resource in resources}
        found |= {kind for kind in wanted if (kind.group, kind.version) == (group, version) and kind.plural in names}
    return frozenset(found)


async def stop_signal_served(connection: Connection, namespace: str) -> bool:
    """Whether a pod may name its own stop signal (``lifecycle.stopSignal``, a feature gate).

    A server without it drops the field without a message, so that only the answer to a dry run shows it, which
    changes nothing. Where the question itself is refused, the answer is no.
    """
    params = {"dryRun": "All", "fieldValidation": "Ignore"}
    try:
        answer = await connection.request("POST", DEPLOYMENT.path(namespace), params=params, body=_probe(namespace))
    except Unavailable:
        raise  # no answer is no "no": pods would be rolled for it, and rolled back by the next answer
    except ClusterError as error:
        logger.info("no stop signals: %s", error)
        return False
    try:
        container: dict[str, Any] = answer["spec"]["template"]["spec"]["containers"][0]
    except (LookupError, TypeError) as error:
        raise Unavailable("the API server's answer is not the Deployment that it was asked about") from error
    return bool((container.get("lifecycle") or {}).get("stopSignal"))


async def volume_claims(connection: Connection, namespace: str) -> list[Manifest]:
    """Every PersistentVolumeClaim of the namespace, those of others too."""
    # The items of a list do not say what they are.
    return [{"kind": VOLUME_CLAIM.kind, **claim} async for claim in items(connection, VOLUME_CLAIM.path(namespace))]


async def open_nodes(connection: Connection) -> tuple[Manifest, ...] | None:
    """``labels`` and ``taints`` of every node that is not cordoned; None where they may not be listed.

    So it is for an operator with rights in one namespace only.
    """
    nodes = items(connection, "/api/v1/nodes", {"fieldSelector": "spec.unschedulable=false"})
    try:
        return tuple([_node(node) async for node in nodes])
    except Denied as error:
        logger.info("nodes are not looked at: %s", error)
        return None


def _node(node: Manifest) -> Manifest:
    return {"labels": node["metadata"].get("labels") or {}, "taints": node["spec"].get("taints") or []}


def _probe(namespace: str) -> Manifest:
    labels = {"app": _PROBE}
    container = {
        "name": _PROBE,
        "image": _PROBE,
        "lifecycle": {"stopSignal": "SIGINT"},
        "resources": {"limits": {"cpu": "1m", "memory": "1Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    return {
        "apiVersion": DEPLOYMENT.api_version,
        "kind": DEPLOYMENT.kind,
        "metadata": {"generateName": f"{_PROBE}-", "namespace": namespace},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                # The signal is only accepted for a pod whose operating system is named.
                "spec": {"os": {"name": "linux"}, "containers": [container]},
            },
        },
    }
