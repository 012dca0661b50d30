"""Who may talk to whom: what the NetworkPolicies of a whole tree say, and what the definition says they should.

They are proved here without a network: every workload of a tree against every other. What is evaluated (the package's
own evaluator) and what is expected (the rule, from the definition alone) share no code; tests/e2e tries one tree.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.stack import Stack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Manifest, Observed
from ailtire_operator.reach.policies import Evaluator
from ailtire_operator.reach.ports import ALL
from ailtire_operator.reach.world import OUTSIDE as OUTSIDE
from ailtire_operator.reach.world import Workload, world
from support.definitions.stacks import SETTINGS

Json = Mapping[str, Any]
Network = tuple[str, str]
"""The owning stack's name, and the key there."""
_OWN = ("siblings", "sibling", "children", "default")


def objects_of(top: Stack, observed: Observed | None = None) -> list[Manifest]:
    """All objects of a stack and every stack below it."""
    found: list[Manifest] = []
    waiting = [top]
    while waiting:
        made = plan(waiting.pop(), SETTINGS, observed or Observed())
        found += made.objects
        for each in made.objects:
            if each["kind"] == naming.KIND:
                metadata = {**each["metadata"], "namespace": top.namespace}
                waiting.append(parse_stack({**each, "metadata": metadata}))
    return found


def matrix(objects: list[Manifest]) -> set[tuple[str, str]]:
    """All pairs (from, to) of workloads, by their objects' names, of which the first reaches the second on all ports.

    Of the outside it is enough that it reaches any: the edge opens a few ports, to everybody.
    """
    found = world(objects, {}, namespace="shop-test")
    evaluator = Evaluator(found)
    everyone = [*found.workloads.values(), evaluator.outside]
    names = {each.name: _object_name(each) for each in everyone}
    return {
        (names[source], names[target])
        for (source, target), ports in evaluator.matrix(everyone, everyone).items()
        if ports == ALL or source == OUTSIDE
    }


def _object_name(each: Workload) -> str:
    if each.outside:
        return OUTSIDE
    return naming.member(each.stack, each.key) if each.key else naming.gateway(each.stack)


@dataclass
class _Container:
    """What runs, and the networks that it should belong to."""

    name: str
    networks: list[Network] = field(default_factory=list)


def expected(spec: Json, templates: Mapping[str, Json] | None = None, name: str = "shop") -> set[tuple[str, str]]:
    """The rule: two containers can talk if and only if they share a network.

    Everybody is in its own stack's, a gateway also where its stack is a member. The exceptions are declared: a network
    of its own, the parent's, or one that an ancestor shares by name; and a gateway joins what it routes to.
    """
    containers = list(_containers(spec, name, templates or {}, None, {}, []))
    return {
        (one.name, other.name)
        for one, other in permutations(containers, 2)
        if not set(one.networks).isdisjoint(other.networks)
    }


def _containers(
    spec: Json,
    name: str,
    templates: Mapping[str, Json],
    parent: Network | None,
    shared: Mapping[str, Network],
    above: list[Network],
) -> Iterator[_Container]:
    own = (name, "siblings")
    declared, below = _declared(spec.get("networks") or {}, own, shared)
    members = {
        key: _memberships(service.get("networks") or {}, own, parent, declared)
        for key, service in spec["services"].items()
    }
    routed = [key for key, service in spec["services"].items() if service.get("interface")]
    if routed:
        front = _Container(naming.gateway(name), [own, *above])
        for key in sorted(routed, key=lambda key: _longest_prefix(spec, key)):
            if set(front.networks).isdisjoint(members[key]):
                front.networks.append(members[key][0])
        yield front
    for key, service in spec["services"].items():
        if service.get("type") != "stack":
            yield _Container(naming.member(name, key), members[key])
            continue
        inside = service["stack"] if "stack" in service else templates.get(service["stackRef"]["name"])
        if inside is None:
            continue
        yield from _containers(inside, naming.member(name, key), templates, own, below, members[key])


def _longest_prefix(spec: Json, key: str) -> tuple[int, str]:
    """The order in which a gateway looks at its routes."""
    return min((-len(prefix), prefix) for prefix in spec["services"][key]["interface"])


def _declared(
    networks: Json, own: Network, shared: Mapping[str, Network]
) -> tuple[dict[str, Network], dict[str, Network]]:
    """The networks of a stack by key; and those that its children find, by their common name."""
    found, here, below = {}, dict(shared), dict(shared)
    for key, network in sorted(networks.items()):
        common = network.get("name") or (key if network.get("external") else None)
        if key in (*_OWN, "parent"):
            continue
        found[key] = (own[0], key)
        if common:
            found[key] = here.setdefault(common, found[key])
            if not network.get("external"):
                below.setdefault(common, found[key])
    return found, below


def _memberships(written: Json, own: Network, parent: Network | None, declared: Json) -> list[Network]:
    """The stack's own network unless others of its own are named; the parent's comes on top."""
    keys = sorted(written)
    listed = [declared[key] for key in keys if key in declared]
    if not listed or any(key in _OWN for key in keys):
        listed.insert(0, own)
    if "parent" in keys and parent is not None:
        listed.append(parent)
    return list(dict.fromkeys(listed))
