"""Writes the routes of one stack as a table, which the script of a tree's gateway reads, and reads what tables need.

A table is one JSON text for each stack. It has values only: nothing in it is executed or is a pattern.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from types import MappingProxyType
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.plan.gateway import locations, sessions
from ailtire_operator.plan.gateway.profiles import Profile, profile
from ailtire_operator.plan.gateway.routes import Route, Stream
from ailtire_operator.plan.gateway.sessions import Group
from ailtire_operator.plan.scope import Scope

FORMAT: Final = 1
"""Of the table: a script leaves a stack as it was whose table has another."""
TABLE_LIMIT: Final = 131_072
"""Bytes of one table."""
LOOPBACK: Final = "127.0.0.1"
"""Where one level of a tree calls the next."""
_NO_CHILDREN: Mapping[str, int] = MappingProxyType({})
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_COOKIE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SECRET = re.compile(re.escape(locations.password_file("")).replace("//", "/([a-z0-9.-]{1,253})/"))


@dataclass(frozen=True, slots=True)
class Needs:
    """What tables need of nginx's configuration and of its pod."""

    profiles: frozenset[Profile] = frozenset()
    groups: frozenset[Group] = frozenset()
    streams: frozenset[tuple[int, str, int]] = frozenset()
    """TCP ports of the gateway, and host and port behind each."""
    secrets: frozenset[str] = frozenset()
    """The Secrets with users for basic authentication."""

    def __or__(self, other: "Needs") -> "Needs":
        return Needs(
            self.profiles | other.profiles,
            self.groups | other.groups,
            self.streams | other.streams,
            self.secrets | other.secrets,
        )


def stack_table(
    scope: Scope,
    routes: list[Route],
    port: int,
    children: Mapping[str, int] = _NO_CHILDREN,
    streams: Iterable[Stream] = (),
) -> str:
    """The table of a stack that answers on ``port`` of its tree's gateway; refused if it is too large.

    ``children`` are the ports of those children that the same gateway serves, by their keys: they are called over
    loopback. ``streams`` listen on ports of the tree's gateway.
    """
    found = [_route(scope, route, children) for route in routes]
    document = {
        "format": FORMAT,
        "port": port,
        "stack": scope.name,
        "routes": found,
        "groups": {group.name: group.to_json() for group in sessions.used(routes)},
        "streams": {str(each.listen): f"{each.host}:{each.port}" for each in streams},
    }
    text = _text(document)
    if len(text.encode()) > TABLE_LIMIT:
        _refuse(scope, routes, found, len(text.encode()))
    return text


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _refuse(scope: Scope, routes: list[Route], found: list[dict[str, Any]], size: int) -> None:
    """Refuse a table, at the service that takes most of it."""
    sizes: dict[str, int] = {}
    for route, made in zip(routes, found, strict=True):
        sizes[route.service] = sizes.get(route.service, 0) + len(_text(made))
    largest = max(sizes, key=lambda key: (sizes[key], key))
    scope.refuse(
        scope.path(largest),
        f"the stack's routes take {size:,} bytes at the tree's gateway, of which there are {TABLE_LIMIT:,}, and this "
        f"service's {sizes[largest]:,}; shorten policies.accessControl.allow, move routes into child stacks, or give "
        "the stack gateway.own",
    )


def _route(scope: Scope, route: Route, children: Mapping[str, int]) -> dict[str, Any]:
    used, control = profile(scope, route), route.policies.access_control
    port = children.get(route.service)
    made: dict[str, Any] = {
        "prefix": route.prefix,
        "path": route.backend_path,
        "scheme": route.scheme,
        "target": f"{route.host}:{route.port}" if port is None else f"{LOOPBACK}:{port}",
        "stripped": route.stripped,
        "profile": used.name,
        "ways": [way for way, has in {"websocket": used.timeout, "once": used.retries}.items() if has],
        "body": used.body,
        "log": locations.log_level(route),
    }
    if route.stopped:
        made["stopped"] = True
    if route.pods:
        made["group"] = sessions.group(route)
    if control is not None and control.allow:
        made["allow"] = [_range(source) for source in control.allow]
    if control is not None and control.authentication is not None:
        made["realm"] = locations.realm(control.authentication.realm)
        made["passwords"] = locations.password_file(control.authentication.secret)
    return made


def _range(source: str) -> str:
    """Addresses as hexadecimal digits and the number of leading bits that count: ``0a000000/8``.

    A source that is no address has been refused, and lets nobody in.
    """
    try:
        network = ip_network(source, strict=False)
    except ValueError:
        return "/0"
    return f"{network.network_address.packed.hex()}/{network.prefixlen}"


def needs_of(texts: Iterable[str]) -> Needs:
    """What tables need; those that are wrong need nothing."""
    found = Needs()
    for text in texts:
        try:
            found |= read_needs(text)
        except ValueError:
            continue
    return found


def read_needs(text: str) -> Needs:
    """What one table needs. Raises ValueError for anything that ``stack_table`` does not write."""
    if len(text) > TABLE_LIMIT:
        raise ValueError("too large")
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise ValueError("another format")
        routes = document["routes"]
        return Needs(
            frozenset(Profile.parse(name) for name in {route["profile"] for route in routes}),
            frozenset(_group(name, value) for name, value in document["groups"].items()),
            frozenset(_stream(listen, target) for listen, target in document["streams"].items()),
            frozenset(_secret(route["passwords"]) for route in routes if "passwords" in route),
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not a table") from error


def _group(name: str, value: Mapping[str, Any]) -> Group:
    group = Group(_host(value["host"]), _port(value["port"]), _matched(_COOKIE, value["cookie"]), _host(value["pods"]))
    if group.name != name:
        raise ValueError("not the name of a group")
    return group


def _stream(listen: str, target: str) -> tuple[int, str, int]:
    host, _, port = target.rpartition(":")
    if int(listen) in (naming.GATEWAY_PORT, naming.GATEWAY_HEALTH_PORT):
        raise ValueError("a port of the gateway itself")
    return _port(int(listen)), _host(host), _port(int(port))


def _secret(file: str) -> str:
    found = _SECRET.fullmatch(file)
    if found is None:
        raise ValueError("not a file of users")
    return found[1]


def _host(value: str) -> str:
    return _matched(_HOST, value)


def _matched(pattern: re.Pattern[str], value: str) -> str:
    if pattern.fullmatch(value) is None:
        raise ValueError("not a name")
    return value


def _port(value: int) -> int:
    if not isinstance(value, int) or not 1 <= value <= 65535:
        raise ValueError("not a port")
    return value
