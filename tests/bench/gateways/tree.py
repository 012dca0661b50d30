"""The tree that is served: each stack with its routes as the operator plans them, and a port of its own."""

from dataclasses import dataclass, replace
from typing import Any, Final

from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.stack import Stack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.gateway.routes import Route, routes
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Observed
from support.definitions.stacks import SETTINGS

FIRST_PORT: Final = 10_000
"""Below the ports that the kernel gives to connections: else one of those could be taken."""
_SERVICES: Final = 4
ROOT: Final = "shop"


@dataclass
class Entry:
    """One stack of the tree."""

    scope: Scope
    routes: list[Route]
    port: int
    """Where its part of the proxy listens."""

    @property
    def name(self) -> str:
        return self.scope.name


@dataclass
class Tree:
    """All stacks, the root first."""

    entries: list[Entry]
    backend: int
    """The port of the one backend that answers for all services."""
    offset: int = 0
    """Added to all ports, so that several proxies run side by side."""

    def __post_init__(self) -> None:
        self.ports = {each.scope.full_name(each.name): each.port + self.offset for each in self.entries}

    def port(self, entry: Entry) -> int:
        return entry.port + self.offset

    def target(self, route: Route) -> tuple[str, int]:
        """The address behind a route: another port of the proxy for a child stack, else the backend."""
        return "127.0.0.1", self.ports.get(route.host, self.backend)

    def shifted(self, offset: int) -> "Tree":
        return Tree([replace(each, routes=list(each.routes)) for each in self.entries], self.backend, offset)

    def below(self, path: str) -> Entry:
        """The stack at a path of keys such as p0/p1."""
        name = "-".join([ROOT, *path.split("/")]) if path else ROOT
        return next(each for each in self.entries if each.name == name)


def tree(fan_out: tuple[int, ...], backend: int) -> Tree:
    """A tree with so many children at each level."""
    return of_definition(_definition(fan_out, backend), backend)


def of_definition(definition: dict[str, Any], backend: int) -> Tree:
    """The tree of a definition, planned stack by stack as the operator does."""
    found: list[Entry] = []
    waiting = [_parsed(ROOT, definition)]
    while waiting:
        stack = waiting.pop(0)
        scope = Scope(stack, SETTINGS, Observed())
        found.append(Entry(scope, routes(scope), FIRST_PORT + len(found)))
        made = plan(stack, SETTINGS, Observed()).objects
        waiting += [_parsed(each["metadata"]["name"], each["spec"]) for each in made if each["kind"] == "AiltireStack"]
    return Tree(found, backend)


def _parsed(name: str, spec: dict[str, Any]) -> Stack:
    metadata = {"name": name, "namespace": "shop-test", "uid": f"uid-{name}", "generation": 1}
    return parse_stack({"metadata": metadata, "spec": spec})


def _definition(below: tuple[int, ...], backend: int) -> dict[str, Any]:
    services: dict[str, Any] = {
        f"s{number}": {"image": "web:1", "user": "1000", "interface": {f"/s{number}": {"port": backend, "path": "/"}}}
        for number in range(_SERVICES)
    }
    for number in range(below[0] if below else 0):
        inner = _definition(below[1:], backend)
        services[f"p{number}"] = {"type": "stack", "interface": {f"/p{number}": {"path": "/"}}, "stack": inner}
    return {"services": services}
