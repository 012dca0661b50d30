"""Writes one route of a gateway as nginx locations: path stripping, access control, retries, timeouts, logging.

The backend gets the path as the caller sent it, percent encoding included. Only a path with ``..`` or ``//`` is
passed on normalised, so that no caller leaves the prefix.
"""

import re

from ailtire_operator.plan.gateway import sessions, ways
from ailtire_operator.plan.gateway.nginx_text import Directive, directive
from ailtire_operator.plan.gateway.profiles import body_size, rate, retries, timeout
from ailtire_operator.plan.gateway.routes import Route
from ailtire_operator.plan.gateway.ways import Passing

AUTHENTICATION_DIRECTORY = "/etc/ailtire-authentication"
AUTHENTICATION_KEY = "auth"
IDLE_SECONDS = 3600
"""Seconds that a connection may be idle without a timeout policy; WebSockets and event streams are often idle."""
RETRY_AFTER_SECONDS = "30"
"""When whoever asks for what is stopped may ask again: nobody knows when it is started."""
_BUFFERED, _STREAMED, _NOT_REPEATABLE, _UPGRADED = "416", "417", "418", "419"
"""Internal statuses that select another location; no client ever sees them."""
_REPEATABLE = "^(GET|HEAD|OPTIONS|PUT|DELETE)$"
ONLY_SAFE_NORMALISED = r"~*(\.\.|%2e|//)"


def rate_limits(routes: list[Route]) -> list[Directive]:
    """The limit_req_zone of each route with a rate limit."""
    return [
        directive("limit_req_zone", "$binary_remote_addr", f"zone={_zone(index)}:1m", f"rate={limit}r/s")
        for index, route in enumerate(routes)
        if (limit := rate(route)) is not None
    ]


def as_sent() -> Directive:
    """The map to the path and query as the caller sent them; empty where only the normalised path is safe."""
    cases = [directive("default", "$request_uri"), directive(ONLY_SAFE_NORMALISED, "")]
    return directive("map", "$request_uri", "$as_sent", block=cases)


def paths_as_sent(routes: list[Route]) -> list[Directive]:
    """For each route that changes the path: a map to the backend's path and query, byte for byte, or empty."""
    found = [as_sent()]
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
        return [directive("location", *entry, block=[*_logging(route), *stopped()]) for entry in entries]
    passing = _passing(index, route)
    entrance = [directive("location", *entry, block=_choice(passing, route)) for entry in entries]
    return [*entrance, *ways.locations(passing)]


def stopped() -> list[Directive]:
    """The answer for a service that is stopped; nobody has to be kept from it."""
    return [
        directive("add_header", "Retry-After", RETRY_AFTER_SECONDS, "always"),
        directive("return", "503", "stopped\n"),
    ]


def _choice(passing: Passing, route: Route) -> list[Directive]:
    """The directives that select a location for a request, before access control, which each location has itself.

    Nothing is proxied here, so that a backend cannot select a location by its status.
    """
    chosen = {_BUFFERED: passing.name("buffered"), _STREAMED: passing.name("streamed")}
    choice = []
    if passing.timeout is not None:
        chosen[_UPGRADED] = passing.name("websocket")
        choice.append(directive("if", "$upgrade", block=[directive("return", _UPGRADED)]))
    choice.append(directive("if", "$streamed", block=[directive("return", _STREAMED)]))
    if passing.retries:
        chosen[_NOT_REPEATABLE] = passing.name("once")
        not_repeatable = [directive("return", _NOT_REPEATABLE)]
        choice.append(directive("if", "$request_method", "!~", _REPEATABLE, block=not_repeatable))
    choice.append(directive("return", _BUFFERED))
    leads = [directive("error_page", status, "=", name) for status, name in chosen.items()]
    return [*_body_limit(route), *leads, *choice]


def _passing(index: int, route: Route) -> Passing:
    """How the route's requests are passed on. ``set`` comes first, as ``break`` in a rewrite would skip it.

    Without a path, proxy_pass sends the normalised one, escaped again.
    """
    again = _target(route, f"{route.host}:{route.port}")
    first = _target(route, sessions.group(route)) if route.pods else again
    path = "" if route.backend_path is None else f"${_path_name(index)}"
    url = f"{route.scheme}://$target{path}"
    return Passing(
        suffix=str(index),
        timeout=timeout(route),
        retries=retries(route),
        sessions=bool(route.pods),
        rules=[*_access(index, route), *_body_limit(route), *_logging(route)],
        first=[*first, *_rewrite(route)],
        again=again,
        first_url=url,
        again_url=url,
    )


def _target(route: Route, target: str) -> list[Directive]:
    stripped = [directive("set", "$stripped", route.stripped)] if route.stripped else []
    return [directive("set", "$target", target), *stripped]


def _body_limit(route: Route) -> list[Directive]:
    """The body limit, in both locations: nginx checks Content-Length in the public one, chunked bodies in the other."""
    limit = route.policies.max_body
    return [] if limit is None else [directive("client_max_body_size", str(body_size(limit)))]


def _rewrite(route: Route) -> list[Directive]:
    """The rewrite of a normalised path; (?s), as it may contain a line feed."""
    if route.backend_path is None:
        return []
    below = f"(?s)^{re.escape(route.prefix)}/(.*)$"
    rewrites = [directive("rewrite", below, f"{route.backend_path.rstrip('/')}/$1", "break")]
    if route.prefix:
        rewrites.insert(0, directive("rewrite", f"^{re.escape(route.prefix)}$", route.backend_path, "break"))
    return rewrites


def _access(index: int, route: Route) -> list[Directive]:
    control = route.policies.access_control
    if control is None:
        return []
    block = [directive("allow", source) for source in control.allow]
    if block:
        block.append(directive("deny", "all"))
    if control.rate_limit is not None:
        block.append(limit(_zone(index), control.rate_limit))
    if control.authentication is not None:
        block.append(directive("auth_basic", realm(control.authentication.realm)))
        block.append(directive("auth_basic_user_file", password_file(control.authentication.secret)))
    return block


def limit(zone: str, most: int) -> Directive:
    """The rate limit of a zone: so many requests per second, and twice as many at once."""
    return directive("limit_req", f"zone={zone}", f"burst={most * 2}", "nodelay")


def realm(written: str) -> str:
    """A realm that asks for a password: nginx reads the realm "off" as no authentication at all."""
    return "Off" if written == "off" else written


def password_file(secret: str) -> str:
    """Where the users of a Secret are mounted."""
    return f"{AUTHENTICATION_DIRECTORY}/{secret}/{AUTHENTICATION_KEY}"


def log_level(route: Route) -> str:
    """What is logged of the route's requests."""
    return route.policies.logging.level if route.policies.logging else "info"


def _logging(route: Route) -> list[Directive]:
    level = log_level(route)
    if level == "none":
        return [directive("access_log", "off")]
    condition = {"warn": ["if=$refused"], "error": ["if=$failed"]}.get(level, [])
    return [directive("access_log", "/dev/stdout", "json", *condition)] if condition else []


def _zone(index: int) -> str:
    return f"route_{index}"


def _path_name(index: int) -> str:
    return f"path_{index}"
