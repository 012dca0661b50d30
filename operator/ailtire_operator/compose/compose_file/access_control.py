"""Translates Traefik's middlewares for access control to policies of the gateway."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from math import ceil
from typing import Any, Final

from ailtire_operator.compose.compose_file.durations import duration
from ailtire_operator.compose.compose_file.middlewares import Kinds, Option
from ailtire_operator.compose.scalars import memory, whole
from ailtire_operator.model.field_path import FieldPath
from ailtire_operator.model.values import seconds

RATE_LIMIT: Final = 100_000
_ALLOW_LIMIT: Final = 64
_USER: Final = re.compile(r"[^:\s]+:\S+")
_HARMLESS: Final = frozenset(
    {
        "stripprefix", "stripprefixregex", "addprefix", "redirectscheme", "redirectregex", "compress", "retry",
        "circuitbreaker", "errors", "contenttype", "grpcweb", "buffering",
    }
)  # fmt: skip
"""Kinds that do not restrict callers, so that a route may omit them."""
_REASONS: Final = {
    "forwardauth": "another program decides who may call, which the gateway cannot ask",
    "digestauth": "callers must authenticate, and the gateway only has basic authentication",
    "basicauth": "it has no users in the form of htpasswd",
    "ipallowlist": "only some addresses may call, and these are not valid",
    "ipwhitelist": "only some addresses may call, and these are not valid",
    "ratelimit": "it has no valid rate",
    "replacepath": "callers cannot choose the path there, but here they can",
    "replacepathregex": "callers cannot choose the path there, but here they can",
    "inflightreq": "it limits the number of concurrent calls, which the gateway does not",
}
_ALLOWING: Final = ("ipallowlist", "ipwhitelist")

_Networks = dict[IPv4Network | IPv6Network, str]
"""Address ranges, as written."""


@dataclass(frozen=True, slots=True)
class Users:
    """Basic authentication."""

    name: str
    """The middleware's."""
    lines: tuple[str, ...]
    """In the form of htpasswd; empty if they are in a file of Traefik."""
    realm: str
    path: FieldPath
    """The path of the label."""


@dataclass(frozen=True)
class Access:
    """Who may call."""

    allow: _Networks | None = None
    """None for everybody."""
    users: Users | None = None
    rate: int | None = None
    """Requests per second and client."""

    def both(self, other: "Access") -> "Access | None":
        """The intersection; None if the gateway cannot express it for one service."""
        users = self.users or other.users
        if self.users and other.users and (self.users.name, self.users.lines) != (other.users.name, other.users.lines):
            return None
        allow = other.allow if self.allow is None else self.allow
        if self.allow is not None and other.allow is not None:
            allow = _common(self.allow, other.allow)
        if allow is not None and not 0 < len(allow) <= _ALLOW_LIMIT:
            return None
        rates = [each for each in (self.rate, other.rate) if each]
        return Access(allow, users, min(rates) if rates else None)


def lost(kinds: Kinds) -> Iterator[tuple[FieldPath, str]]:
    """Path and reason for each middleware that restricts callers and has no equivalent in the gateway."""
    for (name, kind), options in kinds.items():
        first = next(iter(options.values()))
        match kind:
            case "headers":
                yield from _lost_headers(options)
            case "basicauth" if _users(name, options) is not None:
                pass
            case "ipallowlist" | "ipwhitelist" if _allowed(options):
                pass
            case "ratelimit" if _rate(options) is not None:
                pass
            case _ if kind not in _HARMLESS:
                yield (
                    first.path,
                    _REASONS.get(kind, f"'{kind}' may restrict callers, and the gateway has no equivalent"),
                )


def _lost_headers(options: Mapping[str, Option]) -> Iterator[tuple[FieldPath, str]]:
    for name, option in options.items():
        if name.startswith("customrequestheaders.") and not option.value:
            header = name.partition(".")[2]
            yield option.path, f"it removes the header {header}, which callers could set here"
        elif name.startswith("allowedhosts"):
            yield option.path, "only some hosts are allowed, which the gateway does not check"


def access(kinds: Kinds) -> Access | None:
    """Who may call a route with these middlewares; None if the gateway cannot express it."""
    result: Access | None = Access()
    for (name, kind), options in kinds.items():
        part = Access()
        if kind in _ALLOWING:
            part = Access(allow=_allowed(options))
        elif kind == "ratelimit":
            part = Access(rate=_rate(options) or None)
        elif kind == "basicauth":
            part = Access(users=_users(name, options))
        result = result.both(part) if result else None
    return result


def _users(name: str, options: Mapping[str, Option]) -> Users | None:
    given = next((option for key, option in options.items() if key.partition("[")[0] in ("users", "usersfile")), None)
    if given is None:
        return None
    realm = options["realm"].value if "realm" in options else ""
    if "usersfile" in options:
        return Users(name, (), realm, options["usersfile"].path)
    lines = tuple(each.strip() for each in given.value.split(",") if each.strip())
    return Users(name, lines, realm, given.path) if lines and all(map(_USER.fullmatch, lines)) else None


def _allowed(options: Mapping[str, Option]) -> _Networks | None:
    """The ranges; None if there are none or one is invalid."""
    written = options["sourcerange"].value if "sourcerange" in options else ""
    try:
        found = {ip_network(each.strip(), strict=False): each.strip() for each in written.split(",")}
    except ValueError:
        return None
    return found if len(found) <= _ALLOW_LIMIT else None


def _common(some: _Networks, others: _Networks) -> _Networks:
    """The ranges that are in both."""
    pairs = ((one, other) for one in some for other in others if one.version == other.version)
    inner = (
        one if _within(one, other) else other for one, other in pairs if _within(one, other) or _within(other, one)
    )
    return {each: some.get(each) or others[each] for each in inner}


def _within(one: IPv4Network | IPv6Network, other: Any) -> bool:
    return one.subnet_of(other)


def _rate(options: Mapping[str, Option]) -> int | None:
    """Requests per second, rounded up, averaged over a longer period; 0 for no limit, None if invalid."""
    average = whole(options["average"].value) if "average" in options else 0
    written = options["period"].value if "period" in options else "1s"
    period = duration(f"{written}s" if written.isdigit() else written)
    if average is None or period is None or not float(seconds(period)):
        return None
    return min(ceil(average / float(seconds(period))), RATE_LIMIT)


def body(kinds: Kinds) -> str | None:
    """The largest body of a request."""
    found = [
        options["maxrequestbodybytes"].value for (_, kind), options in kinds.items() if "maxrequestbodybytes" in options
    ]
    sizes = [size for each in found if (size := memory(each)) and size != "0"]
    return sizes[0] if sizes else None
