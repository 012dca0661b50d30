"""Where a tree is reached from outside, service by service; and what to do where it is not. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cli.paths import PathTarget, paths
from ailtire_operator.cli.trees import Resource, services_of
from ailtire_operator.cli.wait_conditions import subtree

_LOCAL_PORT: Final = 8080


@dataclass(frozen=True, slots=True)
class Address:
    """One URL and what answers there."""

    url: str
    service: str
    """Its path in the tree."""
    port: int
    ready: bool
    """Whether at least one replica is ready."""

    def to_json(self) -> dict[str, Any]:
        """As data; the form is part of the command's promise (docs/cli.md)."""
        return {"url": self.url, "service": self.service, "port": self.port, "ready": self.ready}


def addresses(asked: PathTarget, tree: Sequence[Resource]) -> list[Address]:
    """The URLs of the stack and of all below it, or of one service."""
    known = paths(tree)
    stacks = [asked.stack] if asked.key else subtree(asked.stack, tree)
    routed = {known[each["metadata"]["name"]] for each in stacks if _routes(each)}
    found = [each for stack in stacks for each in _of_stack(stack, known[stack["metadata"]["name"]], routed)]
    return [each for each in found if not asked.key or each.service == asked.path]


def _of_stack(stack: Resource, path: str, routed: set[str]) -> Iterator[Address]:
    services = (stack.get("status") or {}).get("services") or {}
    for route in _routes(stack):
        behind = f"{path}/{route['service']}"
        # What is behind the route to a child stack stands there, under the same URLs.
        if route.get("url") and behind not in routed:
            ready = (services.get(route["service"]) or {}).get("ready", 0) > 0
            yield Address(route["url"], behind, route["port"], ready)


def advice(asked: PathTarget, namespace: str) -> tuple[str, str]:
    """Why there is no URL, and what helps."""
    routes = [each for each in _routes(asked.stack) if asked.key in ("", each["service"])]
    if not routes:
        if asked.key:
            return f"{asked.path} has no interface, so no gateway leads to it", _forward_workload(asked, namespace)
        return f"no service of {asked.path} has an interface, so there is no gateway", "Give a service an interface."
    name = asked.name
    forward = f"kubectl port-forward -n {namespace} service/{name} {_LOCAL_PORT}:{naming.GATEWAY_PORT}"
    shown = f"http://localhost:{_LOCAL_PORT}{routes[0]['path']}"
    reason = f"{asked.path} has routes, but no edge above or in it names a host, so nothing is reached from outside"
    return reason, f"Set spec.edge.hosts at the root; until then, '{forward}' gives {shown}."


def _forward_workload(asked: PathTarget, namespace: str) -> str:
    written = services_of(asked.stack).get(asked.key) or {}
    workload = ((asked.stack.get("status") or {}).get("services") or {}).get(asked.key) or {}
    ports = [each["port"] for each in (written.get("ports") or {}).values()]
    if not ports or not workload.get("name"):
        return "Give it one."
    target = f"{workload['kind'].lower()}/{workload['name']}"
    return f"Give it one; until then, 'kubectl port-forward -n {namespace} {target} {ports[0]}' reaches it."


def _routes(stack: Resource) -> list[dict[str, Any]]:
    return (stack.get("status") or {}).get("routes") or []
