"""Plans the gateway of a stack: an nginx in place of upstream's stack container, if a member has an interface."""

from dataclasses import dataclass

from ailtire_operator import naming
from ailtire_operator.model.field_path import SPEC, Bracketed, path_of
from ailtire_operator.plan.gateway import for_tree, nginx, sessions, workload
from ailtire_operator.plan.gateway.routes import Route, Stream, report_dead_ends, routes, streams
from ailtire_operator.plan.gateway.tree import CONFIGURATION_FILE
from ailtire_operator.plan.network.membership import NetworkId, Networks
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Manifest, ServicePlan, Table
from ailtire_operator.plan.values import manifest
from ailtire_operator.plan.workload.service_objects import disruption_budget

_RESOURCES = {"requests": {"cpu": "25m", "memory": "16Mi"}}
"""Small, but not zero: a pod without requests gets no CPU share on a busy node and is evicted first."""


@dataclass(frozen=True, slots=True)
class GatewayPlan:
    """What takes the requests of one stack: a gateway of its own, or that of its tree."""

    plan: ServicePlan | None
    """The workload that is the stack's; None where the root has it."""
    objects: list[Manifest]
    routes: list[Route]
    ports: list[int]
    """Ports of the stack's own gateway that answer; none if it has none."""
    tree_ports: list[int]
    """The same at the gateway of the tree."""
    table: Table | None = None
    """The routes at the gateway of the tree."""


def plan_gateway(scope: Scope, networks: Networks) -> GatewayPlan | None:
    """The gateway and its objects, or None if no member has an interface.

    A stack that is to be served by its tree's gateway, or no longer, has both until its Service leads to the other.
    """
    for_tree.check(scope)
    if not scope.spec.has_interface:
        if scope.spec.edge is not None:
            scope.report(
                path_of(SPEC, "edge"),
                "ignored",
                "no service has an interface, so there is nothing to reach from outside.",
            )
        shared = for_tree.plan_workload(scope, networks, None)
        return GatewayPlan(shared.plan, shared.objects, [], [], []) if shared else None
    found, passed = routes(scope), streams(scope)
    report_dead_ends(scope)
    behind = [*(each.service for each in found), *(each.service for each in passed)]
    joined = gateway_networks(scope, networks, behind)
    way = for_tree.way(scope)
    labels = scope.labels() | {naming.LABEL_COMPONENT: naming.COMPONENT_GATEWAY}
    ports = [naming.GATEWAY_PORT, *(stream.listen for stream in passed)]
    objects = [_service(scope, labels, passed, for_tree.target(scope) if way.leads_there else None)]
    objects += sessions.services(scope, found)
    plan, table, tree_ports = None, None, list[int]()
    if way.has_own:
        plan, own = _own(scope, networks, joined, found, passed, labels)
        objects += own
    if way.is_served:
        table = for_tree.table_of(scope, found, passed)
        tree_ports = [table.port, *(stream.listen for stream in passed)] if scope.spec.place is None else [table.port]
        objects.append(for_tree.entry_policy(scope, joined, tree_ports))
    shared = for_tree.plan_workload(scope, networks, table)
    if shared is not None:
        objects += shared.objects
        plan = shared.plan if scope.is_served_by_tree else plan
    return GatewayPlan(plan, objects, found, ports if way.has_own else [], tree_ports, table)


def _own(
    scope: Scope,
    networks: Networks,
    joined: list[NetworkId],
    found: list[Route],
    passed: list[Stream],
    labels: dict[str, str],
) -> tuple[ServicePlan, list[Manifest]]:
    """The workload of the stack's own gateway, and its objects but for the Service."""
    text = nginx.configuration(scope, found, passed)
    configuration = naming.gateway_config(scope.name, text)
    name = naming.gateway(scope.name)
    replicas = workload.replicas(scope)
    secrets = {
        c.authentication.secret
        for route in found
        if (c := route.policies.access_control) is not None and c.authentication
    }
    spec = workload.deployment(
        scope,
        name,
        scope.gateway_selector(),
        searched=joined[:1],
        joined=joined,
        configuration=configuration,
        secrets=sorted(secrets),
        ports=[stream.listen for stream in passed],
        defaults=_RESOURCES,
    )
    objects = [
        manifest("v1", "ConfigMap", configuration, labels, data={CONFIGURATION_FILE: text}),
        manifest("apps/v1", "Deployment", name, labels, spec=spec),
    ]
    if replicas > 1:
        objects.append(disruption_budget(name, labels, scope.gateway_selector()))
    return ServicePlan("", "Deployment", name, replicas), objects


def _service(scope: Scope, labels: dict[str, str], passed: list[Stream], tree_port: int | None) -> Manifest:
    """The gateway's Service: port 3000, as upstream's stack container has; at the root also the published ports.

    ``tree_port``: where the stack answers at the gateway of its tree; None while the Service leads to its own.
    """
    ports = {naming.GATEWAY_PORT: naming.GATEWAY_PORT} | {stream.listen: stream.listen for stream in passed}
    if scope.spec.place is None and scope.spec.interface is not None:
        known = set(ports)
        for external, inner in sorted(scope.spec.interface.ports.items()):
            if int(external) == naming.GATEWAY_PORT != inner:
                message = f"the edge and the stack's members use port {naming.GATEWAY_PORT}."
                scope.report(
                    path_of(SPEC, "interface", "ports", Bracketed(external)),
                    "rejected",
                    message,
                    "Use another external port.",
                )
            elif inner in known:
                ports[int(external)] = inner
        if ports.get(443) == naming.GATEWAY_PORT:
            message = "the gateway speaks plain HTTP on this port; certificates belong to the edge."
            scope.report(
                path_of(SPEC, "interface", "ports", Bracketed("443")), "approximate", message, "Set spec.edge.tls."
            )
    if tree_port is not None:
        ports = {outer: tree_port if inner == naming.GATEWAY_PORT else inner for outer, inner in ports.items()}
    listed = [
        {"name": f"p-{outer}", "port": outer, "protocol": "TCP", "targetPort": inner}
        for outer, inner in sorted(ports.items())
    ]
    selector = scope.gateway_selector() if tree_port is None else scope.tree_gateway_selector()
    spec = {"type": "ClusterIP", "selector": selector, "ports": listed}
    return manifest("v1", "Service", scope.name, labels, spec=spec)


def gateway_networks(scope: Scope, networks: Networks, behind: list[str]) -> list[NetworkId]:
    """The gateway's networks: the stack's own, its parent's, and others only for services that are in neither."""
    joined = [networks.own]
    if scope.spec.place is not None:
        joined += map(NetworkId.parse, scope.spec.place.gateway_networks)
    for key in behind:
        theirs = list(networks.of(scope.spec.services[key]))
        if not set(joined).intersection(theirs):
            joined.append(theirs[0])
    return list(dict.fromkeys(joined))
