"""The configuration of a gateway, as data: crossplane writes it as text and does the quoting, so that no value can
leave its place. Names are resolved when a request comes, so that a missing target is a 502 on its own route only.
"""

import re
from typing import Any

import crossplane

from ailtire_operator import naming
from ailtire_operator.model.values import seconds
from ailtire_operator.plan.routes import Route, Stream
from ailtire_operator.plan.scope import Scope

Directive = dict[str, Any]

AUTHENTICATION_DIRECTORY = "/etc/ailtire-authentication"
AUTHENTICATION_KEY = "auth"
_IDLE_SECONDS = 3600
"""How long a connection may be silent where no policy bounds it: WebSockets and event streams are."""
_WEBSOCKET_STATUS = "418"
"""Marks an upgrade inside nginx; no client ever sees it."""
_REPEATABLE = "^(GET|HEAD|OPTIONS|PUT|DELETE)$"
_TRUSTED_PROXIES = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8")
_FORWARDED = {
    "Host": "$http_host",
    "Connection": "$connection_upgrade",
    "Upgrade": "$http_upgrade",
    "X-Real-IP": "$remote_addr",
    "X-Forwarded-For": "$proxy_add_x_forwarded_for",
    "X-Forwarded-Proto": "$forwarded_proto",
    "X-Forwarded-Host": "$forwarded_host",
    "X-Forwarded-Prefix": "$http_x_forwarded_prefix$stripped",
}
"""What a service learns of its caller. The host stays the caller's; the prefix grows level by level."""
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def configuration(scope: Scope, routes: list[Route], streams: list[Stream]) -> str:
    """The text of nginx.conf."""
    top = [
        _d("worker_processes", "2"),
        _d("daemon", "off"),
        _d("pid", "/tmp/nginx.pid"),
        _d("error_log", "/dev/stderr", "warn"),
        _d("worker_shutdown_timeout", "25s"),
        _d("events", block=[_d("worker_connections", "4096")]),
        _d("http", block=_http(scope, routes)),
    ]
    if streams:
        top.append(_d("stream", block=[_resolver(scope), *(_stream(stream) for stream in streams)]))
    return f"{crossplane.build(top)}\n"


def _d(name: str, *arguments: str, block: list[Directive] | None = None) -> Directive:
    directive: Directive = {"directive": name, "args": list(arguments)}
    return directive if block is None else {**directive, "block": block}


def _resolver(scope: Scope) -> Directive:
    return _d("resolver", *scope.settings.dns_servers, "valid=5s", "ipv6=off")


def _http(scope: Scope, routes: list[Route]) -> list[Directive]:
    limits = [
        _d("limit_req_zone", "$binary_remote_addr", f"zone={_zone(index)}:1m", f"rate={rate}r/s")
        for index, route in enumerate(routes)
        if (rate := _rate(route)) is not None
    ]
    return [
        _resolver(scope),
        _d("server_tokens", "off"),
        *(_d(f"{name}_temp_path", f"/tmp/{name}") for name in _TEMPORARY),
        _map("$http_upgrade", "$connection_upgrade", {"default": "upgrade", "": ""}),
        _map("$http_x_forwarded_proto", "$forwarded_proto", {"default": "$http_x_forwarded_proto", "": "$scheme"}),
        _map("$http_x_forwarded_host", "$forwarded_host", {"default": "$http_x_forwarded_host", "": "$http_host"}),
        _map("$status", "$refused", {"default": "0", "~^[45]": "1"}),
        _map("$status", "$failed", {"default": "0", "~^5": "1"}),
        *(_d("set_real_ip_from", network) for network in _TRUSTED_PROXIES),
        _d("real_ip_header", "X-Forwarded-For"),
        _d("real_ip_recursive", "on"),
        _d("log_format", "json", "escape=json", _log_format(scope)),
        _d("access_log", "/dev/stdout", "json"),
        *limits,
        _d("limit_req_status", "429"),
        _d("client_max_body_size", "0"),
        _d("large_client_header_buffers", "8", "32k"),
        _d("keepalive_requests", "100000"),
        _d("recursive_error_pages", "on"),
        _server(scope, routes),
        _health(),
    ]


def _map(source: str, target: str, cases: dict[str, str]) -> Directive:
    return _d("map", source, target, block=[_d(case, value) for case, value in cases.items()])


def _log_format(scope: Scope) -> str:
    fields = {
        "time": "$time_iso8601",
        "app": scope.stack.app_name,
        "stack": scope.name,
        "client": "$remote_addr",
        "method": "$request_method",
        "path": "$request_uri",
        "status": "$status",
        "bytes": "$bytes_sent",
        "seconds": "$request_time",
        "upstream": "$proxy_host",
        "upstream_seconds": "$upstream_response_time",
    }
    return "{" + ",".join(f'"{name}":"{value}"' for name, value in fields.items()) + "}"


def _health() -> Directive:
    """What the kubelet and Prometheus ask, on a port of its own so that no route is taken away."""
    return _d(
        "server",
        block=[
            _d("listen", str(naming.GATEWAY_HEALTH_PORT)),
            _d("access_log", "off"),
            _d("location", "=", "/healthz", block=[_d("return", "200", "ok\n")]),
            _d("location", "=", "/status", block=[_d("stub_status")]),
        ],
    )


def _server(scope: Scope, routes: list[Route]) -> Directive:
    block = [
        _d("listen", str(naming.GATEWAY_PORT), "default_server"),
        _d("server_name", "_"),
        _d("default_type", "text/plain"),
        _d("proxy_http_version", "1.1"),
        *(_d("proxy_set_header", name, value) for name, value in _FORWARDED.items()),
        _d("proxy_connect_timeout", "5s"),
        _d("proxy_read_timeout", f"{_IDLE_SECONDS}s"),
        _d("proxy_send_timeout", f"{_IDLE_SECONDS}s"),
    ]
    for index, route in enumerate(routes):
        block.extend(_locations(index, route))
    if all(route.prefix for route in routes):
        block.append(_d("location", "/", block=[_d("return", "404", f"stack {scope.name}: no route for $uri\n")]))
    return _d("server", block=block)


