"""Writes the groups of pods of routes with sessions: nginx's own cookie names the caller's pod.

The value of the cookie is nginx's hash of the pod's address and port. So all replicas of a gateway understand it, no
configuration changes with the pods, and no caller can name an address that is no pod of the service.
"""

from ailtire_operator import naming
from ailtire_operator.plan.gateway.nginx_text import Directive, directive
from ailtire_operator.plan.gateway.routes import Route, pods_service
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Manifest
from ailtire_operator.plan.values import manifest

_MEMORY = "256k"
"""For the addresses of a service's pods, which the workers share: enough for hundreds."""


def groups(routes: list[Route]) -> list[Directive]:
    """The upstream of each service with sessions; its names are resolved again and again."""
    found: dict[str, Directive] = {}
    for route in routes:
        if route.pods and route.policies.session and not route.stopped:
            name = group(route)
            block = [
                directive("zone", name, _MEMORY),
                directive("sticky", "cookie", route.policies.session.cookie, "path=/", "httponly"),
                # By default a pod is left out for ten seconds after an error: its callers would all lose their session.
                directive("server", f"{route.pods}:{route.port}", "max_fails=0", "resolve"),
            ]
            found[name] = directive("upstream", name, block=block)
    return list(found.values())


def services(scope: Scope, routes: list[Route]) -> list[Manifest]:
    """The headless Services with the addresses of pods, where a member's own Service has only one address."""
    found = []
    for key in sorted({route.service for route in routes if route.pods}):
        name = pods_service(scope, key, scope.spec.services[key])
        if name == naming.member(scope.name, key):
            continue
        numbers = sorted({route.port for route in routes if route.service == key})
        ports = [{"name": f"p-{number}-tcp", "port": number, "protocol": "TCP"} for number in numbers]
        spec = {"clusterIP": "None", "type": "ClusterIP", "selector": scope.service_selector(key), "ports": ports}
        found.append(manifest("v1", "Service", name, scope.labels(key), spec=spec))
    return found


def group(route: Route) -> str:
    """The name of the group of a route's pods; it stands in the access log as the host behind the gateway."""
    return f"{route.host}-{route.port}"
