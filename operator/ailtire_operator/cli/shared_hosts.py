"""Hosts that a stack would publish and another one has published before: what ``diff`` notes, by the asker's rights."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from ailtire_operator.cli.differences import Json
from ailtire_operator.cli.live import Live
from ailtire_operator.cluster.errors import Denied, NotFound
from ailtire_operator.cluster.kinds import HTTP_ROUTE, INGRESS, Kind, Ref
from ailtire_operator.cluster.summaries import summarize
from ailtire_operator.reconcile.shared_hosts import shared

EDGES: Final = (INGRESS, HTTP_ROUTE)


async def notes(cluster: Live, edges: Sequence[Json]) -> list[str]:
    """What there is to say of Ingresses and HTTPRoutes as they would be; nothing is read where there are none."""
    kinds = {kind for kind in EDGES if any(each["kind"] == kind.kind for each in edges)}
    found = [each for listed in await asyncio.gather(*(_all(cluster, kind) for kind in kinds)) for each in listed]
    return [note for edge in edges for note in _notes(cluster.namespace, edge, found)]


def _notes(namespace: str, edge: Json, others: Iterable[Json]) -> Iterable[str]:
    for other in sorted(others, key=_age):
        if Ref.of(other) == Ref.of(edge) or _age(other) > _age(edge):
            continue
        metadata = other["metadata"]
        where = "" if metadata["namespace"] == namespace else f" of the namespace {metadata['namespace']}"
        for host in sorted(shared(edge["kind"], summarize(edge), summarize(other))):
            what = f"the host {host}" if host else "every host"
            yield f"{Ref.of(edge)}: {what} was published by stack {metadata['name']}{where} before"


def _age(edge: Json) -> tuple[str, str, str]:
    metadata = edge["metadata"]
    return metadata.get("creationTimestamp") or "", metadata.get("namespace", ""), metadata["name"]


async def _all(cluster: Live, kind: Kind) -> list[Json]:
    """Those of all namespaces, or of the own one where nobody lets us see the others."""
    try:
        return await Live(cluster.connection, "").list(kind, kind.selector)
    except Denied:
        return await cluster.list(kind, kind.selector)
    except NotFound:
        return []
