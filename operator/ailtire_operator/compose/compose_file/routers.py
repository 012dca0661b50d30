"""Parses the routers of a service from Traefik's labels."""

import re
from dataclasses import dataclass
from typing import Final

from ailtire_operator.compose.compose_file.labels import Labels
from ailtire_operator.compose.compose_file.sticky import Sticky
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.scalars import whole
from ailtire_operator.model.field_path import WHOLE, FieldPath, path_of

_RULE: Final = "rule"
_LABEL: Final = re.compile(r"traefik\.http\.(routers|services|middlewares)\.([^.]+)\.(.+)", re.IGNORECASE)
_SETTLED: Final = re.compile(
    r"traefik\.(?:enable|(?:docker|swarm)\.(?:network|lbswarm)|constraint-label|tags)|traefik\.http\.routers\.[^.]+\.entrypoints",
    re.IGNORECASE,
)
_FIRST: Final = re.compile(
    r"traefik\.(?:(?!http\.|tcp\.|udp\.|tls\.)[^.]+\.)?(?:frontend|backend|port|protocol|weight|domain)(?:\..+)?",
    re.IGNORECASE,
)
"""Labels of Traefik 1, of a service or of a segment of it."""
_REASONS: Final = {
    "tls": ("certificates belong to the edge.", "Set spec.edge.tls."),
    "priority": ("of the routes that match, the longest path is used.", ""),
    "loadbalancer.healthcheck": ("the service's healthcheck decides whether it gets requests.", "Set healthcheck."),
    "loadbalancer.sticky": (
        "the gateway's cookie is for the whole host, ends with the browser's session, and scripts cannot read it.",
        "See policies.session.",
    ),
}
_NO_SETTING: Final = ("the gateway has no such setting.", "See policies of the service.")


def taken_apart(label: str) -> tuple[str, str, str]:
    """``routers``, its name and its option, in small letters; empty where the label is none of these."""
    match = _LABEL.fullmatch(label)
    return (match[1].lower(), match[2].lower(), match[3].lower()) if match else ("", "", "")


def of_this_generation(labels: Labels, report: Report) -> Labels:
    """The labels without those of Traefik 1, which are reported once."""
    old = {name: path for name, (_, path) in labels.items() if _FIRST.fullmatch(name)}
    if old:
        message = f"labels of Traefik 1 are not supported, so they make no route: {', '.join(old)}."
        remedy = "Write traefik.http.routers.NAME.rule of Traefik 2 and 3, or spec.services.*.interface."
        where = next(iter(old.values()))
        report.rejected(where.holder, message, remedy)
    return {name: each for name, each in labels.items() if name not in old}


@dataclass
class Router:
    """One router of a service."""

    where: FieldPath = WHOLE
    """The path of its rule."""
    rule: str = ""
    service: str = ""
    middlewares: tuple[str, ...] = ()
    entry_points: tuple[str, ...] = ()
    tls_options: str = ""
    priority: int = 0
    """0 for the default, the length of the rule."""

    def place(self, option: str) -> FieldPath:
        """The path of another of its options."""
        label = str(self.where.steps[-1])
        return path_of(self.where.holder, f"{label[: -len(_RULE)]}{option}")


class Routers:
    """A service's parsed labels. Unknown ones are reported."""

    def __init__(self, labels: Labels, report: Report) -> None:
        self._report = report
        self._all: dict[str, Router] = {}
        self.ports: dict[str, int] = {}
        self._schemes: dict[str, str] = {}
        self.sticky = Sticky()
        for name, (value, path) in labels.items():
            kind, key, option = taken_apart(name)
            if not self._take(kind, key, option, value, path):
                self._note(name, option, path)

    @property
    def routers(self) -> dict[str, Router]:
        """The routers that have a rule."""
        return {key: router for key, router in self._all.items() if router.rule}

    def port(self, service: str) -> int | None:
        """The port of the router's Traefik service, or of the only one."""
        return self.ports.get(service, next(iter(self.ports.values()), None))

    def is_secure(self, service: str) -> bool:
        """Whether the backend uses HTTPS."""
        return self._schemes.get(service, next(iter(self._schemes.values()), "")) == "https"

    def _take(self, kind: str, key: str, option: str, value: str, path: FieldPath) -> bool:
        """Whether a label is supported by the gateway."""
        router = self._all.setdefault(key, Router()) if kind == "routers" else Router()
        match kind, option:
            case "routers", "rule":
                router.rule, router.where = value, path
            case "routers", "service":
                router.service = value.lower()
            case "routers", "middlewares":
                router.middlewares = tuple(each.strip() for each in value.split(",") if each.strip())
            case "routers", "tls.options":
                router.tls_options = value
            case "routers", "priority":
                router.priority = whole(value) or 0
                return False
            case "routers", "entrypoints":
                router.entry_points = tuple(each.strip() for each in value.split(",") if each.strip())
                return False
            case "services", "loadbalancer.server.port" if (port := whole(value)) and port < 65536:
                self.ports[key] = port
            case "services", "loadbalancer.server.scheme" if value in ("http", "https"):
                self._schemes[key] = value
            case "services", _ if self.sticky.take(key, option, value, path):
                pass
            case "middlewares", _:
                pass  # Edge knows them
            case _:
                return False
        return True

    def _note(self, name: str, option: str, path: FieldPath) -> None:
        if _SETTLED.fullmatch(name):
            self._report.resolved(path, "only Traefik needs it; the gateway does not.")
            return
        reasons = (reason for start, reason in _REASONS.items() if option == start or option.startswith(f"{start}."))
        self._report.ignored(path, *next(reasons, _NO_SETTING))
