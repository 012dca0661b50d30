"""Writes the internal nginx locations that pass requests on: first tries, which differ in buffering, and others."""

from dataclasses import dataclass

from ailtire_operator.plan.gateway.nginx_text import Directive, directive

_CONNECT_MILLISECONDS = 5000
_UNREACHED = ("502", "504")
"""nginx's own statuses for a backend that it could not connect to, and for one that timed out."""
_FAILED = ("502", "503", "504")


@dataclass(frozen=True, slots=True)
class Passing:
    """How the requests of one route are passed on, or those of all routes with the same limits."""

    suffix: str
    """Of the names of its locations."""
    timeout: int | None
    """Milliseconds."""
    retries: int
    sessions: bool
    rules: list[Directive]
    """Who may call, how much may be sent, what is logged: each location has them, so that none is a way around them."""
    first: list[Directive]
    """What the first try needs before it passes a request on; later tries have its rewritten path already."""
    again: list[Directive]
    first_url: str
    """Of the caller's pod, if callers have sessions, else of any."""
    again_url: str

    def name(self, way: str, more: str = "") -> str:
        """The name of a location."""
        return f"@{way}_{self.suffix}{more}"


def locations(passing: Passing) -> list[Directive]:
    """All internal locations: buffered, streamed, websocket with a time-out, once with retries; and second tries."""
    return [*_first_tries(passing), *_second_tries(passing)]


def _first_tries(passing: Passing) -> list[Directive]:
    """The internal locations that proxy first: they differ in buffering, retries and timeout."""
    timeout = passing.timeout
    on_failure = _retry_in(_retry_name(passing, 1)) if passing.retries else _unless_reached(passing)
    ways = {"buffered": [*on_failure, *_first_try(passing, timeout)]}
    # An unbuffered body cannot be sent a second time.
    ways["streamed"] = [directive("proxy_request_buffering", "off"), *_first_try(passing, timeout)]
    if timeout is not None:  # WebSockets are exempt from the timeout
        ways["websocket"] = _first_try(passing, None)
    if passing.retries:
        ways["once"] = [*_unless_reached(passing), *_first_try(passing, timeout)]
    return [_named(passing.name(way), passing, block) for way, block in ways.items()]


def _named(name: str, passing: Passing, block: list[Directive]) -> Directive:
    return directive("location", name, block=[*passing.rules, *block])


def _retry_in(location: str) -> list[Directive]:
    """Retry in another location after any failure, also one that the backend itself answered."""
    return [directive("proxy_intercept_errors", "on"), directive("error_page", *_FAILED, "=", location)]


def _unless_reached(passing: Passing) -> list[Directive]:
    return [directive("error_page", status, "=", passing.name("unreached", f"_{status}")) for status in _UNREACHED]


def _second_tries(passing: Passing) -> list[Directive]:
    """The locations for retries. A request that reached no pod is sent once more, as a pod may just have ended.

    Repeatable requests are retried as often as the policy says.
    """
    found = []
    for status in _UNREACHED:
        block = [directive("if", *_reached(passing), block=[directive("return", status)]), *_try_again(passing)]
        found.append(_named(passing.name("unreached", f"_{status}"), passing, block))
    for attempt in range(1, passing.retries + 1):
        more = _retry_in(_retry_name(passing, attempt + 1)) if attempt < passing.retries else []
        found.append(_named(_retry_name(passing, attempt), passing, [*more, *_try_again(passing)]))
    return found


def _retry_name(passing: Passing, attempt: int) -> str:
    return passing.name("retry", f"_{attempt}")


def _reached(passing: Passing) -> tuple[str, str, str]:
    """The condition that something of the request was sent. A group without a pod has sent ``-``."""
    return ("$upstream_bytes_sent", "~", "[1-9]") if passing.sessions else ("$upstream_bytes_sent", "!=", "0")


def _first_try(passing: Passing, timeout: int | None) -> list[Directive]:
    """The directives that proxy the request to the caller's pod, if it has a session, else to any."""
    # Another pod is for the second try to choose, which knows whether the request may be sent again.
    alone = [directive("proxy_next_upstream", "off")] if passing.sessions else []
    return [*alone, *passing.first, *_bounds(timeout), directive("proxy_pass", passing.first_url)]


def _try_again(passing: Passing) -> list[Directive]:
    return [*passing.again, *_bounds(passing.timeout), directive("proxy_pass", passing.again_url)]


def _bounds(timeout: int | None) -> list[Directive]:
    if timeout is None:
        return []
    bounds = {"connect": min(timeout, _CONNECT_MILLISECONDS), "read": timeout, "send": timeout}
    return [directive(f"proxy_{step}_timeout", f"{bound}ms") for step, bound in bounds.items()]
