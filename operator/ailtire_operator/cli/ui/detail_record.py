"""A stack as one record of a flat list: where it is in its tree, how it is, and what its pods say. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ailtire_operator.cli.paths import paths
from ailtire_operator.cli.pod_facts import PodFacts
from ailtire_operator.cli.tree_data import to_json
from ailtire_operator.cli.trees import Member, Resource, StackNode, place_of


def stack_record(node: StackNode, resource: Resource, depth: int, facts: Mapping[Member, PodFacts]) -> dict[str, Any]:
    """The stack without what is below it; ``facts`` are those of the pods of its namespace."""
    metadata, place = resource["metadata"], place_of(resource)
    namespace, name = metadata.get("namespace", ""), node.name
    total = sum((each for (stack, _), each in facts.items() if stack == name), PodFacts())
    said = to_json(node)
    del said["services"], said["stacks"]
    return {
        "id": f"{namespace}/{name}",
        "namespace": namespace,
        **said,
        "key": place.get("parentKey", ""),
        "parent": f"{namespace}/{place['parent']}" if place.get("parent") else None,
        "root": f"{namespace}/{place.get('root') or name}",
        "depth": depth,
        "created": metadata.get("creationTimestamp"),
        "generation": metadata.get("generation", 0),
        "restarts": total.restarts,
        "since": stamp(total.born),
        "cpu": None if total.cpu is None else round(total.cpu * 1000),
        "memory": None if total.memory is None else round(total.memory),
    }


def depth_of(resource: Resource, tree: Sequence[Resource]) -> int:
    """How many stacks are above it."""
    return paths(tree)[resource["metadata"]["name"]].count("/")


def stamp(time: datetime | None) -> str | None:
    """A time as Kubernetes writes it."""
    return None if time is None else time.isoformat().replace("+00:00", "Z")
