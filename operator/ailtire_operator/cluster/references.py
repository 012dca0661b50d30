"""Which ConfigMaps may not be pruned yet: a workload can be rolled back to older revisions, and those need theirs."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.kinds import REPLICA_SET, REVISION, Kind
from ailtire_operator.cluster.watch import PAGE


async def config_maps_in_use(connection: Connection, namespace: str, stack: str) -> frozenset[str]:
    """The names of the ConfigMaps that a kept ReplicaSet or ControllerRevision of the stack refers to.

    Read when there is something to prune, and not watched: that is rare, and those objects are many and large.
    """
    names: set[str] = set()
    async for replica_set in _all(connection, REPLICA_SET, namespace, stack):
        names.update(_config_maps(replica_set["spec"]["template"]))
    async for revision in _all(connection, REVISION, namespace, stack):
        names.update(_config_maps((revision.get("data") or {}).get("spec", {}).get("template", {})))
    return frozenset(names)


async def _all(connection: Connection, kind: Kind, namespace: str, stack: str) -> AsyncIterator[dict[str, Any]]:
    page: dict[str, str | int] = {"limit": PAGE, "labelSelector": f"{naming.LABEL_STACK}={stack}"}
    while True:
        answer = await connection.request("GET", kind.path(namespace), params=page)
        for item in answer.get("items") or ():
            yield item
        token = answer["metadata"].get("continue")
        if not token:
            return
        page["continue"] = token


def _config_maps(value: Any) -> Iterator[str]:
    """Every reference to a ConfigMap, wherever in a pod template it is: volumes, their projections, variables."""
    if isinstance(value, list):
        for item in value:
            yield from _config_maps(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in ("configMap", "configMapRef", "configMapKeyRef") and isinstance(item, dict) and "name" in item:
                yield item["name"]
            else:
                yield from _config_maps(item)
