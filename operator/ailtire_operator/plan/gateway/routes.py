"""Makes the routes of a stack's gateway from the interfaces of its members, in both dialects of services.js."""

import re
from dataclasses import dataclass
from ipaddress import ip_network

from ailtire_operator import naming
from ailtire_operator.model.field_path import Bracketed, FieldPath, path_of
from ailtire_operator.model.policies import Policies
from ailtire_operator.model.service import Interface, Service
from ailtire_operator.plan.scope import Scope

_NO_POLICIES = Policies()
_SLASHES = re.compile("/+")


@dataclass(frozen=True, slots=True)
class Route:
    """One HTTP route."""

    prefix: str
    """The external prefix, without a trailing slash; empty for everything."""
    backend_path: str | None
    """The path that replaces the prefix; None leaves the path unchanged."""
    service: str
    """The member's key."""
    host: str
    """The full DNS name of the Service behind it."""
    port: int
    scheme: str
    """http or https."""
    policies: Policies
    pods: str = ""
    """The full DNS name with the addresses of all ready pods, where callers have sessions; else empty."""
    stopped: bool = False
    """Whether what is behind it is stopped."""

    @property
    def stripped(self) -> str:
        """The prefix that a service must prepend to its own paths in links; empty if they are the same outside."""
        kept = self.backend_path is None or self.backend_path.rstrip("/") == self.prefix
        return "" if kept else self.prefix


@dataclass(frozen=True, slots=True)
class Stream:
    """One TCP port that is passed through."""

    listen: int
    service: str
    host: str
    port: int


def routes(scope: Scope) -> list[Route]:
    """All HTTP routes, longest prefix first. Of two equal prefixes the first service by key has it."""
    found: dict[str, Route] = {}
    for key, service in sorted(scope.spec.services.items()):
        for label, entry in sorted(service.interface.items()):
            if entry.protocol == "tcp":
                continue
            route = _route(scope, key, service, label, entry)
            if _never_asked_for(route.prefix):
                message = "the gateway normalises paths, so that no request matches '.' or '..'."
                scope.report(scope.path(key, "interface", label), "rejected", message, "Write the path without them.")
                continue
            other = found.setdefault(route.prefix, route)
            if other is not route:
                scope.report(
                    scope.path(key, "interface", label), "rejected",
                    f"'{route.prefix or '/'}' already leads to service '{other.service}', so this entry has no effect.",
                    "Use another prefix.",
                )  # fmt: skip
    return sorted(found.values(), key=lambda route: (-len(route.prefix), route.prefix))


def _route(scope: Scope, key: str, service: Service, label: str, entry: Interface) -> Route:
    backend_path: str | None
    if label.startswith("/"):
        prefix, backend_path = label, entry.path
    else:  # the older dialect: the path is the external prefix; a child's own gateway had it stripped
        prefix, backend_path = entry.path, "/" if service.is_stack else None
    prefix = _SLASHES.sub("/", prefix).rstrip("/")  # as nginx normalises a request's path
    if backend_path is not None and backend_path.rstrip("/") == prefix and (backend_path == prefix or not prefix):
        backend_path = None  # nothing to change, so the path goes through byte for byte
    policies = _policies(scope, key, service)
    return Route(
        prefix=prefix,
        backend_path=backend_path,
        service=key,
        host=scope.full_name(naming.member(scope.name, key)),
        port=naming.GATEWAY_PORT if service.is_stack else entry.port,
        scheme="https" if entry.protocol == "https" else "http",
        policies=policies,
        pods=scope.full_name(pods_service(scope, key, service)) if policies.session and not service.is_stack else "",
        stopped=scope.stopped or service.stopped,
    )


def pods_service(scope: Scope, key: str, service: Service) -> str:
    """The name of the headless Service of a member with sessions: its own, or one beside it."""
    headless = service.deploy is not None and service.deploy.endpoint_mode == "dnsrr"
    return naming.member(scope.name, key) if headless else naming.pods(scope.name, key)


def _never_asked_for(prefix: str) -> bool:
    return not {".", ".."}.isdisjoint(prefix.split("/"))


def _policies(scope: Scope, key: str, service: Service) -> Policies:
    """The service's policies; an invalid address, with which nginx would not start, is refused."""
    policies = service.policies or _NO_POLICIES
    for index, source in enumerate(policies.access_control.allow if policies.access_control else []):
        try:
            ip_network(source, strict=False)
        except ValueError:
            path = scope.path(key, "policies", "accessControl", "allow", index)
            scope.refuse(path, f"'{source}' is neither an address nor a range such as 10.0.0.0/8")
    return policies


def streams(scope: Scope) -> list[Stream]:
    """The TCP ports: entries with protocol tcp, and at the root those of interface.ports except the gateway's own."""
    found: dict[int, Stream] = {}
    for key, service in sorted(scope.spec.plain.items()):
        for label, entry in sorted(service.interface.items()):
            if entry.protocol == "tcp":
                _add_stream(scope, found, key, entry.port, scope.path(key, "interface", label))
    if scope.spec.place is None and scope.spec.interface is not None:
        for external, internal in sorted(scope.spec.interface.ports.items()):
            if internal != naming.GATEWAY_PORT and internal not in found:
                _add_declared(scope, found, external, internal)
    return [found[port] for port in sorted(found)]


def _add_declared(scope: Scope, found: dict[int, Stream], external: str, internal: int) -> None:
    path = path_of(scope.base, "interface", "ports", Bracketed(external))
    behind = [
        key
        for key, service in sorted(scope.spec.plain.items())
        if any(e.port == internal for e in service.interface.values())
    ]
    if len(behind) == 1:
        _add_stream(scope, found, behind[0], internal, path)
    else:
        many = f"services {', '.join(behind)} all have" if behind else "no service of this stack has"
        scope.report(
            path,
            "ignored",
            f"{many} an interface on port {internal}, so nothing answers on it.",
            "Name the port in one interface.",
        )


def _add_stream(scope: Scope, found: dict[int, Stream], key: str, port: int, path: FieldPath) -> None:
    if port in (naming.GATEWAY_PORT, naming.GATEWAY_HEALTH_PORT):
        scope.report(
            path,
            "rejected",
            f"the gateway needs port {port} itself, so it is not passed through as TCP.",
            "Use another port.",
        )
        return
    stream = Stream(port, key, scope.full_name(naming.member(scope.name, key)), port)
    other = found.setdefault(port, stream)
    if other.service != key:
        scope.report(
            path, "rejected", f"TCP port {port} already leads to service '{other.service}'.", "Use another port."
        )


def report_dead_ends(scope: Scope) -> None:
    """Report entries that would end in a 502 or without an answer."""
    for key, service in scope.spec.children.items():
        for label, entry in service.interface.items():
            path = scope.path(key, "interface", label)
            if entry.port != naming.GATEWAY_PORT:
                message = (
                    f"a child stack answers on its gateway's port {naming.GATEWAY_PORT}, so {entry.port} is not used."
                )
                scope.report(path, "approximate", message)
            if entry.protocol == "tcp":
                message = "a child stack does not pass TCP ports to its parent, so this entry has no effect."
                scope.report(path, "ignored", message, "Declare the port in the root's interface.")