def _locations(index: int, route: Route) -> list[Directive]:
    """The prefix itself, everything below it (a segment boundary lies between), and where these hand over to."""
    if not route.prefix:
        locations = [_d("location", "/", block=_location(index, route, _rewrite_below(route)))]
    else:
        locations = [
            _d("location", "=", route.prefix, block=_location(index, route, _rewrite_exact(route))),
            _d("location", "^~", f"{route.prefix}/", block=_location(index, route, _rewrite_below(route))),
        ]
    return [*locations, *_websocket_location(index, route), *_retry_locations(index, route)]


def _location(index: int, route: Route, rewrite: list[Directive]) -> list[Directive]:
    block = [*_access(index, route), *_logging(route)]
    if _timeout(route) is not None:
        block += [
            _d("error_page", _WEBSOCKET_STATUS, "=", _websocket_name(index)),
            _d("if", "$http_upgrade", block=[_d("return", _WEBSOCKET_STATUS)]),
        ]
    if _retries(route):
        block.append(_d("error_page", "502", "504", "=", _retry_name(index, 1)))
    return [*block, *_proxy(route, rewrite, _timeout(route))]


def _websocket_location(index: int, route: Route) -> list[Directive]:
    """Upgraded connections are exempt from the request's time-out; the path is still the caller's here."""
    if _timeout(route) is None:
        return []
    rewrite = [*_rewrite_exact(route, guard=True), *_rewrite_below(route)] if route.prefix else _rewrite_below(route)
    return [_d("location", _websocket_name(index), block=[*_logging(route), *_proxy(route, rewrite, None)])]


def _retry_locations(index: int, route: Route) -> list[Directive]:
    """One named location per further try; the path was changed by the first, and stays so."""
    locations = []
    for attempt in range(1, _retries(route) + 1):
        block = [*_logging(route), _d("if", "$request_method", "!~", _REPEATABLE, block=[_d("return", "502")])]
        if attempt < _retries(route):
            block.append(_d("error_page", "502", "504", "=", _retry_name(index, attempt + 1)))
        locations.append(
            _d("location", _retry_name(index, attempt), block=[*block, *_proxy(route, [], _timeout(route))])
        )
    return locations


def _rewrite_exact(route: Route, *, guard: bool = False) -> list[Directive]:
    if route.backend_path is None:
        return []
    return [_d("rewrite", f"^{re.escape(route.prefix)}$" if guard else "^", route.backend_path, "break")]


def _rewrite_below(route: Route) -> list[Directive]:
    if route.backend_path is None:
        return []
    return [_d("rewrite", f"^{re.escape(route.prefix)}/(.*)$", f"{route.backend_path.rstrip('/')}/$1", "break")]


def _proxy(route: Route, rewrite: list[Directive], timeout: int | None) -> list[Directive]:
    """Where the request goes. ``break`` in a rewrite ends nginx's rewriting, ``set`` included, so that comes first."""
    bounds = [_d(f"proxy_{step}_timeout", f"{timeout}ms") for step in ("read", "send")] if timeout is not None else []
    stripped = "" if route.backend_path is None else route.prefix
    return [
        _d("set", "$target", f"{route.host}:{route.port}"),
        _d("set", "$stripped", stripped),
        *rewrite,
        *bounds,
        _d("proxy_pass", f"{route.scheme}://$target"),
    ]


def _access(index: int, route: Route) -> list[Directive]:
    control = route.policies.access_control
    if control is None:
        return []
    block = [_d("allow", source) for source in control.allow]
    if block:
        block.append(_d("deny", "all"))
    if control.rate_limit is not None:
        block.append(_d("limit_req", f"zone={_zone(index)}", f"burst={control.rate_limit * 2}", "nodelay"))
    if control.authentication is not None:
        file = f"{AUTHENTICATION_DIRECTORY}/{control.authentication.secret}/{AUTHENTICATION_KEY}"
        block += [_d("auth_basic", control.authentication.realm), _d("auth_basic_user_file", file)]
    return block


def _logging(route: Route) -> list[Directive]:
    level = route.policies.logging.level if route.policies.logging else "info"
    if level == "none":
        return [_d("access_log", "off")]
    condition = {"warn": ["if=$refused"], "error": ["if=$failed"]}.get(level, [])
    return [_d("access_log", "/dev/stdout", "json", *condition)] if condition else []


def _stream(stream: Stream) -> Directive:
    return _d(
        "server",
        block=[
            _d("listen", str(stream.listen)),
            _d("set", "$target", f"{stream.host}:{stream.port}"),
            _d("proxy_timeout", f"{_IDLE_SECONDS}s"),
            _d("proxy_pass", "$target"),
        ],
    )


def _zone(index: int) -> str:
    return f"route_{index}"


def _websocket_name(index: int) -> str:
    return f"@websocket_{index}"


def _retry_name(index: int, attempt: int) -> str:
    return f"@retry_{index}_{attempt}"


def _rate(route: Route) -> int | None:
    return route.policies.access_control.rate_limit if route.policies.access_control else None


def _retries(route: Route) -> int:
    return route.policies.retry.max_retries if route.policies.retry else 0


def _timeout(route: Route) -> int | None:
    """Milliseconds."""
    return max(1, round(seconds(route.policies.timeout.request_timeout) * 1000)) if route.policies.timeout else None
