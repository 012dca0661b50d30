"""Reads a whole tree, and what stands before and between its stacks."""

import asyncio
from collections.abc import Sequence
from typing import Any, TypeGuard

from ailtire_operator import naming
from ailtire_operator.cli.failures import Missing
from ailtire_operator.cli.live import Json, Live
from ailtire_operator.cli.outside import EDGES, Outside, edge_kinds
from ailtire_operator.cli.trees import place_of, root_of
from ailtire_operator.cluster.errors import Denied, NotFound
from ailtire_operator.cluster.kinds import DEPLOYMENT, Kind
from ailtire_operator.model.limits import DEPTH_LIMIT


async def whole_tree(cluster: Live, name: str) -> list[Json]:
    """The stack first, and all others of its tree: the root too, which no label of its own selects. Raises Missing."""
    tree = await cluster.tree(name)
    root = root_of(tree[0])
    if root not in (each["metadata"]["name"] for each in tree):
        tree.append(await cluster.stack(root))
    return tree


def _is_name(name: Any) -> TypeGuard[str]:
    """Whether a place names a stack that can be asked for: what else stands there would be another address."""
    return isinstance(name, str) and naming.is_dns_label(name)


async def with_ancestors(cluster: Live, name: str) -> list[Json]:
    """The stack first, then those above it, its parent first, as far as they are there. Raises Missing."""
    found = [await cluster.stack(name)]
    while _is_name(above := place_of(found[-1]).get("parent")) and len(found) < DEPTH_LIMIT:
        try:
            found.append(await cluster.stack(above))
        except Missing:
            break
    return found


async def read_outside(cluster: Live, tree: Sequence[Json]) -> Outside:
    """The gateways and edges of a whole tree, as far as they may be listed."""
    unseen = set()
    root = root_of(tree[0])
    asked = edge_kinds(tree)

    async def listed(kind: Kind) -> Sequence[Json]:
        try:
            return await cluster.list(kind, f"{kind.selector},{naming.LABEL_ROOT}={root}")
        except Denied:
            unseen.add(kind.kind)
        except NotFound:  # the cluster does not serve the kind
            pass
        return []

    kinds = [DEPLOYMENT, *(each for each in EDGES if each.kind in asked)]
    found = await asyncio.gather(*map(listed, kinds))
    return Outside.of((each for objects in found for each in objects), unseen)
