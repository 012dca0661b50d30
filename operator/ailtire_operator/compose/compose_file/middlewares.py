"""Translates Traefik's middlewares of a service's routers to policies of the gateway."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.scalars import accepts, whole
from ailtire_operator.model.field_path import FieldPath
from ailtire_operator.model.policies import Retry

_RETRY: Final = TypeAdapter(Retry)
_TRIES_LIMIT: Final = 5
_PROVIDERS: Final = ("", "docker", "swarm")
"""Provider suffixes of middlewares that are defined by labels."""
_REASONS: Final = {
    "redirectscheme": ("requests are redirected at the edge, not in the gateway.", "Set spec.edge.tls."),
    "redirectregex": ("requests are redirected at the edge, not in the gateway.", "Let the service redirect."),
    "headers": ("the gateway does not change headers.", "Let the service set them."),
    "compress": ("the gateway does not compress responses.", "Let the service compress."),
}
_NO_COUNTERPART: Final = ("the gateway has no equivalent.", "Let the service do it.")
_PATHS: Final = ("stripprefixregex", "replacepath", "replacepathregex")


@dataclass(frozen=True, slots=True)
class Option:
    """``stripprefix.prefixes`` of one middleware."""

    middleware: str
    kind: str
    name: str
    value: str
    path: FieldPath
    """Where it stands."""


Kinds = dict[tuple[str, str], dict[str, Option]]
"""The options by their names, by middleware and kind."""


@dataclass(frozen=True)
class Chosen:
    """The combined middlewares of a router."""

    options: tuple[Option, ...]
    unknown: tuple[str, ...]
    """Names without a definition in the project."""

    @property
    def kinds(self) -> Kinds:
        """The options, sorted."""
        result: Kinds = {}
        for option in self.options:
            result.setdefault((option.middleware, option.kind), {})[option.name] = option
        return result


@dataclass
class Middlewares:
    """All middlewares of a project, as routers may use those of other services."""

    options: dict[str, list[Option]] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    def add(self, name: str, option: str, value: str, path: FieldPath) -> None:
        """Add one label."""
        kind, _, rest = option.lower().partition(".")
        self.options.setdefault(name.lower(), []).append(Option(name.lower(), kind, rest, value, path))

    def chosen(self, written: Iterable[str]) -> Chosen:
        """The middlewares with these names, chains resolved, each once."""
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
        """Report middlewares that no router uses."""
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
    """Policies except access control; middlewares without an equivalent are reported."""
    result: dict[str, Any] = {}
    for option in dict.fromkeys(options):
        match option.kind, option.name:
            case ("stripprefix", "prefixes") | ("addprefix", "prefix") | ("ratelimit", "average" | "period"):
                pass
            case ("ipwhitelist" | "ipallowlist", "sourcerange"):
                report.approximate(option.path, "it applies to all routes of the service.")
            case ("basicauth", "users" | "usersfile" | "realm"):
                pass
            case "ratelimit", "burst":
                report.approximate(option.path, "bursts of twice the rate are allowed.")
            case "buffering", "maxrequestbodybytes":
                report.approximate(option.path, "it applies to all routes of the service.")
            case "retry", "attempts":
                result |= _tries(option, report)
            case kind, _ if kind in _PATHS:
                message = "the gateway only strips fixed prefixes; the service gets the unchanged path."
                report.rejected(option.path, message, "Give the route a path in spec.services.*.interface.")
            case kind, _:
                report.ignored(option.path, *_REASONS.get(kind, _NO_COUNTERPART))
    return result


def _tries(option: Option, report: Report) -> dict[str, Any]:
    tries = whole(option.value)
    fields = {"maxRetries": min(max((tries or 1) - 1, 0), _TRIES_LIMIT)}
    if tries is None or not accepts(_RETRY, fields):
        report.rejected(option.path, f"'{option.value}' is not a number of retries; there are no retries.")
        return {}
    report.approximate(option.path, "the gateway retries only safe requests, at most five times.")
    return {"retry": fields}
