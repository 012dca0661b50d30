"""Routes from Traefik's labels, and the Traefik of the project itself, whose place the stack's gateway takes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator import naming
from ailtire_operator.compose.canonical import middlewares
from ailtire_operator.compose.canonical.entry import Entry
from ailtire_operator.compose.canonical.labels import Labels, labels_of
from ailtire_operator.compose.canonical.middlewares import Middlewares
from ailtire_operator.compose.interfaces import external_prefix
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.scalars import accepts, whole
from ailtire_operator.model.keys import InterfaceKey
from ailtire_operator.model.problems import path_of
from ailtire_operator.model.values import Host

PREFIX: Final = "traefik."
_PATH: Final = TypeAdapter(InterfaceKey)
_HOST: Final = TypeAdapter(Host)
_IMAGE: Final = re.compile(r"(?:^|/)traefik(?::|@|$)")
_PROVIDER: Final = re.compile(r"providers[._](?:docker|swarm)|--docker\b|swarmmode", re.IGNORECASE)
_CALL: Final = re.compile(r"\b(\w+)\(([^()]*)\)")
_QUOTED: Final = re.compile(r"[`'\"]([^`'\"]*)[`'\"]")
_KNOWN: Final = ("Host", "Path", "PathPrefix")
_LABEL: Final = re.compile(r"traefik\.http\.(routers|services|middlewares)\.([^.]+)\.(.+)", re.IGNORECASE)
_SETTLED: Final = re.compile(
    r"traefik\.(?:enable|(?:docker|swarm)\.(?:network|lbswarm)|constraint-label|tags)|traefik\.http\.routers\.[^.]+\.entrypoints",
    re.IGNORECASE,
)
_REASONS: Final = {
    "tls": ("certificates belong to the edge.", "Set spec.edge.tls."),
    "priority": ("of the routes that match, the longest path counts.", ""),
    "loadbalancer.healthcheck": ("the service's own healthcheck says whether it gets requests.", "Set healthcheck."),
    "loadbalancer.sticky": ("every request may go to another replica.", "Keep sessions in a store of their own."),
}
_NO_SETTING: Final = ("the gateway has no such setting.", "See policies of the service.")


@dataclass
class Edge:
    """The way in from outside, as the routers of all services describe it."""

    hosts: dict[str, None] = field(default_factory=dict)
    published: dict[str, int] = field(default_factory=dict)
    """The ports on which the project's own Traefik answered."""
    prefixes: dict[str, str] = field(default_factory=dict)
    """The service that has each external prefix already."""
    middlewares: Middlewares = field(default_factory=Middlewares)
    groups: set[frozenset[str]] = field(default_factory=set)
    """The hosts of each router that names any."""

    def learn(self, services: Mapping[str, Any]) -> None:
        """The middlewares of all services, as each may name any."""
        for key, service in services.items():
            for name, (value, path) in labels_of(service, path_of("services", key), PREFIX).items():
                if (match := _LABEL.fullmatch(name)) and match[1].lower() == "middlewares":
                    self.middlewares.add(match[2], match[3], value, path)

    def close(self, report: Report) -> None:
        """What can be told once all routes are known."""
        self.middlewares.report_unused(report)
        if len(self.groups) > 1:
            message = "every host leads to every route: the gateway goes by the path alone."
            report.approximate("spec.edge.hosts", message, "Make what belongs to a host a stack of its own.")


def is_gateway(service: Mapping[str, Any]) -> bool:
    """Whether a service is a Traefik that finds its routes by asking Docker."""
    environment = service.get("environment") or {}
    words = [*(service.get("command") or []), *environment, *(f"--{key}={value}" for key, value in environment.items())]
    return bool(_IMAGE.search(str(service.get("image")))) and any(_PROVIDER.search(str(word)) for word in words)


def replace_gateway(key: str, service: Mapping[str, Any], edge: Edge, report: Report) -> None:
    """Let the stack's gateway answer on the ports of the project's Traefik."""
    path = path_of("services", key)
    for port in service.get("ports") or []:
        published, target = whole(port.get("published")), whole(port.get("target"))
        if published and target in (80, naming.GATEWAY_PORT):
            edge.published[str(published)] = naming.GATEWAY_PORT
        elif published and target == 443:
            report.ignored(f"{path}.ports", "HTTPS ends at the edge, not in the gateway.", "Set spec.edge.tls.")
        elif published:
            report.ignored(f"{path}.ports", f"port {published} was Traefik's own; the gateway has no such page.")
    message = "this Traefik asks Docker for its routes, and there is no Docker: the stack's gateway takes its place."
    report.resolved(path, message, "See the routes in spec.services.*.interface; say at spec.edge how to get in.")


def routes(service: Entry, edge: Edge) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The routes that a service's labels describe, and its policies."""
    labels = labels_of(service.data, service.path, PREFIX)
    if labels.get("traefik.enable", ("true", ""))[0].lower() == "false":
        message = "Traefik passes over this service, and so does the gateway: it has no routes."
        service.report.resolved(labels["traefik.enable"][1], message)
        return {}, {}
    settings = _Settings(labels, service.report)
    result: dict[str, dict[str, Any]] = {}
    used = []
    chosen = {key: edge.middlewares.named(router.middlewares) for key, router in settings.routers.items()}
    only_redirecting = {key for key, options in chosen.items() if middlewares.redirects(options)}
    for key, router in settings.routers.items():
        options = chosen[key]
        if key in only_redirecting and len(only_redirecting) < len(chosen):
            message = "it only leads callers to HTTPS, which the edge does; it makes no route."
            service.report.ignored(router.where, message, "Set spec.edge.tls.")
            continue
        found = dict(_routes(router, settings, options, service, edge))
        used += options if found else []
        result |= found
    if labels and not settings.routers and settings.ports:
        message = "no rule says under which path; there is no route."
        service.report.rejected(service.path, message, "Write a rule with PathPrefix, or spec.services.*.interface.")
    return result, middlewares.policies(used, service.report)


