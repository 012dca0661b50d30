"""Traefik's middlewares, as routers of a service name them: what the stack's gateway can do of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.scalars import accepts, whole
from ailtire_operator.model.policies import Retry

_RETRY: Final = TypeAdapter(Retry)
_TRIES_LIMIT: Final = 5
_PROVIDERS: Final = ("", "docker", "swarm")
"""Behind a middleware's name, where labels of a project describe it."""
_REASONS: Final = {
    "redirectscheme": ("requests are redirected at the edge, not in the gateway.", "Set spec.edge.tls."),
    "redirectregex": ("requests are redirected at the edge, not in the gateway.", "Let the service redirect."),
    "headers": ("the gateway adds and takes away no headers.", "Let the service set them."),
    "compress": ("the gateway passes answers as they are.", "Let the service compress."),
}
_NO_COUNTERPART: Final = ("the gateway has nothing of this kind.", "Let the service do it.")
_PATHS: Final = ("stripprefixregex", "replacepath", "replacepathregex")


@dataclass(frozen=True, slots=True)
class Option:
    """``stripprefix.prefixes`` of one middleware."""

    middleware: str
    kind: str
    name: str
    value: str
    path: str
    """Where it stands."""


Kinds = dict[tuple[str, str], dict[str, Option]]
"""The options by their names, by middleware and kind."""


@dataclass(frozen=True)
class Chosen:
    """What a router's middlewares come to."""

    options: tuple[Option, ...]
    unknown: tuple[str, ...]
    """Names that nothing in the project describes."""

    @property
    def kinds(self) -> Kinds:
        """The options, sorted."""
        result: Kinds = {}
        for option in self.options:
            result.setdefault((option.middleware, option.kind), {})[option.name] = option
        return result


@dataclass
class Middlewares:
    """All middlewares of a project: routers name those of other services too."""

    options: dict[str, list[Option]] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    def add(self, name: str, option: str, value: str, path: str) -> None:
        """Learn one label."""
        kind, _, rest = option.lower().partition(".")
        self.options.setdefault(name.lower(), []).append(Option(name.lower(), kind, rest, value, path))

    def chosen(self, written: Iterable[str]) -> Chosen:
        """What the middlewares with these names come to, through chains of them; each counts once."""
        options: list[Option] = []
        unknown: dict[str, None] = {}
        seen: set[str] = set()
        waiting = list(written)[::-1]
        while waiting:
            each = waiting.pop().strip()
            name, _, provider = each.lower().partition("@")
            if name and (provider not in _PROVIDERS or name not in self.options):
                unknown[each] = None
            if not name or each in unknown or name in seen:
                continue
            seen.add(name)
            for option in self.options[name]:
                if option.kind == "chain":
                    waiting += option.value.split(",")[::-1]
                else:
                    options.append(option)
        self._used |= seen
        return Chosen(tuple(options), tuple(unknown))

    def report_unused(self, report: Report) -> None:
        """What is described and no router names."""
        for name, options in self.options.items():
            for option in options if name not in self._used else ():
                report.ignored(option.path, "no route of the stack uses this middleware.")


def stripped(options: Iterable[Option]) -> list[str]:
    """The prefixes that the service does not see."""
    found = [each.value for each in options if (each.kind, each.name) == ("stripprefix", "prefixes")]
    return [prefix.strip() for each in found for prefix in each.split(",")]


def redirects(options: Iterable[Option]) -> bool:
    """Whether plain requests are sent to HTTPS."""
    return any(each.kind == "redirectscheme" for each in options)


def added(options: Iterable[Option]) -> str:
    """What the service sees before the path."""
    return "".join(each.value for each in options if (each.kind, each.name) == ("addprefix", "prefix"))


def settings(options: Iterable[Option], report: Report) -> dict[str, Any]:
    """Policies of the service beside those that say who may call; what has no counterpart is reported."""
    result: dict[str, Any] = {}
    for option in dict.fromkeys(options):
        match option.kind, option.name:
            case ("stripprefix", "prefixes") | ("addprefix", "prefix") | ("ratelimit", "average" | "period"):
                pass
            case ("ipwhitelist" | "ipallowlist", "sourcerange"):
                report.approximate(option.path, "it holds for all routes of the service.")
            case ("basicauth", "users" | "usersfile" | "realm"):
                pass
            case "ratelimit", "burst":
                report.approximate(option.path, "bursts of twice the rate are let through.")
            case "buffering", "maxrequestbodybytes":
                report.approximate(option.path, "it holds for all routes of the service.")
            case "retry", "attempts":
                result |= _tries(option, report)
            case kind, _ if kind in _PATHS:
                message = "the gateway takes away fixed prefixes alone; the service sees the path as it came."
                report.rejected(option.path, message, "Give the route a path in spec.services.*.interface.")
            case kind, _:
                report.ignored(option.path, *_REASONS.get(kind, _NO_COUNTERPART))
    return result


def _tries(option: Option, report: Report) -> dict[str, Any]:
    tries = whole(option.value)
    fields = {"maxRetries": min(max((tries or 1) - 1, 0), _TRIES_LIMIT)}
    if tries is None or not accepts(_RETRY, fields):
        report.rejected(option.path, f"'{option.value}' is not a number of tries; nothing is tried again.")
        return {}
    report.approximate(option.path, "the gateway repeats requests that are safe to repeat, five times at the most.")
    return {"retry": fields}
