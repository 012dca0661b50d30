"""Translates interfaces of services.js, in both dialects, and the ports of a stack."""

from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator.compose.reporting import Report, described
from ailtire_operator.compose.scalars import accepts, whole
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.model.keys import InterfaceKey
from ailtire_operator.model.values import UrlPath

_KEY: Final = TypeAdapter(InterfaceKey)
_PATH: Final = TypeAdapter(UrlPath)
_KEYS: Final = ("path", "port", "protocol", "host")
_PROTOCOLS: Final = ("http", "https", "ws", "tcp")
_LIMIT: Final = 64
_PORT_LIMIT: Final = 32
GATEWAY_PORT: Final = 3000
STOCK_PORTS: Final = {"80": 3000, "443": 3000}
"""The ports that upstream's templates write into every services.js."""


def routes(value: Any, path: FieldPath, report: Report, *, stack: bool) -> dict[str, dict[str, Any]]:
    """The routes of a service."""
    result: dict[str, dict[str, Any]] = {}
    for key, entry in report.mapping(value, path).items():
        where = path_of(path, key)
        if not accepts(_KEY, key) or len(result) >= _LIMIT:
            report.rejected(
                where,
                "a route must be a path or a plain name; it is left out.",
                "Use letters, digits and /._~@:+,=-.",
            )
            continue
        if not isinstance(entry, dict | None):
            report.rejected(
                where, f"expected path, port and protocol, found {described(entry)}; the route is left out."
            )
            continue
        route = _route(entry or {}, where, report)
        if route is not None:
            result[key] = route
            if stack and route.get("port", GATEWAY_PORT) != GATEWAY_PORT:
                report.ignored(path_of(where, "port"), f"a child stack answers at its gateway, on port {GATEWAY_PORT}.")
    return result


def _route(entry: dict[str, Any], path: FieldPath, report: Report) -> dict[str, Any] | None:
    """One route; None if it is invalid."""
    report.unknown(entry, _KEYS, path)
    result: dict[str, Any] = {}
    if (target := entry.get("path")) is not None:
        target = target if not isinstance(target, str) or target.startswith("/") else f"/{target}"
        if not accepts(_PATH, target):
            report.rejected(path_of(path, "path"), f"{described(target)} is not a path; the route is left out.")
            return None
        result["path"] = target
    if (written := entry.get("port")) is not None:
        port = whole(written)
        if port is None or not 1 <= port <= 65535:
            report.rejected(path_of(path, "port"), f"{described(written)} is not a port; the route is left out.")
            return None
        result["port"] = port
    if (written := entry.get("protocol")) is not None:
        protocol = written.lower().rstrip(":/") if isinstance(written, str) else ""
        if protocol not in _PROTOCOLS:
            report.rejected(
                path_of(path, "protocol"), f"{described(written)} is none of {', '.join(_PROTOCOLS)}; http is used."
            )
        else:
            result["protocol"] = protocol
    if entry.get("host"):
        report.ignored(path_of(path, "host"), "only upstream's JavaScript client reads it.")
    return result


def external_prefix(key: str, route: dict[str, Any]) -> str:
    """The external path of a route: the key if it is a path, else ``path``."""
    return (key if key.startswith("/") else str(route.get("path", "/"))).rstrip("/") or "/"


def report_duplicates(services: dict[str, dict[str, Any]], path: FieldPath, report: Report) -> None:
    """Routes of one stack with the same external prefix: only one of them gets the requests."""
    seen: dict[str, FieldPath] = {}
    for service, fields in services.items():
        for key, route in fields.get("interface", {}).items():
            where = path_of(path, "services", service, "interface", key)
            if route.get("protocol") == "tcp":
                continue
            prefix = external_prefix(key, route)
            other = seen.setdefault(prefix, where)
            if other != where:
                report.approximate(
                    where,
                    f"{prefix} is also the external prefix of {other}; only one of them gets the requests.",
                    "Rename one.",
                )


def ports(value: Any, path: FieldPath, report: Report) -> dict[str, int]:
    """External to internal ports."""
    result: dict[str, int] = {}
    where = path_of(path, "interface")
    fields = report.mapping(value, where)
    report.unknown(fields, ("ports",), where)
    for outer, written in report.mapping(fields.get("ports"), path_of(where, "ports")).items():
        external, internal = whole(outer), whole(written)
        if (
            external is None
            or internal is None
            or not (1 <= external <= 65535 and 1 <= internal <= 65535)
            or len(result) >= _PORT_LIMIT
        ):
            report.rejected(
                path_of(where, "ports", outer), f"{described(written)} under '{outer}' are not two ports; left out."
            )
        else:
            result[str(external)] = internal
    return result


def child_ports(value: Any, path: FieldPath, report: Report) -> None:
    """Report the ports of a stack below the root, which are not published, except the stock ones."""
    found = ports(value, path, report)
    for outer, inner in found.items():
        if STOCK_PORTS.get(outer) != inner:
            report.ignored(
                path_of(path, "interface", "ports", outer),
                "only the root's ports are published.",
                "Repeat it in the root's interface.ports, or reach the service through its route.",
            )
