"""Traefik's middlewares, as routers of a service name them: what the stack's gateway can do of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator.compose.canonical.durations import duration
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.scalars import accepts, whole
from ailtire_operator.model.policies import AccessControl, Retry
from ailtire_operator.model.values import seconds

_ACCESS: Final = TypeAdapter(AccessControl)
_RETRY: Final = TypeAdapter(Retry)
_TRIES_LIMIT: Final = 5
_DEPTH_LIMIT: Final = 8
_AUTHENTICATION: Final = ("basicauth", "digestauth", "forwardauth")
_OPEN: Final = "the gateway asks nobody who they are unless a Secret says whom: its routes are open to all."
_USERS: Final = (
    "Put lines as htpasswd writes them into a Secret under auth, named in policies.accessControl.authentication."
)
_REASONS: Final = {
    "redirectscheme": ("requests are redirected at the edge, not in the gateway.", "Set spec.edge.tls."),
    "redirectregex": ("requests are redirected at the edge, not in the gateway.", "Let the service redirect."),
    "headers": ("the gateway adds and takes away no headers.", "Let the service set them."),
    "compress": ("the gateway passes answers as they are.", "Let the service compress."),
}
_NO_COUNTERPART: Final = ("the gateway has nothing of this kind.", "Let the service do it.")
_PATHS: Final = ("stripprefixregex", "replacepath", "replacepathregex")


@dataclass(frozen=True, slots=True)
class _Option:
    """``stripprefix.prefixes`` of one middleware."""

    kind: str
    name: str
    value: str
    path: str
    """Where it stands."""


@dataclass
class Middlewares:
    """All middlewares of a project: routers name those of other services too."""

    options: dict[str, list[_Option]] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    def add(self, name: str, option: str, value: str, path: str) -> None:
        """Learn one label."""
        kind, _, rest = option.lower().partition(".")
        self.options.setdefault(name.lower(), []).append(_Option(kind, rest, value, path))

    def named(self, written: Iterable[str], depth: int = 0) -> list[_Option]:
        """The options of the middlewares with these names, through chains of them."""
        result: list[_Option] = []
        for each in written:
            name = each.partition("@")[0].strip().lower()
            self._used.add(name)
            for option in self.options.get(name, ()):
                if option.kind == "chain" and depth < _DEPTH_LIMIT:
                    result += self.named(option.value.split(","), depth + 1)
                else:
                    result.append(option)
        return result

    def is_known(self, written: str) -> bool:
        """Whether the project itself says what a name stands for."""
        return written.partition("@")[0].strip().lower() in self.options

    def report_unused(self, report: Report) -> None:
        """What is described and no router names."""
        for name, options in self.options.items():
            for option in options if name not in self._used else ():
                report.ignored(option.path, "no route of the stack uses this middleware.")


def stripped(options: Iterable[_Option]) -> list[str]:
    """The prefixes that the service does not see."""
    found = [each.value for each in options if (each.kind, each.name) == ("stripprefix", "prefixes")]
    return [prefix.strip() for each in found for prefix in each.split(",")]


def redirects(options: Iterable[_Option]) -> bool:
    """Whether plain requests are sent to HTTPS."""
    return any(each.kind == "redirectscheme" for each in options)


def added(options: Iterable[_Option]) -> str:
    """What the service sees before the path."""
    return "".join(each.value for each in options if (each.kind, each.name) == ("addprefix", "prefix"))


def policies(options: Iterable[_Option], report: Report) -> dict[str, Any]:
    """Policies of the service from the middlewares of its routers; what has no counterpart is reported."""
    access: dict[str, Any] = {}
    result: dict[str, Any] = {}
    limits: dict[str, _Option] = {}
    for option in dict.fromkeys(options):
        if (option.kind, option.name) in (("stripprefix", "prefixes"), ("addprefix", "prefix")):
            continue
        if option.kind == "ratelimit":
            limits[option.name] = option
        elif option.kind in ("ipwhitelist", "ipallowlist") and option.name == "sourcerange":
            access |= _allowed(option, report)
        elif option.kind == "retry" and option.name == "attempts":
            result |= _tries(option, report)
        elif option.kind in _AUTHENTICATION:
            report.rejected(option.path, _OPEN, _USERS)
        elif option.kind in _PATHS:
            message = "the gateway takes away fixed prefixes alone; the service sees the path as it came."
            report.rejected(option.path, message, "Give the route a path in spec.services.*.interface.")
        else:
            report.ignored(option.path, *_REASONS.get(option.kind, _NO_COUNTERPART))
    access |= _rate(limits, report)
    return result | ({"accessControl": access} if access else {})


def _rate(limits: Mapping[str, _Option], report: Report) -> dict[str, int]:
    """Requests per second; of a longer period the average, rounded up."""
    average = limits.get("average")
    for name, option in limits.items():
        if name == "burst":
            report.approximate(option.path, "bursts of twice the rate are let through.")
        elif name not in ("average", "period"):
            report.ignored(option.path, *_NO_COUNTERPART)
    number = whole(average.value) if average else None
    if average is None or not number:
        return {}
    written = limits["period"].value if "period" in limits else "1s"
    period = duration(f"{written}s" if written.isdigit() else written)
    rate = ceil(number / (float(seconds(period)) or 1)) if period else 0
    if not accepts(_ACCESS, {"rateLimit": rate}):
        report.rejected(average.path, f"'{number}' in '{written}' is not a rate; there is no limit.")
        return {}
    message = f"it is {rate} requests per second and client, on all routes of the service."
    report.approximate(average.path, message)
    return {"rateLimit": rate}


def _allowed(option: _Option, report: Report) -> dict[str, list[str]]:
    ranges = list(dict.fromkeys(each.strip() for each in option.value.split(",")))
    if accepts(_ACCESS, {"allow": ranges}):
        report.approximate(option.path, "it holds for all routes of the service.")
        return {"allow": ranges}
    report.rejected(option.path, "these are no addresses; everybody may call.", "Write addresses or CIDR ranges.")
    return {}


def _tries(option: _Option, report: Report) -> dict[str, Any]:
    tries = whole(option.value)
    fields = {"maxRetries": min(max((tries or 1) - 1, 0), _TRIES_LIMIT)}
    if tries is None or not accepts(_RETRY, fields):
        report.rejected(option.path, f"'{option.value}' is not a number of tries; nothing is tried again.")
        return {}
    report.approximate(option.path, "the gateway repeats requests that are safe to repeat, five times at the most.")
    return {"retry": fields}
