"""Plans the Ingress or HTTPRoute of the root's gateway, and the external URLs. It rewrites no path, so that every
ingress controller can serve it; hosts and certificates come from ``spec.edge``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.edge import Edge
from ailtire_operator.model.field_path import SPEC, path_of
from ailtire_operator.plan.gateway.routes import Route
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Manifest
from ailtire_operator.plan.values import compact, manifest

_GATEWAY_API = "gateway.networking.k8s.io"


def plan_edge(scope: Scope) -> list[Manifest]:
    """The Ingress or HTTPRoute of a stack that has an edge and a gateway."""
    edge = scope.spec.edge
    if edge is None or not scope.spec.has_interface:
        return []
    if edge.kind == "Ingress":
        spec = _ingress(scope, edge)
        return [
            manifest(
                "networking.k8s.io/v1", "Ingress", scope.name, scope.labels(), annotations=edge.annotations, spec=spec
            )
        ]
    if not scope.observed.http_routes:
        message = "the cluster does not serve HTTPRoute, so nothing is reached from outside."
        scope.report(path_of(SPEC, "edge", "kind"), "gated", message, "Install the Gateway API, or use kind: Ingress.")
        return []
    spec = _http_route(scope, edge)
    return [
        manifest(f"{_GATEWAY_API}/v1", "HTTPRoute", scope.name, scope.labels(), annotations=edge.annotations, spec=spec)
    ]


def _ingress(scope: Scope, edge: Edge) -> dict[str, Any]:
    backend = {"service": {"name": scope.name, "port": {"number": naming.GATEWAY_PORT}}}
    paths = {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}
    return compact(
        ingressClassName=edge.class_name,
        tls=[compact(hosts=list(edge.hosts), secretName=edge.tls.secret_name)] if edge.tls else None,
        rules=[{"host": host, "http": paths} for host in edge.hosts] or [{"http": paths}],
    )


def _http_route(scope: Scope, edge: Edge) -> dict[str, Any]:
    """Defaults are written out, as they are inside lists that server-side apply replaces as a whole."""
    reference = edge.parent_ref
    parent = {"group": _GATEWAY_API, "kind": "Gateway"}
    if reference is not None:
        parent |= compact(name=reference.name, namespace=reference.namespace, sectionName=reference.section_name)
    backend = {"group": "", "kind": "Service", "name": scope.name, "port": naming.GATEWAY_PORT, "weight": 1}
    rule = {"matches": [{"path": {"type": "PathPrefix", "value": "/"}}], "backendRefs": [backend]}
    return compact(parentRefs=[parent], hostnames=list(edge.hosts), rules=[rule])


@dataclass(frozen=True, slots=True)
class ExternalUrl:
    """An external URL of a stack's gateway or of one of its routes."""

    url: str
    """Without a trailing slash."""
    seen: str = ""
    """The path that the gateway or backend sees for this URL, without a trailing slash; empty for the root."""


def external_urls(scope: Scope) -> tuple[ExternalUrl, ...]:
    """The external URLs of the stack's gateway: by its own edge, and through its parent's gateway."""
    if not scope.spec.has_interface:
        return ()
    edge, place = scope.spec.edge, scope.spec.place
    scheme = "https" if edge and edge.tls else "http"
    own = [ExternalUrl(f"{scheme}://{host}") for host in edge.hosts] if edge else []
    above = [ExternalUrl(url, place.url_paths.get(url, "")) for url in place.urls] if place else []
    return (*own, *above)


def through(base: ExternalUrl, route: Route, routes: Sequence[Route]) -> ExternalUrl | None:
    """The URL continued through a route of ``routes`` (longest prefix first); None if another route answers it."""
    backend = route.prefix if route.backend_path is None else route.backend_path.rstrip("/")
    if f"{route.prefix}/".startswith(f"{base.seen}/"):
        return ExternalUrl(base.url + route.prefix[len(base.seen) :], backend)
    first = next((each for each in routes if f"{base.seen}/".startswith(f"{each.prefix}/")), None)
    return ExternalUrl(base.url, backend + base.seen[len(route.prefix) :]) if first is route else None


def route_urls(route: Route, routes: Sequence[Route], bases: Sequence[ExternalUrl]) -> tuple[str, ...]:
    """The external URLs of a route of ``routes``, for those of its gateway."""
    found = [(base, through(base, route, routes)) for base in bases]
    return tuple(each.url if route.prefix or base.seen else f"{each.url}/" for base, each in found if each)


def outermost(prefixes: list[str]) -> list[str]:
    """The prefixes that are not below another one: ``/web/socket.io`` is covered by ``/web``."""
    return [
        prefix
        for prefix in prefixes
        if not any(prefix != other and prefix.startswith(f"{other}/") for other in prefixes)
    ]
