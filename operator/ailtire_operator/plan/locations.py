"""One route of a gateway as nginx's locations: what is stripped, who may call, how often it is tried, what is written.

The path goes on as the caller sent it, percent signs and all, wherever that is safe; a path that only nginx's
normalising makes safe (``..``, ``//``) goes on normalised, so that nobody climbs out of a prefix.
"""

import re
from typing import Any

from ailtire_operator.model.values import seconds
from ailtire_operator.plan.routes import Route

Directive = dict[str, Any]

AUTHENTICATION_DIRECTORY = "/etc/ailtire-authentication"
AUTHENTICATION_KEY = "auth"
IDLE_SECONDS = 3600
"""How long a connection may be silent where no policy bounds it: WebSockets and event streams are."""
_CONNECT_MILLISECONDS = 5000
_UPGRADED = "418"
_NOT_REPEATABLE = "419"
"""Mark, inside nginx, a request that another location takes over; no client ever sees them."""
_UNREACHED = ("502", "504")
"""What nginx itself says of a backend that it did not reach; and of one that fell silent."""
_FAILED = ("502", "503", "504")
_REPEATABLE = "^(GET|HEAD|OPTIONS|PUT|DELETE)$"
_ONLY_SAFE_NORMALISED = r"~*(\.\.|%2e|//)"


def directive(name: str, *arguments: str, block: list[Directive] | None = None) -> Directive:
    """One directive as crossplane has it."""
    made: Directive = {"directive": name, "args": list(arguments)}
    return made if block is None else {**made, "block": block}


def rate_limits(routes: list[Route]) -> list[Directive]:
    """The counters of the routes that have a rate limit."""
    return [
        directive("limit_req_zone", "$binary_remote_addr", f"zone={_zone(index)}:1m", f"rate={rate}r/s")
        for index, route in enumerate(routes)
        if (rate := _rate(route)) is not None
    ]


def paths_as_sent(routes: list[Route]) -> list[Directive]:
    """Per route that changes the path: the backend's path and query in the caller's own bytes, or nothing."""
    cases = [directive("default", "$request_uri"), directive(_ONLY_SAFE_NORMALISED, "")]
    found = [directive("map", "$request_uri", "$as_sent", block=cases)]
    for index, route in enumerate(routes):
        if route.backend_path is not None:
            below = directive(f"~^{re.escape(route.prefix)}/(.*)$", f"{route.backend_path.rstrip('/')}/$1")
            found.append(directive("map", "$as_sent", f"${_path_name(index)}", block=[directive("default", ""), below]))
    return found


def of_route(index: int, route: Route) -> list[Directive]:
    """The prefix itself, everything below it (a segment boundary lies between), and where these hand over to."""
    if not route.prefix:
        found = [directive("location", "/", block=_location(index, route, _rewrite_below(route)))]
    else:
        found = [
            directive("location", "=", route.prefix, block=_location(index, route, _rewrite_exact(route))),
            directive("location", "^~", f"{route.prefix}/", block=_location(index, route, _rewrite_below(route))),
        ]
    return [*found, *_websocket_location(index, route), *_once_location(index, route), *_second_tries(index, route)]


def _location(index: int, route: Route, rewrite: list[Directive]) -> list[Directive]:
    block = [*_access(index, route), *_logging(route)]
    if _timeout(route) is not None:
        hand_over = directive("if", "$http_upgrade", block=[directive("return", _UPGRADED)])
        block += [directive("error_page", _UPGRADED, "=", _websocket_name(index)), hand_over]
    if _retries(route):
        hand_over = directive("if", "$request_method", "!~", _REPEATABLE, block=[directive("return", _NOT_REPEATABLE)])
        block += [directive("error_page", _NOT_REPEATABLE, "=", _once_name(index)), hand_over]
        block += _again(_retry_name(index, 1))
    else:
        block += _unless_reached(index)
    return [*block, *_proxy(index, route, rewrite, _timeout(route))]


def _again(location: str) -> list[Directive]:
    """Whatever failed, be it in the backend's own words, another location tries anew."""
    return [directive("proxy_intercept_errors", "on"), directive("error_page", *_FAILED, "=", location)]


def _unless_reached(index: int) -> list[Directive]:
    return [directive("error_page", status, "=", _unreached_name(index, status)) for status in _UNREACHED]


def _websocket_location(index: int, route: Route) -> list[Directive]:
    """Upgraded connections are exempt from the request's time-out. They come here before anybody asked who calls."""
    if _timeout(route) is None:
        return []
    block = [*_access(index, route), *_logging(route), *_proxy(index, route, _rewrite_any(route), None)]
    return [directive("location", _websocket_name(index), block=block)]


def _once_location(index: int, route: Route) -> list[Directive]:
    """Where tries are allowed: what may not be repeated. It comes here before anybody asked who calls."""
    if not _retries(route):
        return []
    block = [*_access(index, route), *_logging(route), *_unless_reached(index)]
    block += _proxy(index, route, _rewrite_any(route), _timeout(route))
    return [directive("location", _once_name(index), block=block)]


def _second_tries(index: int, route: Route) -> list[Directive]:
    """A request that reached nobody is sent once more: the address leads to another pod, as one may just have gone.

    What a policy lets be repeated is tried as often as it says. The path was changed by the first try, and stays so.
    """
    found = []
    for status in _UNREACHED:
        block = [
            *_logging(route),
            directive("if", "$upstream_bytes_sent", "!=", "0", block=[directive("return", status)]),
            *_proxy(index, route, [], _timeout(route)),
        ]
        found.append(directive("location", _unreached_name(index, status), block=block))
    for attempt in range(1, _retries(route) + 1):
        more = _again(_retry_name(index, attempt + 1)) if attempt < _retries(route) else []
        block = [*more, *_logging(route), *_proxy(index, route, [], _timeout(route))]
        found.append(directive("location", _retry_name(index, attempt), block=block))
    return found


def _rewrite_exact(route: Route, *, guard: bool = False) -> list[Directive]:
    if route.backend_path is None:
        return []
    return [directive("rewrite", f"^{re.escape(route.prefix)}$" if guard else "^", route.backend_path, "break")]


def _rewrite_any(route: Route) -> list[Directive]:
    """For a location that knows only whose route it is."""
    return [*_rewrite_exact(route, guard=True), *_rewrite_below(route)] if route.prefix else _rewrite_below(route)


def _rewrite_below(route: Route) -> list[Directive]:
    """For a path that goes on normalised; (?s), as a line feed may stand in it."""
    if route.backend_path is None:
        return []
    pattern = f"(?s)^{re.escape(route.prefix)}/(.*)$"
    return [directive("rewrite", pattern, f"{route.backend_path.rstrip('/')}/$1", "break")]


def _proxy(index: int, route: Route, rewrite: list[Directive], timeout: int | None) -> list[Directive]:
    """Where the request goes. ``break`` in a rewrite ends nginx's rewriting, ``set`` included, so that comes first.

    Without a path of its own, proxy_pass sends the normalised one, escaped anew.
    """
    path = "" if route.backend_path is None else f"${_path_name(index)}"
    return [
        directive("set", "$target", f"{route.host}:{route.port}"),
        directive("set", "$stripped", route.stripped),
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
        # nginx takes the realm "off" for no authentication at all.
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


def _websocket_name(index: int) -> str:
    return f"@websocket_{index}"


def _once_name(index: int) -> str:
    return f"@once_{index}"


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
