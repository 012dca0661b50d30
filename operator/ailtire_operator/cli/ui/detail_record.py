"""The record of one stack by itself, as that of the tree: with its place, and what its own pods say. Pure."""

from collections.abc import Mapping, Sequence

from ailtire_operator.cli.paths import paths
from ailtire_operator.cli.pod_facts import PodFacts
from ailtire_operator.cli.trees import Member, Resource, place_of, root_of
from ailtire_operator.cli.ui.stack_records import Record, parts_of, use_of


def stack_record(chain: Sequence[Resource], facts: Mapping[Member, PodFacts]) -> Record:
    """The first of the chain, the others of which are those above it; ``facts`` are those of pods of its namespace."""
    stack = chain[0]
    parts, place = parts_of(stack), place_of(stack)
    total = sum((each for (name, _), each in facts.items() if name == parts.name), PodFacts())
    return {
        "id": parts.id,
        "namespace": parts.namespace,
        "key": parts.key,
        "parent": f"{parts.namespace}/{place['parent']}" if place.get("parent") else None,
        "root": f"{parts.namespace}/{root_of(stack)}",
        "depth": paths(chain)[parts.name].count("/"),
        **parts.record,
        **use_of(total),
    }
