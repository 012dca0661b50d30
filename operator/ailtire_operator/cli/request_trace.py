"""Where a request goes: from the edge through the gateway of each stack to the service that answers it. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, unquote

from ailtire_operator import naming
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.gateway_routes import (
    children_of,
    gateway_of,
    id_of,
    is_stack,
    rules,
    service_state,
    stripping,
)
from ailtire_operator.cli.outside import (
    Outside,
    chain,
    edge_blocker,
    edge_kind,
    gateway_blocker,
    service_blocker,
    status_blocker,
)
from ailtire_operator.cli.paths import paths
from ailtire_operator.cli.stack_gateways import gateway_workload
from ailtire_operator.cli.trees import Resource, State, services, spec_of, state_of
from ailtire_operator.cluster.kinds import INGRESS
from ailtire_operator.model.settings import Settings
from ailtire_operator.plan.gateway.routes import Route
from ailtire_operator.status.text import listed

_SLASHES: Final = re.compile("/+")
_NORMALISED: Final = re.compile(r"\.\.|%2e|//", re.IGNORECASE)
"""What makes a gateway pass on the normalised path in place of the one that was sent."""
_LISTED: Final = 12


@dataclass(frozen=True, slots=True)
class Hop:
    """One gateway that a request passes."""

    gateway: str
    """The name of its Deployment."""
    id: str
    """NAMESPACE/NAME of its stack."""
    stack: str
    """The path of its stack."""
    route: Route
    forwards: str
    """The path that it asks for behind it."""
    ready: int
    wanted: int
    state: State
    reason: str
    """Why it lets nothing through; empty where it does."""

    def to_json(self) -> dict[str, Any]:
        """As data."""
        return {
            "gateway": self.gateway,
            "id": self.id,
            "stack": self.stack,
            "matched": self.route.prefix or "/",
            **stripping(self.route),
            "forwards": self.forwards,
            "service": self.route.service,
            "port": self.route.port,
            "protocol": self.route.scheme,
            "rules": rules(self.route.policies),
            "state": str(self.state),
            "ready": self.ready,
            "wanted": self.wanted,
            "reason": self.reason,
        }


@dataclass(slots=True)
class Trace:
    """The answer."""

    host: str
    path: str
    message: str = ""
    """Who answers, or why nobody does."""
    edge: dict[str, Any] | None = None
    hops: list[Hop] = field(default_factory=list)
    service: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """As data."""
        return {
            "host": self.host,
            "path": self.path,
            "answer": "none" if self.service is None else "found",
            "message": self.message,
            "edge": self.edge,
            "hops": [each.to_json() for each in self.hops],
            "service": self.service,
        }


def trace(
    asked: Resource, tree: Sequence[Resource], outside: Outside, host: str, path: str, settings: Settings
) -> Trace:
    """Follow a request. With a host it comes in by the edge that has it, else at the gateway of the stack itself.

    ``tree`` is the whole one. Raises Failure for what is no path of a URL.
    """
    found = Trace(host, path)
    walk = _Walk(tree, outside, settings, found)
    entry = walk.entry(host) if host else asked
    if entry is not None:
        walk.follow(entry, path)
    return found


class _Walk:
    def __init__(self, tree: Sequence[Resource], outside: Outside, settings: Settings, found: Trace) -> None:
        self._tree = tree
        self._outside = outside
        self._settings = settings
        self._found = found
        self._paths = paths(tree)
        self._children = children_of(tree)

    def entry(self, host: str) -> Resource | None:
        """The stack whose edge has a host; of several the outermost."""
        edges = [each for each in self._tree if _edge(each) is not None]
        edges.sort(key=lambda each: len(chain(each, self._tree)))
        for each in edges:
            if _has(each, host):
                edge = _edge(each) or {}
                self._found.edge = {
                    "kind": edge_kind(each),
                    "stack": self._path(each),
                    "hosts": list(edge.get("hosts") or ()),
                    "secure": bool(edge.get("tls")),
                    "reason": edge_blocker(each, self._outside),
                }
                return each
        hosts = [str(host) for each in edges for host in (_edge(each) or {}).get("hosts") or ()]
        known = f"there are: {listed(hosts, _LISTED)}" if hosts else "there is no edge with a host"
        self._found.message = f"no edge of the tree has the host {host}; {known}"
        return None

    def follow(self, stack: Resource, path: str) -> None:
        """From gateway to gateway; bounded, as whoever may write a place may write a circle."""
        for _ in self._tree:
            gateway = gateway_of(stack, self._settings)
            where = self._path(stack)
            if gateway.problem or not gateway.routes:
                why = gateway.problem or f"no service of {where} has an interface, so it has no gateway"
                self._found.message = why
                return
            route = matching(gateway.routes, path)
            if route is None:
                prefixes = listed([each.prefix or "/" for each in gateway.routes], _LISTED)
                self._found.message = (
                    f"the gateway of {where} has no route for {path}, and answers 404; it has: {prefixes}"
                )
                return
            path = forwarded(route, path)
            self._found.hops.append(self._hop(stack, route, path))
            child = self._children.get((stack["metadata"]["name"], naming.sanitize(route.service)))
            if child is None:
                self._arrive(stack, route)
                return
            if route.stopped:
                self._found.message = f"the gateway of {where} answers 503: {self._path(child)} is stopped"
                return
            stack = child

    def _path(self, stack: Resource) -> str:
        return self._paths[stack["metadata"]["name"]]

    def _hop(self, stack: Resource, route: Route, forwards: str) -> Hop:
        where = self._path(stack)
        reason = status_blocker(stack, where) or gateway_blocker(stack, where, self._outside)
        gateway = gateway_workload(stack).name
        found = self._outside.gateways.get(gateway)
        ready = ((found or {}).get("status") or {}).get("readyReplicas", 0)
        wanted = ((found or {}).get("spec") or {}).get("replicas", 1) if found else 0
        return Hop(
            gateway=gateway,
            id=id_of(stack),
            stack=where,
            route=route,
            forwards=forwards,
            ready=ready,
            wanted=wanted,
            state=_gateway_state(stack, found, reason),
            reason=reason,
        )

    def _arrive(self, stack: Resource, route: Route) -> None:
        where = f"{self._path(stack)}/{route.service}"
        if is_stack(stack, route.service):
            self._found.message = f"the stack {where} has not been made yet"
            return
        node = next((each for each in services(stack) if each.key == route.service), None)
        reason = service_blocker(stack, route.service, self._path(stack))
        self._found.service = {
            "id": id_of(stack),
            "path": where,
            "stack": stack["metadata"]["name"],
            "key": route.service,
            "port": route.port,
            "protocol": route.scheme,
            "state": str(service_state(stack, route.service)),
            "ready": node.ready if node else 0,
            "wanted": node.wanted if node else 0,
            "reason": reason,
        }
        if route.stopped:
            self._found.message = f"the gateway of {self._path(stack)} answers 503: {where} is stopped"
            return
        first = next((each.reason for each in self._found.hops if each.reason), "")
        edge = (self._found.edge or {}).get("reason", "")
        in_the_way = edge or first or reason
        self._found.message = f"{where} answers" if not in_the_way else f"{where} would answer, but {in_the_way}"


def _gateway_state(stack: Resource, gateway: Resource | None, reason: str) -> State:
    if gateway is None:
        return State.MISSING if reason else state_of(stack)[0]
    if not reason:
        return State.READY
    return State.STOPPED if not gateway["spec"].get("replicas", 1) else State.TROUBLE


def _edge(stack: Resource) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = spec_of(stack).get("edge")
    return found


def _has(stack: Resource, host: str) -> bool:
    """Whether an edge takes requests for a host; one that names no host takes all."""
    hosts = [str(each).lower() for each in (_edge(stack) or {}).get("hosts") or ()]
    return not hosts or any(_is_for(each, host, one_label=edge_kind(stack) == INGRESS.kind) for each in hosts)


def _is_for(pattern: str, host: str, *, one_label: bool) -> bool:
    """``*.example.com``: an Ingress takes it for one label, an HTTPRoute for any number of them."""
    if not pattern.startswith("*."):
        return pattern == host
    label = host.removesuffix(pattern[1:])
    return host.endswith(pattern[1:]) and bool(label) and not (one_label and "." in label)


def matching(routes: Sequence[Route], path: str) -> Route | None:
    """The route that a gateway chooses; ``routes`` have the longest prefix first."""
    asked = normalised(path)
    return next((each for each in routes if f"{asked}/".startswith(f"{each.prefix}/")), None)


def forwarded(route: Route, path: str) -> str:
    """The path behind the gateway: as it was sent, percent encoding included; normalised where a prefix is taken off
    one with ``..`` or ``//`` in it."""
    if route.backend_path is None:
        return path
    odd = _NORMALISED.search(path) is not None
    sent = quote(normalised(path), safe="/-._~!$&'()*+,;=:@") if odd else path
    if sent.startswith(f"{route.prefix}/"):
        return f"{route.backend_path.rstrip('/')}/{sent[len(route.prefix) + 1 :]}"
    asked = normalised(path)
    if asked == route.prefix:
        return route.backend_path
    return f"{route.backend_path.rstrip('/')}/{quote(asked[len(route.prefix) + 1 :])}"


def normalised(path: str) -> str:
    """A path as nginx compares it: decoded, with single slashes, without ``.`` and ``..``. Raises Failure for one that
    nginx refuses."""
    return "".join(f"/{each}" for each in _segments(_SLASHES.sub("/", unquote(path)))) or "/"


def _segments(path: str) -> Iterator[str]:
    kept: list[str] = []
    parts = path.split("/")[1:]
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "..":
            if not kept:
                raise Failure("the path leads above its root, which a gateway answers with 400")
            kept.pop()
        elif part != ".":
            kept.append(part)
            continue
        if last:
            kept.append("")
    return iter(kept)
