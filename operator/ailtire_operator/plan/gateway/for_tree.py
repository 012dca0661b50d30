"""Plans what lets one gateway serve a whole tree: its workload at the root, and each stack's way to it.

A stack is served there by a port of its own, which its table names, its Service leads to and its policy opens.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.model.field_path import SPEC, path_of
from ailtire_operator.model.gateway_choice import keeps_own_gateway
from ailtire_operator.model.service import Service
from ailtire_operator.model.stack import StackSpec
from ailtire_operator.plan.gateway import table, tree, workload
from ailtire_operator.plan.gateway.routes import Route, Stream
from ailtire_operator.plan.network.membership import OWN, NetworkId, Networks, has_gateway
from ailtire_operator.plan.network.zones import MEMBER
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Manifest, ServicePlan, Table
from ailtire_operator.plan.values import manifest
from ailtire_operator.plan.workload.service_objects import disruption_budget

_RESOURCES: Final = {"requests": {"cpu": "50m", "memory": "64Mi"}}


@dataclass(frozen=True, slots=True)
class Way:
    """Through which gateway a stack is reached."""

    has_own: bool
    """It has a gateway of its own."""
    is_served: bool
    """The gateway of the tree has its routes."""
    leads_there: bool
    """Its Service leads to the gateway of the tree."""


@dataclass(frozen=True, slots=True)
class Workload:
    """The gateway of a whole tree."""

    plan: ServicePlan
    objects: list[Manifest]


def check(scope: Scope) -> None:
    """Refuse the choice of one gateway where it cannot be made, and report what has no effect."""
    gateway, path = scope.spec.gateway, path_of(SPEC, "gateway")
    if gateway is not None and gateway.tree and scope.spec.place is not None:
        message = f"one gateway for the tree is the choice of its root '{scope.stack.root}'; set it there, or remove it"
        scope.refuse(path_of(path, "tree"), message)
    if scope.spec.place is None or not scope.has_tree_gateway or not scope.spec.has_interface:
        return
    if not scope.spec.keeps_own_gateway:
        for field in ("replicas", "image", "resources"):
            if gateway is not None and getattr(gateway, field) is not None:
                message = "the gateway of the tree serves the stack."
                scope.report(path_of(path, field), "ignored", message, "Set it at the root, or set gateway.own.")
    elif gateway is None or not gateway.own:
        message = "TCP ports are passed through by number, so the stack has a gateway of its own."
        scope.report(path, "approximate", message)


def way(scope: Scope) -> Way:
    """The way of a stack with an interface. Its Service turns when the gateway to which it turns takes requests."""
    seen = scope.observed.gateway
    if scope.is_served_by_tree:
        is_own = seen.leads_to == "own"
        return Way(has_own=is_own, is_served=True, leads_there=not is_own or seen.tree_is_ready)
    there = seen.leads_to == "tree" and not seen.own_is_ready and scope.gateway_port is not None
    return Way(has_own=True, is_served=there, leads_there=there)


def target(scope: Scope) -> int:
    """The port of the stack at the gateway of the tree. The stack has one."""
    return scope.gateway_port or naming.GATEWAY_PORT


def table_of(scope: Scope, found: list[Route], passed: list[Stream]) -> Table:
    """The routes of the stack at the gateway of the tree. TCP ports are passed through for the root alone."""
    port = target(scope)
    streams = passed if scope.spec.place is None else []
    taken = [each.listen for each in streams if each.listen in naming.TREE_GATEWAY_PORTS]
    if taken:
        ports = f"{naming.TREE_GATEWAY_PORTS.start} to {naming.TREE_GATEWAY_PORTS.stop - 1}"
        message = f"TCP port {taken[0]} is one of {ports}, which the gateway of the tree needs itself; use another"
        scope.refuse(path_of(SPEC, "interface"), message)
    return Table(port, table.stack_table(scope, found, port, _children(scope), streams))


def _children(scope: Scope) -> dict[str, int]:
    """The ports of the children that the same gateway serves, by their keys."""
    seen, templates = scope.observed.gateway, scope.observed.templates
    if not scope.has_tree_gateway:
        return {}
    names = {key: naming.member(scope.name, key) for key in scope.spec.children}
    return {
        key: seen.ports[name]
        for key, name in names.items()
        if name in seen.ports
        and name not in seen.unserved
        and has_gateway(scope.spec.children[key], templates)
        and not _keeps_own(scope.spec.children[key], templates)
    }


def _keeps_own(service: Service, templates: Mapping[str, StackSpec]) -> bool:
    """Whether a child has a gateway of its own all the same; its definition is not validated yet."""
    if service.stack_ref is not None:
        found = templates.get(service.stack_ref.name)
        return found is not None and found.keeps_own_gateway
    return keeps_own_gateway(service.stack or {})


def entry_policy(scope: Scope, joined: list[NetworkId], ports: list[int]) -> Manifest:
    """The policy by which the stack's port is open to the networks that its own gateway would be in.

    And to the gateway itself, which calls a stack by its Service until it knows that it serves it.
    """
    peers: list[dict[str, Any]] = [{"podSelector": {"matchLabels": {each.label: MEMBER}}} for each in joined]
    peers.append({"podSelector": {"matchLabels": scope.tree_gateway_selector()}})
    rule = {"from": peers, "ports": [{"port": port, "protocol": "TCP"} for port in ports]}
    spec = {
        "podSelector": {"matchLabels": scope.tree_gateway_selector()},
        "policyTypes": ["Ingress"],
        "ingress": [rule],
    }
    name = naming.network_policy(scope.name, OWN, "entry")
    return manifest("networking.k8s.io/v1", "NetworkPolicy", name, labels(scope), spec=spec)


def labels(scope: Scope) -> dict[str, str]:
    """The labels of an object of the stack that is there for the gateway of the tree."""
    return scope.labels() | {naming.LABEL_COMPONENT: naming.COMPONENT_TREE_GATEWAY}


def plan_workload(scope: Scope, networks: Networks, own: Table | None) -> Workload | None:
    """The gateway for the whole tree, at its root; None elsewhere, and where nobody needs it (any more).

    ``own``: the root's own table. The pods change neither with a stack nor with a route; only a Secret with users that
    no stack had before is another volume.
    """
    seen = scope.observed.gateway
    if scope.spec.place is not None or not (scope.has_tree_gateway or (seen.exists and seen.is_used)):
        return None
    needs = table.needs_of([*seen.tables, *([own.text] if own else [])])
    name, selector, mine = naming.tree_gateway(scope.name), scope.tree_gateway_selector(), labels(scope)
    directories = [(number, naming.gateway_tables(scope.name, number)) for number in range(naming.GATEWAY_TABLES)]
    spec = workload.deployment(
        scope,
        name,
        selector,
        searched=[networks.own],
        joined=[],
        configuration=name,
        secrets=sorted(needs.secrets),
        ports=[],
        defaults=_RESOURCES,
        more=tuple(workload.tables(each, number, tree.TABLES_DIRECTORY) for number, each in directories),
    )
    files = tree.tree_files(scope, needs, _ports(seen.highest_port), seen.edges)
    objects = [
        manifest("v1", "ConfigMap", name, mine, data=files),
        *(manifest("v1", "ConfigMap", each, mine) for _, each in directories),
        manifest("apps/v1", "Deployment", name, mine, spec=spec),
        _without_a_port(scope),
    ]
    count = workload.replicas(scope)
    if count > 1:
        objects.append(disruption_budget(name, mine, selector))
    return Workload(ServicePlan("", "Deployment", name, count), objects)


def _ports(highest: int) -> range:
    """The ports of all stacks below the root, and of some more: each change reloads nginx."""
    first, step = naming.TREE_GATEWAY_PORTS.start, naming.TREE_GATEWAY_PORTS_STEP
    count = max(1, ceil((highest - first + 1) / step)) * step
    return range(first, min(first + count, naming.TREE_GATEWAY_PORTS.stop))


def _without_a_port(scope: Scope) -> Manifest:
    """The policy that closes the gateway's pods: what each stack's own policy opens is open, and nothing else."""
    spec = {"podSelector": {"matchLabels": scope.tree_gateway_selector()}, "policyTypes": ["Ingress"]}
    name = naming.network_policy(scope.name, OWN, "closed")
    return manifest("networking.k8s.io/v1", "NetworkPolicy", name, labels(scope), spec=spec)
