"""Writes one route of a gateway as nginx locations: path stripping, access control, retries, timeouts, logging.

The backend gets the path as the caller sent it, percent encoding included. Only a path with ``..`` or ``//`` is
passed on normalised, so that no caller leaves the prefix.
"""

import re
from math import ceil

from ailtire_operator.model.values import amount, seconds
from ailtire_operator.plan.gateway import sessions
from ailtire_operator.plan.gateway.nginx_text import Directive, directive
from ailtire_operator.plan.gateway.routes import Route

AUTHENTICATION_DIRECTORY = "/etc/ailtire-authentication"
AUTHENTICATION_KEY = "auth"
IDLE_SECONDS = 3600
"""Seconds that a connection may be idle without a timeout policy; WebSockets and event streams are often idle."""
_CONNECT_MILLISECONDS = 5000
RETRY_AFTER_SECONDS = "30"
"""When whoever asks for what is stopped may ask again: nobody knows when it is started."""
_BUFFERED, _STREAMED, _NOT_REPEATABLE, _UPGRADED = "416", "417", "418", "419"
"""Internal statuses that select another location; no client ever sees them."""
_UNREACHED = ("502", "504")
"""nginx's own statuses for a backend that it could not connect to, and for one that timed out."""
_FAILED = ("502", "503", "504")
_REPEATABLE = "^(GET|HEAD|OPTIONS|PUT|DELETE)$"
_LARGEST = 2**60
_ONLY_SAFE_NORMALISED = r"~*(\.\.|%2e|//)"


def rate_limits(routes: list[Route]) -> list[Directive]:
    """The limit_req_zone of each route with a rate limit."""
    return [
        directive("limit_req_zone", "$binary_remote_addr", f"zone={_zone(index)}:1m", f"rate={rate}r/s")
        for index, route in enumerate(routes)
        if (rate := _rate(route)) is not None
    ]


def paths_as_sent(routes: list[Route]) -> list[Directive]:
    """For each route that changes the path: a map to the backend's path and query, byte for byte, or empty."""
    cases = [directive("default", "$request_uri"), directive(_ONLY_SAFE_NORMALISED, "")]
    found = [directive("map", "$request_uri", "$as_sent", block=cases)]
    for index, route in enumerate(routes):
        if route.backend_path is not None:
            below = directive(f"~^{re.escape(route.prefix)}/(.*)$", f"{route.backend_path.rstrip('/')}/$1")
            found.append(directive("map", "$as_sent", f"${_path_name(index)}", block=[directive("default", ""), below]))
    return found


def of_route(index: int, route: Route) -> list[Directive]:
    """All locations of the route: the public ones and the internal ones that they select."""
    # The prefix itself and everything below it: /web must not match /website.
    entries = [("=", route.prefix), ("^~", f"{route.prefix}/")] if route.prefix else [("/",)]
    if route.stopped:
        return [directive("location", *entry, block=_stopped(route)) for entry in entries]
    entrance = [directive("location", *entry, block=_choice(index, route)) for entry in entries]
    return [*entrance, *_ways(index, route), *_second_tries(index, route)]


def _stopped(route: Route) -> list[Directive]:
    """The answer for a service that is stopped; nobody has to be kept from it."""
    return [
        *_logging(route),
        directive("add_header", "Retry-After", RETRY_AFTER_SECONDS, "always"),
        directive("return", "503", "stopped\n"),
    ]


def _choice(index: int, route: Route) -> list[Directive]:
    """The directives that select a location for a request, before access control, which each location has itself.

    Nothing is proxied here, so that a backend cannot select a location by its status.
    """
    ways = {_BUFFERED: _way_name(index, "buffered"), _STREAMED: _way_name(index, "streamed")}
    choice = []
    if _timeout(route) is not None:
        ways[_UPGRADED] = _way_name(index, "websocket")
        choice.append(directive("if", "$upgrade", block=[directive("return", _UPGRADED)]))
    choice.append(directive("if", "$streamed", block=[directive("return", _STREAMED)]))
    if _retries(route):
        ways[_NOT_REPEATABLE] = _way_name(index, "once")
        not_repeatable = [directive("return", _NOT_REPEATABLE)]
        choice.append(directive("if", "$request_method", "!~", _REPEATABLE, block=not_repeatable))
    choice.append(directive("return", _BUFFERED))
    leads = [directive("error_page", status, "=", name) for status, name in ways.items()]
    return [*_body_limit(route), *leads, *choice]


def _ways(index: int, route: Route) -> list[Directive]:
    """The internal locations that proxy: they differ in buffering, retries and timeout."""
    timeout = _timeout(route)
    on_failure = _retry_in(_retry_name(index, 1)) if _retries(route) else _unless_reached(index)
    ways = {"buffered": [*on_failure, *_first_try(index, route, timeout)]}
    # An unbuffered body cannot be sent a second time.
    ways["streamed"] = [
        directive("proxy_request_buffering", "off"), *_first_try(index, route, timeout)
    ]  # fmt: skip
    if timeout is not None:  # WebSockets are exempt from the timeout
        ways["websocket"] = _first_try(index, route, None)
    if _retries(route):
        ways["once"] = [*_unless_reached(index), *_first_try(index, route, timeout)]
    return [_named(_way_name(index, way), index, route, block) for way, block in ways.items()]


def _named(name: str, index: int, route: Route, block: list[Directive]) -> Directive:
    """An internal location. Each has all access rules of the route, so that none can be used to bypass them."""
    rules = [*_access(index, route), *_body_limit(route), *_logging(route)]
    return directive("location", name, block=[*rules, *block])


