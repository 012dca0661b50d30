"""What this cluster can do: served kinds, and features that no version number shows."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

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


@dataclass(frozen=True, slots=True)
class PodFields:
    """Fields of a pod that depend on feature gates: whether the API server keeps them."""

    stop_signal: bool = False
    """``lifecycle.stopSignal``, of a container (ContainerStopSignals)."""
    hostname_override: bool = False
    """``hostnameOverride`` (HostnameOverride; on from Kubernetes 1.35)."""
    resource_claims: bool = False
    """``resourceClaims`` (DynamicResourceAllocation; on from Kubernetes 1.34)."""


async def pod_fields(connection: Connection, *namespaces: str) -> PodFields:
    """Which of these fields the API server keeps.

    A server without one drops it without a message, so that only the answer to a dry run shows it, which changes
    nothing. Each has a question of its own: where one is refused in all namespaces, the answer to that one is no. One
    of them may have been deleted, or have a quota.
    """
    # The signal is only accepted for a pod whose operating system is named.
    signal = await _kept(connection, namespaces, {"os": {"name": "linux"}}, {"lifecycle": {"stopSignal": "SIGINT"}})
    name = await _kept(connection, namespaces, {"hostnameOverride": f"{_PROBE}.example"}, {})
    claim = {"name": _PROBE, "resourceClaimTemplateName": _PROBE}
    claims = await _kept(connection, namespaces, {"resourceClaims": [claim]}, {})
    return PodFields(
        stop_signal=bool((_container(signal).get("lifecycle") or {}).get("stopSignal")),
        hostname_override=bool(name.get("hostnameOverride")),
        resource_claims=bool(claims.get("resourceClaims")),
    )


async def _kept(connection: Connection, namespaces: Sequence[str], pod: Manifest, container: Manifest) -> Manifest:
    """The pod of a Deployment with these fields, as the API server would keep it. Raises Unavailable."""
    for namespace in namespaces:
        try:
            return await _asked(connection, namespace, pod, container)
        except Unavailable:
            raise  # no answer is no "no": pods would be rolled for it, and rolled back by the next answer
        except ClusterError as error:
            logger.info("%s is not asked for %s: %s", namespace, ", ".join([*pod, *container]), error)
    return {"containers": [{}]}


async def _asked(connection: Connection, namespace: str, pod: Manifest, container: Manifest) -> Manifest:
    params = {"dryRun": "All", "fieldValidation": "Ignore"}
    body = _probe(namespace, pod, container)
    answer = await connection.request("POST", DEPLOYMENT.path(namespace), params=params, body=body)
    try:
        kept: Manifest = answer["spec"]["template"]["spec"]
        dict(_container(kept))
    except (LookupError, TypeError, ValueError) as error:
        raise Unavailable("the API server's answer is not the Deployment that it was asked about") from error
    return kept


def _container(pod: Manifest) -> Manifest:
    container: Manifest = pod["containers"][0]
    return container


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


def _probe(namespace: str, pod: Manifest, fields: Manifest) -> Manifest:
    """A Deployment that every profile admits, with further fields of its pod and of its container."""
    labels = {"app": _PROBE}
    container = {
        "name": _PROBE,
        "image": _PROBE,
        "resources": {"limits": {"cpu": "1m", "memory": "1Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **fields,
    }
    return {
        "apiVersion": DEPLOYMENT.api_version,
        "kind": DEPLOYMENT.kind,
        "metadata": {"generateName": f"{_PROBE}-", "namespace": namespace},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container], **pod}},
        },
    }
