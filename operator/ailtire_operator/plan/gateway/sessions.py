"""Writes the groups of pods of routes with sessions: nginx's own cookie names the caller's pod.

The value of the cookie is nginx's hash of the pod's address and port. So all replicas of a gateway understand it, no
configuration changes with the pods, and no caller can name an address that is no pod of the service.
"""

from dataclasses import dataclass
from typing import Any

from ailtire_operator import naming
from ailtire_operator.plan.gateway.nginx_text import Directive, directive
from ailtire_operator.plan.gateway.routes import Route, pods_service
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Manifest
from ailtire_operator.plan.values import manifest

_MEMORY = "256k"
"""For the addresses of a service's pods, which the workers share: enough for hundreds."""


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """The pods of a service with sessions."""

    host: str
    """The full DNS name of the service."""
    port: int
    cookie: str
    """The name of the cookie."""
    pods: str
    """The full DNS name with the addresses of all ready pods."""

    @property
    def name(self) -> str:
        """The group's name; it stands in the access log as the host behind the gateway."""
        return f"{self.host}-{self.port}"

    def to_json(self) -> dict[str, Any]:
        """Its fields."""
        return {"host": self.host, "port": self.port, "cookie": self.cookie, "pods": self.pods}


def groups(routes: list[Route]) -> list[Directive]:
    """The upstream of each service with sessions."""
    return [upstream(each) for each in used(routes)]


def used(routes: list[Route]) -> list[Group]:
    """The groups of routes that are not stopped."""
    found: dict[str, Group] = {}
    for route in routes:
        if route.pods and route.policies.session and not route.stopped:
            group = Group(route.host, route.port, route.policies.session.cookie, route.pods)
            found[group.name] = group
    return list(found.values())


def upstream(group: Group) -> Directive:
    """The upstream of a group; its names are resolved again and again."""
    block = [
        directive("zone", group.name, _MEMORY),
        directive("sticky", "cookie", group.cookie, "path=/", "httponly"),
        # By default a pod is left out for ten seconds after an error: its callers would all lose their session.
        directive("server", f"{group.pods}:{group.port}", "max_fails=0", "resolve"),
    ]
    return directive("upstream", group.name, block=block)


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
    """The name of the group of a route's pods."""
    return f"{route.host}-{route.port}"
