"""Child stacks as resources: the child's definition, and its place in the tree."""

from typing import Any, Final

from pydantic import ValidationError

from ailtire_operator import naming
from ailtire_operator.model.loading import Level, child_level, first_level
from ailtire_operator.model.place import Place
from ailtire_operator.model.problems import InvalidStack, invalid
from ailtire_operator.model.service import Service
from ailtire_operator.model.templates import without_marks
from ailtire_operator.plan import budget, dependencies
from ailtire_operator.plan.gateway import edge
from ailtire_operator.plan.gateway.routes import Route
from ailtire_operator.plan.network.membership import Networks
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import ChildPlan, Manifest
from ailtire_operator.plan.values import manifest

_URL_LIMIT = 32


def plan_children(scope: Scope, networks: Networks, routes: list[Route]) -> tuple[dict[str, ChildPlan], list[Manifest]]:
    """The child resources; for one that is missing or wrong there is none, and its plan says so."""
    plans, objects = {}, []
    above = first_level(scope.name, scope.spec)
    for key, service in scope.spec.children.items():
        name = naming.member(scope.name, key)
        waits = dependencies.of_stack(scope, key, service)
        plans[key] = ChildPlan(key, name, depends_on=waits)
        try:
            level = child_level(above, key, scope.observed.templates)
            if level is not None:
                objects.append(_resource(scope, networks, routes, service, level))
            elif service.stack_ref is not None:
                reference = service.stack_ref
                plans[key] = ChildPlan(key, name, missing=reference.name, optional=reference.optional, depends_on=waits)
        except InvalidStack as error:
            plans[key] = ChildPlan(key, name, problem=error.found, depends_on=waits)
    return plans, objects


def _resource(scope: Scope, networks: Networks, routes: list[Route], service: Service, level: Level) -> Manifest:
    place = budget.given(scope, service, _place(scope, networks, routes, service, level))
    spec = without_marks(_definition(scope, service, level))
    spec["place"] = place.to_json()
    if "images" in spec["place"]:
        spec["place"]["images"] = scope.images  # the same for all, and held once
    annotations = {naming.ANNOTATION_KEY: level.key}
    return manifest(
        naming.API_VERSION, naming.KIND, level.name, scope.labels(level.key), annotations=annotations, spec=spec
    )


def _definition(scope: Scope, service: Service, level: Level) -> dict[str, Any]:
    """The child's definition as it is written into its resource; a template's is made once for all that refer to it."""
    if service.stack_ref is None:
        written: dict[str, Any] = _without_nulls(service.stack)
        return written
    name = service.stack_ref.name
    if name not in scope.copies:
        scope.copies[name] = _without_nulls(level.spec.to_json())
    return scope.copies[name]


_SAYING_KEYS: Final = frozenset({"networks", "interface", "data"})
"""Maps in which a key says something without any content."""


def _without_nulls(value: Any, field: str = "") -> Any:
    """The API server drops them, and so do we, but for the entries of some maps.

    Where a map in a definition loses its last entry, server-side apply itself makes null of it. ``field`` is the name
    of the field that holds the value; a member's key is no field.
    """
    if isinstance(value, dict):
        return {
            name: {} if each is None else _without_nulls(each, "" if field == "services" else name)
            for name, each in value.items()
            if each is not None or field in _SAYING_KEYS
        }
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    return value


def _place(scope: Scope, networks: Networks, routes: list[Route], service: Service, level: Level) -> Place:
    ways = _ways(scope, routes, level.key)
    optional: dict[str, Any] = {
        "gateway_replicas": scope.gateway_replicas,
        "gateway_max_body": scope.gateway_max_body,
        "images": scope.images,
        "image_registry": scope.image_registry,
        "image_pull_secrets": scope.image_pull_secrets,
        "environment": scope.environment,
        "exposure": (scope.spec.exposure or (scope.spec.place.exposure if scope.spec.place else None)),
        "networks": {name: str(network) for name, network in networks.below.items()},
        "internal_networks": sorted(str(each) for each in networks.internal.intersection(networks.below.values())),
        "urls": [way.url for way in ways],
        "url_paths": {way.url: way.seen for way in ways if way.seen},
        "additional_kinds": sorted(level.kinds),
        "reconcile_as": level.account,
        "templates": list(level.templates),
    }
    try:
        return Place(
            root=scope.stack.root,
            parent=scope.name,
            parent_key=level.key,
            parent_host=scope.gateway_host,
            depth=level.depth,
            app_name=scope.stack.app_name,
            security_profile=scope.security_profile,
            gateway_networks=[str(network) for network in networks.of(service)],
            **{name: value for name, value in optional.items() if value or value == 0},
        )
    except ValidationError as error:  # what this stack says and what it inherits are together more than a place holds
        raise invalid(f"{level.path}.place", error) from None


def _ways(scope: Scope, routes: list[Route], key: str) -> list[edge.ExternalUrl]:
    """The ways from outside to a child's gateway."""
    prefixes = edge.outermost([route.prefix for route in routes if route.service == key])
    leading = [route for prefix in prefixes for route in routes if route.prefix == prefix]
    found = [edge.through(way, route, routes) for way in edge.external_urls(scope) for route in leading]
    return [way for way in found if way is not None][:_URL_LIMIT]
