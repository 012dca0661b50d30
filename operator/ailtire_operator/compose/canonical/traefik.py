"""Routes from Traefik's labels, and the Traefik of the project itself, whose place the stack's gateway takes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator import naming
from ailtire_operator.compose.canonical.entry import Entry
from ailtire_operator.compose.interfaces import external_prefix
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.scalars import accepts, whole
from ailtire_operator.model.keys import InterfaceKey
from ailtire_operator.model.values import Host

PREFIX: Final = "traefik."
_PATH: Final = TypeAdapter(InterfaceKey)
_HOST: Final = TypeAdapter(Host)
_IMAGE: Final = re.compile(r"(?:^|/)traefik(?::|@|$)")
_PROVIDER: Final = re.compile(r"providers[._](?:docker|swarm)|--docker\b|swarmmode", re.IGNORECASE)
_CALL: Final = re.compile(r"(\w+)\(([^()]*)\)")
_QUOTED: Final = re.compile(r"[`'\"]([^`'\"]*)[`'\"]")
_KNOWN: Final = ("Host", "Path", "PathPrefix")
_SILENT: Final = frozenset(
    {"traefik.enable", "traefik.docker.network", "traefik.swarm.network", "traefik.docker.lbswarm"}
)
_LABEL: Final = re.compile(r"traefik\.http\.(routers|services|middlewares)\.([^.]+)\.(.+)", re.IGNORECASE)


@dataclass
class Edge:
    """The way in from outside, as the routers of all services describe it."""

    hosts: dict[str, None] = field(default_factory=dict)
    published: dict[str, int] = field(default_factory=dict)
    """The ports on which the project's own Traefik answered."""
    prefixes: dict[str, str] = field(default_factory=dict)
    """The service that has each external prefix already."""


def is_gateway(service: Mapping[str, Any]) -> bool:
    """Whether a service is a Traefik that finds its routes by asking Docker."""
    environment = service.get("environment") or {}
    words = [*(service.get("command") or []), *environment, *(f"--{key}={value}" for key, value in environment.items())]
    return bool(_IMAGE.search(str(service.get("image")))) and any(_PROVIDER.search(str(word)) for word in words)


def replace_gateway(key: str, service: Mapping[str, Any], edge: Edge, report: Report) -> None:
    """Let the stack's gateway answer on the ports of the project's Traefik."""
    path = f"services.{key}"
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


def routes(service: Entry, edge: Edge) -> dict[str, dict[str, Any]]:
    """The routes that a service's labels describe."""
    labels = {**(service.data.get("labels") or {}), **((service.data.get("deploy") or {}).get("labels") or {})}
    labels = {name: "" if value is None else str(value) for name, value in labels.items() if name.startswith(PREFIX)}
    if labels.get("traefik.enable", "true").lower() == "false" or not labels:
        return {}
    settings = _Settings(labels, service)
    result: dict[str, dict[str, Any]] = {}
    for router, rule in settings.rules.items():
        for prefix in _prefixes(rule, settings.where(router), edge, service.report):
            port = settings.port or _first_port(service)
            if port is None:
                message = "no label and no port says where the service listens; the route is left out."
                service.report.rejected(settings.where(router), message, "Set loadbalancer.server.port.")
                continue
            backend = "/" if settings.strips(prefix) else prefix
            other = edge.prefixes.setdefault(external_prefix(prefix, {}), str(service.location[-1]))
            if other != service.location[-1]:
                message = f"the gateway's path {prefix} leads to {other} already, whatever the host; it is left out."
                service.report.rejected(settings.where(router), message, "Give each a path of its own.")
                continue
            result[prefix] = {"path": backend, "port": port}
    return result


class _Settings:
    """A service's labels, taken apart. What is not understood is reported."""

    def __init__(self, labels: Mapping[str, str], service: Entry) -> None:
        self._where = service.where("labels")
        self.rules: dict[str, str] = {}
        self.port: int | None = None
        self._stripped: list[str] = []
        for name, value in labels.items():
            kind, key, option = match.groups() if (match := _LABEL.fullmatch(name)) else ("", "", "")
            option = option.lower()
            if kind == "routers" and option == "rule":
                self.rules[key] = value
            elif kind == "services" and option == "loadbalancer.server.port" and whole(value):
                self.port = whole(value)
            elif kind == "middlewares" and option.startswith("stripprefix.prefixes"):
                self._stripped += [each.strip() for each in value.split(",")]
            elif kind == "routers" and option.split(".")[0] in ("service", "middlewares", "entrypoints"):
                continue  # what they refer to says it
            elif kind == "routers" and option.startswith("tls"):
                message = "certificates belong to the edge."
                service.report.ignored(f'{self._where}["{name}"]', message, "Set spec.edge.tls.")
            elif name not in _SILENT:
                message = "the gateway has no such setting."
                service.report.ignored(f'{self._where}["{name}"]', message, "See policies of the service.")

    def where(self, router: str) -> str:
        """Where a router's rule stands."""
        return f'{self._where}["traefik.http.routers.{router}.rule"]'

    def strips(self, prefix: str) -> bool:
        """Whether the service does not see the prefix."""
        return any(prefix.rstrip("/") == each.rstrip("/") for each in self._stripped)


def _prefixes(rule: str, path: str, edge: Edge, report: Report) -> list[str]:
    """The paths of a rule; ``/`` where it speaks of hosts alone. Its hosts go to the edge."""
    calls = _CALL.findall(rule)
    unknown = sorted({name for name, _ in calls if name not in _KNOWN})
    if unknown or not calls or "!" in rule:
        what = ", ".join(unknown) or "it"
        report.rejected(path, f"the gateway cannot say {what}; the route is left out.", "Route by path.")
        return []
    found: list[str] = []
    for name, arguments in calls:
        for value in _QUOTED.findall(arguments):
            if name == "Host" and accepts(_HOST, value.lower()):
                edge.hosts[value.lower()] = None
            elif name != "Host" and accepts(_PATH, value) and value.startswith("/"):
                found.append(value.rstrip("/") or "/")
                if name == "Path":
                    report.approximate(path, f"what is below {value} leads to the service too, not that path alone.")
            else:
                report.rejected(path, f"'{value}' is no {'name of a host' if name == 'Host' else 'path'}.")
    return found or ["/"]


def _first_port(service: Entry) -> int | None:
    for port in service.data.get("ports") or []:
        if target := whole(port.get("target")):
            return target
    for port in service.data.get("expose") or []:
        if target := whole(port):
            return target
    return None
