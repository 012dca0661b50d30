"""A stack as the page has it: a record of what its own resource says, without its place in the tree and its pods. Pure.

A record is what ``tree -o json`` says of the stack, and a little more that a table wants.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ailtire_operator import naming, printable
from ailtire_operator.cli.pod_facts import PodFacts
from ailtire_operator.cli.tree_data import to_json
from ailtire_operator.cli.trees import Resource, StackNode, State, by_itself, place_of, services_of
from ailtire_operator.cluster.kinds import controller_of

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StackParts:
    """What one resource says of itself."""

    uid: str
    namespace: str
    name: str
    key: str
    """Its key in its parent; empty for a root."""
    owner: str
    """The uid of the stack that controls it; empty for a root."""
    record: Record = field(default_factory=dict)
    """All fields but those of its place and its pods; services are apart."""
    services: tuple[Record, ...] = ()
    declared: Mapping[str, Record] = field(default_factory=dict)
    """By its key a record of each stack that it declares, as one that is missing."""

    @property
    def id(self) -> str:
        """Its address in the page."""
        return f"{self.namespace}/{self.name}"


def parts_of(resource: Resource) -> StackParts:
    """Never raises for the content of a resource: whoever may write one could break the page for everybody else."""
    metadata = resource["metadata"]
    owner = controller_of(resource) or {}
    parts = StackParts(
        uid=metadata["uid"],
        namespace=str(metadata.get("namespace") or ""),
        name=metadata["name"],
        key="",
        owner=str(owner.get("uid") or "") if owner.get("kind") == naming.KIND else "",
    )
    try:
        return _read(parts, resource)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        node = StackNode("", parts.name, State.TROUBLE, "Unreadable", "its definition or its status cannot be read")
        return replace(parts, record=_record(node, metadata))


def _read(parts: StackParts, resource: Resource) -> StackParts:
    node = by_itself(resource)
    definitions = services_of(resource)
    services = []
    for service in to_json(replace(node, stacks=()))["services"]:
        image = (definitions.get(service["key"]) or {}).get("image")
        services.append(_shown(service | {"image": image if isinstance(image, str) else None}))
    return replace(
        parts,
        key=str(place_of(resource).get("parentKey") or ""),
        record=_record(node, resource["metadata"]),
        services=tuple(services),
        declared={each.key: _record(each, {}) for each in node.stacks},
    )


def _record(node: StackNode, metadata: Mapping[str, Any]) -> Record:
    said = to_json(replace(node, stacks=(), services=()))
    del said["stacks"], said["services"], said["key"]
    created, generation = metadata.get("creationTimestamp"), metadata.get("generation")
    return _shown(said | {"created": created, "generation": generation})


def _shown(record: Record) -> Record:
    """With its sentences as they may be shown anywhere."""
    return record | {each: printable.lines(record[each]) for each in ("reason", "message")}


def use_of(found: PodFacts) -> Record:
    """The fields of what pods say. Memory in whole MiB, as its last digits are never the same twice."""
    born = found.born
    return {
        "restarts": found.restarts,
        "since": None if born is None else born.isoformat().replace("+00:00", "Z"),
        "cpu": None if found.cpu is None else round(found.cpu * 1000),
        "memory": None if found.memory is None else round(found.memory / 2**20) * 2**20,
    }
