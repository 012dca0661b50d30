"""Quotas that are in force: until their status is there, and the admission has seen it, they limit nothing."""

from ailtire_operator.cluster.kinds import LEASE
from lab.api import Refused
from support.kube.trees import Trees

_PROBE = "count/leases.coordination.k8s.io"


def limit(trees: Trees, name: str, **hard: str) -> None:
    """Limit what the namespace may hold, by resource, and wait until no more of it is let in.

    Each quota forbids Leases too, of which one is tried: nothing else says that the admission knows the quota.
    """
    spec = {"hard": {**hard, _PROBE: "0"}}
    metadata = {"name": name, "namespace": trees.namespace}
    trees.apply_object({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": spec})
    trees.until(f"the quota {name}", lambda: _is_in_force(trees))


def _is_in_force(trees: Trees) -> bool:
    lease = {"apiVersion": LEASE.api_version, "kind": LEASE.kind, "metadata": {"name": "tried"}}
    try:
        trees.plane.api.create(f"{LEASE.path(trees.namespace)}?dryRun=All", lease)
    except Refused as error:
        if "exceeded quota" not in str(error):
            raise
        return True
    return False
