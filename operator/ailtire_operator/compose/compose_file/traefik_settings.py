"""Reads the settings of the project's own Traefik: entry points, constraints, and defaults of all routes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.compose.compose_file.entry import SERVICES
from ailtire_operator.compose.compose_file.ports import is_everywhere
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.scalars import whole
from ailtire_operator.model.field_path import path_of

_IMAGE: Final = re.compile(r"(?:^|/)traefik(?::|@|$)")
_PROVIDER: Final = re.compile(r"providers[._](?:docker|swarm)|--docker\b|swarmmode", re.IGNORECASE)
_LABEL: Final = re.compile(r"Label\([`'\"]([^`'\"]+)[`'\"], ?[`'\"]([^`'\"]*)[`'\"]\)")
_PUBLIC: Final = frozenset({"web", "websecure", "web-secure", "http", "https", "80", "443"})
"""Entry points that are public by convention, if they are not defined."""
_ENABLE: Final = "traefik.enable"
_MAIN: Final = (80, 443)
_TRUE: Final = frozenset({"true", "t", "1"})


def is_gateway(service: Mapping[str, Any]) -> bool:
    """Whether a service is a Traefik with the Docker provider."""
    environment = service.get("environment") or {}
    words = [*(service.get("command") or []), *environment, *(f"--{key}={value}" for key, value in environment.items())]
    return bool(_IMAGE.search(str(service.get("image")))) and any(_PROVIDER.search(str(word)) for word in words)


def is_true(text: str) -> bool:
    """Whether Traefik reads it as true."""
    return text.strip().lower() in _TRUE


@dataclass
class TraefikSettings:
    """The settings of the project's own Traefik; defaults if there is none."""

    exposes_all: bool = True
    """Whether services without traefik.enable are included."""
    constraint: str = ""
    """The constraint for included services."""
    entry_points: dict[str, int] = field(default_factory=dict)
    """The port of each entry point; 0 if only Traefik's own host reaches it."""
    middlewares: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The middlewares of all routers of an entry point."""
    tls_options: dict[str, str] = field(default_factory=dict)
    """The TLS options of all routers of an entry point."""
    published: set[int] = field(default_factory=set)
    """The ports of Traefik that are published for everybody."""
    _defaults: list[str] = field(default_factory=list)
    _on_host: bool = False

    def learn(self, service: Mapping[str, Any]) -> None:
        """Read the settings of a Traefik."""
        for name, value in _settings(service):
            if name in ("providers.docker.exposedbydefault", "providers.swarm.exposedbydefault") and not is_true(value):
                self.exposes_all = False
            elif name in ("providers.docker.constraints", "providers.swarm.constraints"):
                self.constraint = value
            elif name.startswith("entrypoints."):
                self._entry_point(*name.removeprefix("entrypoints.").partition(".")[::2], value)
        ports = service.get("ports") or []
        self.published |= {whole(each.get("target")) or 0 for each in ports if is_everywhere(each.get("host_ip"))}
        self._on_host |= service.get("network_mode") == "host"

    def _entry_point(self, name: str, option: str, value: str) -> None:
        match option:
            case "address":
                host, _, port = value.partition("/")[0].rpartition(":")
                self.entry_points[name] = (whole(port) or 0) if is_everywhere(host) else 0
            case "http.middlewares":
                self.middlewares[name] = tuple(each.strip() for each in value.split(","))
            case "http.tls.options":
                self.tls_options[name] = value
            case "asdefault" if is_true(value):
                self._defaults.append(name)

    def of(self, written: tuple[str, ...]) -> tuple[str, ...]:
        """The entry points of a router with these names."""
        return tuple(each.lower() for each in written) or tuple(self._defaults) or tuple(self.entry_points)

    def is_public(self, names: tuple[str, ...]) -> bool:
        """Whether one of these entry points is public."""
        if not names or self._on_host:
            return True
        if not self.entry_points:
            return not _PUBLIC.isdisjoint(names)
        return any(self.entry_points.get(each, 0) in self.published - {0} for each in names)

    def is_main(self, written: tuple[str, ...]) -> bool:
        """Whether a router with these entry points answers on the main HTTP or HTTPS port."""
        names = self.of(written)
        if not names or not self.entry_points:
            return not names or not _PUBLIC.isdisjoint(names)
        return any(self.entry_points.get(each) in _MAIN for each in names)

    def counts(self, labels: Mapping[str, str]) -> bool | None:
        """Whether Traefik includes a service with these labels; None if that is unknown."""
        enabled = next((value for name, value in labels.items() if name.lower() == _ENABLE), "")
        if not (is_true(enabled) if enabled else self.exposes_all):
            return False
        if not self.constraint:
            return True
        label = _LABEL.fullmatch(self.constraint.strip())
        return labels.get(label[1]) == label[2] if label else None


def _settings(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Its arguments and variables, by the names of its reference in lower case."""
    for name, value in (service.get("environment") or {}).items():
        if name.lower().startswith("traefik_"):
            yield name.lower().removeprefix("traefik_").replace("_", "."), str(value)
    words = [str(each) for each in service.get("command") or []]
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else "-"
        if word.startswith("--"):
            name, equals, value = word.removeprefix("--").partition("=")
            yield name.lower(), value if equals else "true" if following.startswith("-") else following


def replace_gateway(key: str, service: Mapping[str, Any], published_as: dict[str, int], report: Report) -> None:
    """Let the stack's gateway answer on the ports of the project's Traefik: added to ``published_as``."""
    path = path_of(SERVICES, key)
    for index, port in enumerate(service.get("ports") or []):
        published, target, address = whole(port.get("published")), whole(port.get("target")), port.get("host_ip")
        if published and not is_everywhere(address):
            what = f"port {published} of {key} would be OPEN: not published"
            why = f"the file publishes it on {address} alone"
            if report.keeps_closed(path_of(path, "ports", index, "host_ip"), what, why, [f"{key}:{published}", key]):
                continue
        if published and target in (80, naming.GATEWAY_PORT):
            published_as[str(published)] = naming.GATEWAY_PORT
        elif published and target == 443:
            report.ignored(path_of(path, "ports"), "HTTPS ends at the edge, not in the gateway.", "Set spec.edge.tls.")
        elif published:
            report.ignored(path_of(path, "ports"), f"port {published} was Traefik's own; the gateway has no dashboard.")
    message = "this Traefik needs Docker's API, which does not exist here: the stack's gateway replaces it."
    report.approximate(path, message, "See the routes in spec.services.*.interface; set spec.edge for external access.")