def _body_limit(route: Route) -> list[Directive]:
    """The body limit, in both locations: nginx checks Content-Length in the public one, chunked bodies in the other."""
    limit = route.policies.max_body
    return [] if limit is None else [directive("client_max_body_size", body_size(limit))]


def body_size(quantity: str) -> str:
    """A quantity as an nginx size: whole bytes, at most what nginx can count."""
    return str(min(ceil(amount(quantity)), _LARGEST))


def _retry_in(location: str) -> list[Directive]:
    """Retry in another location after any failure, also one that the backend itself answered."""
    return [directive("proxy_intercept_errors", "on"), directive("error_page", *_FAILED, "=", location)]


def _unless_reached(index: int) -> list[Directive]:
    return [directive("error_page", status, "=", _unreached_name(index, status)) for status in _UNREACHED]


def _second_tries(index: int, route: Route) -> list[Directive]:
    """The locations for retries. A request that reached no pod is sent once more, as a pod may just have ended.

    Repeatable requests are retried as often as the policy says. The first try has rewritten the path already.
    """
    found = []
    for status in _UNREACHED:
        block = [
            directive("if", *_reached(route), block=[directive("return", status)]),
            *_proxy(index, route, [], _timeout(route)),
        ]
        found.append(_named(_unreached_name(index, status), index, route, block))
    for attempt in range(1, _retries(route) + 1):
        more = _retry_in(_retry_name(index, attempt + 1)) if attempt < _retries(route) else []
        block = [*more, *_proxy(index, route, [], _timeout(route))]
        found.append(_named(_retry_name(index, attempt), index, route, block))
    return found


def _rewrite(route: Route) -> list[Directive]:
    """The rewrite of a normalised path; (?s), as it may contain a line feed."""
    if route.backend_path is None:
        return []
    below = f"(?s)^{re.escape(route.prefix)}/(.*)$"
    rewrites = [directive("rewrite", below, f"{route.backend_path.rstrip('/')}/$1", "break")]
    if route.prefix:
        rewrites.insert(0, directive("rewrite", f"^{re.escape(route.prefix)}$", route.backend_path, "break"))
    return rewrites


def _reached(route: Route) -> tuple[str, str, str]:
    """The condition that something of the request was sent. A group without a pod has sent ``-``."""
    return ("$upstream_bytes_sent", "~", "[1-9]") if route.pods else ("$upstream_bytes_sent", "!=", "0")


def _first_try(index: int, route: Route, timeout: int | None) -> list[Directive]:
    """The directives that proxy the request to the caller's pod, if it has a session, else to any."""
    target = sessions.group(route) if route.pods else None
    # Another pod is for the second try to choose, which knows whether the request may be sent again.
    alone = [directive("proxy_next_upstream", "off")] if route.pods else []
    return [*alone, *_proxy(index, route, _rewrite(route), timeout, target)]


def _proxy(
    index: int, route: Route, rewrite: list[Directive], timeout: int | None, target: str | None = None
) -> list[Directive]:
    """The directives that proxy the request. ``set`` comes first, as ``break`` in a rewrite would skip it.

    Without a path, proxy_pass sends the normalised one, escaped again.
    """
    path = "" if route.backend_path is None else f"${_path_name(index)}"
    return [
        directive("set", "$target", target or f"{route.host}:{route.port}"),
        *([directive("set", "$stripped", route.stripped)] if route.stripped else []),
        *rewrite,
        *_bounds(timeout),
        directive("proxy_pass", f"{route.scheme}://$target{path}"),
    ]


def _bounds(timeout: int | None) -> list[Directive]:
    if timeout is None:
        return []
    bounds = {"connect": min(timeout, _CONNECT_MILLISECONDS), "read": timeout, "send": timeout}
    return [directive(f"proxy_{step}_timeout", f"{bound}ms") for step, bound in bounds.items()]


def _access(index: int, route: Route) -> list[Directive]:
    control = route.policies.access_control
    if control is None:
        return []
    block = [directive("allow", source) for source in control.allow]
    if block:
        block.append(directive("deny", "all"))
    if control.rate_limit is not None:
        block.append(directive("limit_req", f"zone={_zone(index)}", f"burst={control.rate_limit * 2}", "nodelay"))
    if control.authentication is not None:
        file = f"{AUTHENTICATION_DIRECTORY}/{control.authentication.secret}/{AUTHENTICATION_KEY}"
        realm = control.authentication.realm
        # nginx reads the realm "off" as no authentication at all.
        block.append(directive("auth_basic", "Off" if realm == "off" else realm))
        block.append(directive("auth_basic_user_file", file))
    return block


def _logging(route: Route) -> list[Directive]:
    level = route.policies.logging.level if route.policies.logging else "info"
    if level == "none":
        return [directive("access_log", "off")]
    condition = {"warn": ["if=$refused"], "error": ["if=$failed"]}.get(level, [])
    return [directive("access_log", "/dev/stdout", "json", *condition)] if condition else []


def _zone(index: int) -> str:
    return f"route_{index}"


def _path_name(index: int) -> str:
    return f"path_{index}"


def _way_name(index: int, way: str) -> str:
    return f"@{way}_{index}"


def _unreached_name(index: int, status: str) -> str:
    return f"@unreached_{index}_{status}"


def _retry_name(index: int, attempt: int) -> str:
    return f"@retry_{index}_{attempt}"


def _rate(route: Route) -> int | None:
    return route.policies.access_control.rate_limit if route.policies.access_control else None


def _retries(route: Route) -> int:
    return route.policies.retry.max_retries if route.policies.retry else 0


def _timeout(route: Route) -> int | None:
    """Milliseconds."""
    return max(1, round(seconds(route.policies.timeout.request_timeout) * 1000)) if route.policies.timeout else None