def _routes(
    router: "_Router", settings: "_Settings", options: list[Any], service: Entry, edge: Edge
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The routes of one router."""
    for name in (each for each in router.middlewares if not edge.middlewares.is_known(each)):
        message = f"the middleware '{name}' is described outside of the project; the route goes without it."
        service.report.rejected(router.where.replace(".rule", ".middlewares"), message, "See policies of the service.")
    hidden, added = [each.rstrip("/") for each in middlewares.stripped(options)], middlewares.added(options)
    if router.service.endswith("@internal"):
        service.report.rejected(router.where, "this is a page of Traefik's own, and there is no Traefik.")
        return
    key = str(service.location[-1])
    for prefix in _prefixes(router, edge, service.report):
        port = settings.port(router.service) or _first_port(service)
        if port is None:
            message = "no label and no port says where the service listens; the route is left out."
            service.report.rejected(router.where, message, "Set loadbalancer.server.port.")
            continue
        other = edge.prefixes.setdefault(external_prefix(prefix, {}), key)
        if other != key:
            message = f"the gateway's path {prefix} leads to {other} already, whatever the host; it is left out."
            service.report.rejected(router.where, message, "Give each a path of its own.")
            continue
        backend = added.rstrip("/") + ("/" if prefix.rstrip("/") in hidden else prefix)
        secure = {"protocol": "https"} if settings.is_secure(router.service) else {}
        yield prefix, {"path": backend.rstrip("/") or "/", "port": port, **secure}


@dataclass
class _Router:
    """One router of a service."""

    where: str = ""
    """The place of its rule."""
    rule: str = ""
    service: str = ""
    middlewares: tuple[str, ...] = ()


class _Settings:
    """A service's labels, taken apart. What is not understood is reported."""

    def __init__(self, labels: Labels, report: Report) -> None:
        self._report = report
        self._all: dict[str, _Router] = {}
        self.ports: dict[str, int] = {}
        self._schemes: dict[str, str] = {}
        for name, (value, path) in labels.items():
            kind, key, option = match.groups() if (match := _LABEL.fullmatch(name)) else ("", "", "")
            if not self._take(kind.lower(), key, option.lower(), value, path):
                self._tell(name, option.lower(), path)

    @property
    def routers(self) -> dict[str, _Router]:
        """The routers that have a rule."""
        return {key: router for key, router in self._all.items() if router.rule}

    def port(self, service: str) -> int | None:
        """The port of the service that a router names, else of the only one."""
        return self.ports.get(service, next(iter(self.ports.values()), None))

    def is_secure(self, service: str) -> bool:
        """Whether the service is to be asked over HTTPS."""
        return self._schemes.get(service, next(iter(self._schemes.values()), "")) == "https"

    def _take(self, kind: str, key: str, option: str, value: str, path: str) -> bool:
        """Whether a label says something that the gateway can do."""
        router = self._all.setdefault(key, _Router()) if kind == "routers" else _Router()
        match kind, option:
            case "routers", "rule":
                router.rule, router.where = value, path
            case "routers", "service":
                router.service = value
            case "routers", "middlewares":
                router.middlewares = tuple(each.strip() for each in value.split(",") if each.strip())
            case "services", "loadbalancer.server.port" if (port := whole(value)) and port < 65536:
                self.ports[key] = port
            case "services", "loadbalancer.server.scheme" if value in ("http", "https"):
                self._schemes[key] = value
            case "middlewares", _:
                pass  # Edge knows them
            case _:
                return False
        return True

    def _tell(self, name: str, option: str, path: str) -> None:
        if _SETTLED.fullmatch(name):
            self._report.resolved(path, "only Traefik needs it: the gateway is one way in, and finds the service.")
            return
        reasons = (reason for start, reason in _REASONS.items() if option == start or option.startswith(f"{start}."))
        self._report.ignored(path, *next(reasons, _NO_SETTING))


def _prefixes(router: _Router, edge: Edge, report: Report) -> list[str]:
    """The paths of a rule; ``/`` where it speaks of hosts alone. Its hosts go to the edge."""
    calls = _CALL.findall(router.rule)
    unknown = sorted({name for name, _ in calls if name not in _KNOWN})
    if unknown or not calls or "!" in router.rule:
        what = ", ".join(unknown) or "it"
        report.rejected(router.where, f"the gateway cannot say {what}; the route is left out.", "Route by path.")
        return []
    found: list[str] = []
    hosts: list[str] = []
    for name, arguments in calls:
        for value in _QUOTED.findall(arguments):
            if name == "Host" and accepts(_HOST, value.lower()):
                hosts.append(value.lower())
            elif name != "Host" and accepts(_PATH, value) and value.startswith("/"):
                found.append(value.rstrip("/") or "/")
                if name == "Path":
                    message = f"what is below {value} leads to the service too, not that path alone."
                    report.approximate(router.where, message)
            else:
                report.rejected(router.where, f"'{value}' is no {'name of a host' if name == 'Host' else 'path'}.")
    edge.hosts.update(dict.fromkeys(hosts))
    if hosts:
        edge.groups.add(frozenset(hosts))
    return found or ["/"]


def _first_port(service: Entry) -> int | None:
    for port in service.data.get("ports") or []:
        if target := whole(port.get("target")):
            return target
    for port in service.data.get("expose") or []:
        if target := whole(port):
            return target
    return None
