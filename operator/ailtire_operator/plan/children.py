"""Plans child stacks as AiltireStacks: the child's definition and its ``spec.place``."""

from typing import Any, Final

from pydantic import ValidationError

from ailtire_operator import naming
from ailtire_operator.model.field_path import path_of
from ailtire_operator.model.loading import Level, child_level, first_level
from ailtire_operator.model.place import Place
from ailtire_operator.model.problems import InvalidStack, invalid
from ailtire_operator.model.service import Service
from ailtire_operator.model.templates import without_marks
from ailtire_operator.model.values import latest
from ailtire_operator.plan import budget, dependencies
from ailtire_operator.plan.gateway import edge
from ailtire_operator.plan.gateway.routes import Route
from ailtire_operator.plan.network.membership import Networks
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import ChildPlan, Manifest
from ailtire_operator.plan.values import manifest

_URL_LIMIT = 32


def plan_children(scope: Scope, networks: Networks, routes: list[Route]) -> tuple[dict[str, ChildPlan], list[Manifest]]:
    """The child resources; a child whose template is missing or invalid has none, and its plan has the reason."""
    plans, objects = {}, []
    above = first_level(scope.name, scope.spec)
    for key, service in scope.spec.children.items():
        name = naming.member(scope.name, key)
        waits = dependencies.of_stack(scope, key, service)
        plans[key] = ChildPlan(key, name, depends_on=waits)
        try:
            level = child_level(above, key, scope.observed.templates)
            if level is not None:
                stopped = scope.stopped or service.stopped or level.spec.stopped
                plans[key] = ChildPlan(key, name, depends_on=waits, stopped=stopped)
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
        spec["place"]["images"] = scope.images  # the same object for all children, to save memory
    if "env" in spec["place"]:
        spec["place"]["env"] = scope.env
    annotations = {naming.ANNOTATION_KEY: level.key}
    return manifest(
        naming.API_VERSION, naming.KIND, level.name, scope.labels(level.key), annotations=annotations, spec=spec
    )


def _definition(scope: Scope, service: Service, level: Level) -> dict[str, Any]:
    """The child's definition as it is written into its resource; one object per template, whoever refers to it."""
    if service.stack_ref is None:
        written: dict[str, Any] = _without_nulls(service.stack)
        return written
    name = service.stack_ref.name
    if name not in scope.copies:
        scope.copies[name] = _without_nulls(level.spec.to_json())
    return scope.copies[name]


_KEYS_WITHOUT_VALUE: Final = frozenset({"networks", "interface", "data"})
"""Maps in which a key has a meaning even with an empty value."""


def _without_nulls(value: Any, field: str = "") -> Any:
    """Without nulls, as the API server drops them, except for entries of some maps.

    Where a map in a definition loses its last entry, server-side apply writes null in its place. ``field`` is the
    name of the field that holds the value; a member's key is no field.
    """
    if isinstance(value, dict):
        return {
            name: {} if each is None else _without_nulls(each, "" if field == "services" else name)
            for name, each in value.items()
            if each is not None or field in _KEYS_WITHOUT_VALUE
        }
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    return value


def _place(scope: Scope, networks: Networks, routes: list[Route], service: Service, level: Level) -> Place:
    ways = _external_urls(scope, routes, level.key)
    optional: dict[str, Any] = {
        "tree_gateway": scope.has_tree_gateway or None,
        "gateway_port": scope.observed.gateway.ports.get(level.name),
        "gateway_replicas": scope.gateway_replicas,
        "gateway_max_body": scope.gateway_max_body,
        "images": scope.images,
        "env": scope.env,
        "image_registry": scope.image_registry,
        "image_pull_secrets": scope.image_pull_secrets,
        "environment": scope.environment,
        "exposure": (scope.spec.exposure or (scope.spec.place.exposure if scope.spec.place else None)),
        "stopped": scope.stopped or service.stopped or None,
        "restarted_at": latest(scope.restarted_at, service.restarted_at),
        "networks": {name: str(network) for name, network in networks.below.items()},
        "internal_networks": sorted(str(each) for each in networks.internal.intersection(networks.below.values())),
        "urls": [url.url for url in ways],
        "url_paths": {url.url: url.seen for url in ways if url.seen},
        "additional_kinds": sorted(level.kinds),
        "service_accounts": sorted(level.pod_accounts),
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
    except ValidationError as error:  # own and inherited values together exceed the limits of a place
        raise invalid(path_of(level.path, "place"), error) from None


def _external_urls(scope: Scope, routes: list[Route], key: str) -> list[edge.ExternalUrl]:
    """The URLs of a child's gateway."""
    prefixes = edge.outermost([route.prefix for route in routes if route.service == key])
    leading = [route for prefix in prefixes for route in routes if route.prefix == prefix]
    found = [edge.through(url, route, routes) for url in edge.external_urls(scope) for route in leading]
    return [url for url in found if url is not None][:_URL_LIMIT]
