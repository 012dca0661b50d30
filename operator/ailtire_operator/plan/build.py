"""Builds the plan of one stack: its objects, its notices and its problems."""

from ailtire_operator.model.dependencies import in_order
from ailtire_operator.model.settings import Settings
from ailtire_operator.model.stack import Stack
from ailtire_operator.plan import additional_kinds, budget, children, dependencies, no_effect, swarm_only, verification
from ailtire_operator.plan.gateway import edge, gateway
from ailtire_operator.plan.gateway.gateway import GatewayPlan
from ailtire_operator.plan.gateway.routes import Route
from ailtire_operator.plan.network import membership, task_names, zones
from ailtire_operator.plan.network.membership import Networks
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.storage import data_folders, files, volumes
from ailtire_operator.plan.types import Manifest, Observed, Plan, RoutePlan, ServicePlan
from ailtire_operator.plan.workload import environment, secret_reloads, security, service_objects

_ORDER = {"Service": 0, "AiltireStack": 2}


def plan(stack: Stack, settings: Settings, observed: Observed) -> Plan:
    """The plan of the stack. Raises InvalidStack with all values of the definition that cannot be honoured."""
    scope = Scope(stack, settings, observed)
    budget.check(scope)
    networks = membership.of_stack(scope)
    security.check_profile(scope)
    additional_kinds.check(scope)
    environment.check_inherited(scope)
    services, objects = _services(scope, networks)
    objects += [*volumes.claims(scope), *files.config_maps(scope)]
    front = gateway.plan_gateway(scope, networks)
    routes = front.routes if front else []
    found, resources = children.plan_children(scope, networks, routes)
    objects += zones.zones(scope, membership.name_tables(scope, networks))
    objects += zones.policies(scope, networks, *_edge_ports(scope, front))
    objects += [*(front.objects if front else []), *edge.plan_edge(scope), *resources]
    check = verification.plan_verification(scope, networks, services)
    objects += [check[1]] if check else []
    ways = edge.external_urls(scope)
    scope.found.check()
    no_effect.report(scope)
    swarm_only.report(scope)
    data_folders.report(scope)
    task_names.report(scope)
    secret_reloads.report(scope)
    dependencies.report_endless(scope, services)
    return Plan(
        stack=stack,
        objects=tuple(sorted(objects, key=_place_in_order)),
        notices=tuple(sorted(scope.notices)),
        services=services,
        children=found,
        routes=tuple(_route_plan(route, routes, ways) for route in sorted(routes, key=lambda each: each.prefix)),
        gateway=front.plan if front else None,
        table=front.table if front else None,
        urls=tuple(way.url for way in ways),
        verification=check[0] if check else None,
    )


def _services(scope: Scope, networks: Networks) -> tuple[dict[str, ServicePlan], list[Manifest]]:
    """The plain services in their own order; each is planned after its dependencies, whose hashes it may need."""
    plans: dict[str, ServicePlan] = {}
    objects: list[Manifest] = []
    hashes: dict[str, str] = {}
    members = scope.spec.plain
    for key in in_order({key: service.depends_on for key, service in scope.spec.services.items()}):
        if key in members:
            plans[key], made = service_objects.plan_service(scope, networks, key, members[key], hashes)
            hashes[key] = plans[key].template_hash
            objects += made
    return {key: plans[key] for key in members}, objects


def _edge_ports(scope: Scope, front: GatewayPlan | None) -> tuple[list[int], list[int]]:
    """The ports at which the stack is reached from outside: of its own gateway, and of that of its tree."""
    published = scope.spec.place is None and scope.spec.interface is not None and bool(scope.spec.interface.ports)
    if front is None or not (scope.spec.edge is not None or published):
        return [], []
    return front.ports, front.tree_ports


def _place_in_order(manifest: Manifest) -> tuple[int, str, str]:
    return _ORDER.get(manifest["kind"], 1), manifest["kind"], manifest["metadata"]["name"]


def _route_plan(route: Route, routes: list[Route], ways: tuple[edge.ExternalUrl, ...]) -> RoutePlan:
    return RoutePlan(route.prefix, route.service, route.port, edge.route_urls(route, routes, ways))
