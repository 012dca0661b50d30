"""Builds a gateway's nginx configuration as data; crossplane quotes it, so that no value can inject a directive.
Names are resolved per request, so that a missing target is a 502 on its own route only.
"""

from ipaddress import ip_address

from ailtire_operator import naming
from ailtire_operator.plan.gateway import locations, nginx_text, sessions
from ailtire_operator.plan.gateway.locations import IDLE_SECONDS
from ailtire_operator.plan.gateway.nginx_text import Directive, directive
from ailtire_operator.plan.gateway.routes import Route, Stream
from ailtire_operator.plan.scope import Scope

SIZE_LIMIT = 960_000
"""Bytes: a ConfigMap holds 1 MiB with all its metadata."""
_PRIVATE_RANGES = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1"
)  # fmt: skip
"""The private ranges from which a parent's gateway calls; its address is not known beforehand."""
MAX_BODY = "64Mi"
"""The default limit of a request's body."""
_IN_MEMORY = "128k"
"""The buffer for a request's body in memory, for retries: larger than any body that is buffered."""
_STREAMED = "~^0*[1-9][0-9]{5}"
"""Bodies of 100,000 bytes and more are streamed, so that uploads fill neither disk nor memory."""
OF_A_PROXY = (
    "X-Forwarded-Prefix", "X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded-Scheme", "X-Forwarded-Ssl",
    "X-Forwarded-User", "X-Forwarded-Path", "X-Forwarded-Uri", "X-Forwarded-Method", "X-Scheme",
    "X-Original-Forwarded-For", "X-Original-Host", "X-Original-URL", "X-Original-URI", "X-Rewrite-URL", "X-Client-IP",
    "X-Cluster-Client-IP", "True-Client-IP", "CF-Connecting-IP", "Fastly-Client-IP",
)  # fmt: skip
"""Headers that describe a caller: passed on from trusted proxies, removed from all others."""
_FORWARDED = {
    "Host": "$http_host",
    "Connection": "$connection_upgrade",
    "Upgrade": "$upgrade",
    "HTTP2-Settings": "",
    "X-Real-IP": "$remote_addr",
    "X-Forwarded-For": "$forwarded_for",
    "X-Forwarded-Proto": "$forwarded_proto",
    "X-Forwarded-Host": "$forwarded_host",
    "X-Forwarded-Prefix": "$_x_forwarded_prefix$stripped",
    "Forwarded": "",
}
"""Headers about the caller. The host stays the caller's; each level adds to the prefix."""
_IGNORED = ("X-Accel-Redirect", "X-Accel-Expires", "X-Accel-Limit-Rate", "X-Accel-Charset")
"""Headers by which a backend controls nginx: the first could select any location and bypass access control.
X-Accel-Buffering stays, as it only turns off buffering of the response, which event streams need."""
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def configuration(scope: Scope, routes: list[Route], streams: list[Stream]) -> str:
    """The text of nginx.conf; refused if it exceeds the size of a ConfigMap."""
    text = f"{nginx_text.text(directives(scope, routes, streams))}\n"
    if len(text.encode()) > SIZE_LIMIT:
        message = f"{len(routes)} routes exceed the size of one gateway's configuration; move some into child stacks"
        scope.refuse(scope.path(), message)
    return text


def directives(scope: Scope, routes: list[Route], streams: list[Stream]) -> list[Directive]:
    """The directives of nginx.conf."""
    top = [
        directive("worker_processes", "2"),
        directive("daemon", "off"),
        directive("pid", "/tmp/nginx.pid"),
        directive("error_log", "/dev/stderr", "warn"),
        directive("worker_shutdown_timeout", "25s"),
        directive("events", block=[directive("worker_connections", "4096")]),
        directive("http", block=_http(scope, routes)),
    ]
    if streams:
        passed = [each for stream in streams for each in _stream(scope, stream)]
        top.append(directive("stream", block=[_resolver(scope), *passed]))
    return top


def _has_ipv6(scope: Scope) -> bool:
    """Whether the cluster has IPv6, by its DNS address. Without it nginx may fail to listen on IPv6 and not start."""
    return any(ip_address(server).version == 6 for server in scope.settings.dns_servers)


def _resolver(scope: Scope) -> Directive:
    servers = [f"[{server}]" if ":" in server else server for server in scope.settings.dns_servers]
    return directive("resolver", *servers, "valid=5s", *([] if _has_ipv6(scope) else ["ipv6=off"]))


def _listen(scope: Scope, port: int, *parameters: str) -> list[Directive]:
    addresses = [str(port), f"[::]:{port}"] if _has_ipv6(scope) else [str(port)]
    return [directive("listen", address, *parameters) for address in addresses]


def _http(scope: Scope, routes: list[Route]) -> list[Directive]:
    return [
        _resolver(scope),
        directive("server_tokens", "off"),
        *(directive(f"{name}_temp_path", f"/tmp/{name}") for name in _TEMPORARY),
        directive("variables_hash_max_size", "16384"),
        *_callers(scope),
        *_variables(),
        *locations.paths_as_sent(routes),
        directive("log_format", "json", "escape=json", _log_format(scope)),
        directive("access_log", "/dev/stdout", "json"),
        *locations.rate_limits(routes),
        *sessions.groups(routes),
        directive("limit_req_status", "429"),
        directive("client_max_body_size", locations.body_size(scope.gateway_max_body or MAX_BODY)),
        directive("client_body_buffer_size", _IN_MEMORY),
        directive("proxy_max_temp_file_size", "0"),
        directive("large_client_header_buffers", "8", "32k"),
        # Longer than ingress controllers keep connections: the side that closes first may lose a request in flight.
        directive("keepalive_timeout", "650s"),
        directive("client_header_timeout", "120s"),
        directive("keepalive_requests", "100000"),
        directive("recursive_error_pages", "on"),
        _server(scope, routes),
        _health(scope),
    ]


def _callers(scope: Scope) -> list[Directive]:
    """The directives that find a request's client. Forwarded headers count only from trusted proxies.

    A child trusts its parent's gateway. With an edge, requests may come from anybody.
    """
    ranges = _PRIVATE_RANGES if scope.spec.place and not scope.spec.edge else tuple(scope.settings.trusted_proxies)
    trusted = [directive(network, "1") for network in ranges]
    scheme = "https" if scope.spec.edge and scope.spec.edge.tls else "$scheme"
    return [
        *(directive("set_real_ip_from", network) for network in ranges),
        directive("real_ip_header", "X-Forwarded-For"),
        directive("real_ip_recursive", "on"),
        directive("geo", "$realip_remote_addr", "$trusted", block=[directive("default", "0"), *trusted]),
        _map(
            "$trusted$http_x_forwarded_for",
            "$forwarded_for",
            {"default": "$realip_remote_addr", "~^1.": "$http_x_forwarded_for, $realip_remote_addr"},
        ),
        _map(
            "$trusted$http_x_forwarded_proto",
            "$forwarded_proto",
            {"default": scheme, "~^1.": "$http_x_forwarded_proto"},
        ),
        _map(
            "$trusted$http_x_forwarded_host",
            "$forwarded_host",
            {"default": "$http_host", "~^1.": "$http_x_forwarded_host"},
        ),
        *(
            _map("$trusted", _reported(name), {"default": "", "1": f"$http{_reported(name)[1:]}"})
            for name in OF_A_PROXY
        ),
    ]


def _reported(header: str) -> str:
    """The variable with a trusted proxy's value of a header."""
    return f"$_{header.lower().replace('-', '_')}"


def _variables() -> list[Directive]:
    """The maps for headers, buffering and the log. Only upgrades to WebSocket are passed on."""
    return [
        _map("$http_upgrade", "$upgrade", {"default": "", "~*^websocket$": "websocket"}),
        # Not reused: after an unexpected switch of protocols the rest of the connection must not be read as a response.
        _map("$upgrade", "$connection_upgrade", {"default": "close", "websocket": "upgrade"}),
        _map("$http_transfer_encoding", "$chunked", {"default": "chunked", "": ""}),
        _map("$chunked$content_length", "$streamed", {"default": "", "~^chunked": "1", _STREAMED: "1"}),
        _map("$status", "$refused", {"default": "0", "~^[45]": "1"}),
        _map("$status", "$failed", {"default": "0", "~^5": "1"}),
    ]


def _map(source: str, target: str, cases: dict[str, str]) -> Directive:
    return directive("map", source, target, block=[directive(case, value) for case, value in cases.items()])


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


def _health(scope: Scope) -> Directive:
    """The server for the kubelet's probes and Prometheus, on a separate port, so that it hides no route."""
    return directive(
        "server",
        block=[
            *_listen(scope, naming.GATEWAY_HEALTH_PORT),
            directive("access_log", "off"),
            directive("location", "=", "/healthz", block=[directive("return", "200", "ok\n")]),
            directive("location", "=", "/status", block=[directive("stub_status")]),
        ],
    )


def _forwarded() -> dict[str, str]:
    """The headers that replace the caller's own."""
    return {name: _reported(name) for name in OF_A_PROXY} | _FORWARDED


def _server(scope: Scope, routes: list[Route]) -> Directive:
    block = [
        *_listen(scope, naming.GATEWAY_PORT, "default_server"),
        directive("server_name", "_"),
        directive("default_type", "text/plain"),
        directive("set", "$stripped", ""),
        directive("proxy_http_version", "1.1"),
        directive("proxy_ignore_headers", *_IGNORED),
        *(directive("proxy_set_header", name, value) for name, value in _forwarded().items()),
        directive("proxy_connect_timeout", "5s"),
        directive("proxy_read_timeout", f"{IDLE_SECONDS}s"),
        directive("proxy_send_timeout", f"{IDLE_SECONDS}s"),
    ]
    for index, route in enumerate(routes):
        block.extend(locations.of_route(index, route))
    if all(route.prefix for route in routes):
        answer = directive("return", "404", f"stack {scope.name}: no route for $uri\n")
        block.append(directive("location", "/", block=[answer]))
    return directive("server", block=block)


def _stream(scope: Scope, stream: Stream) -> list[Directive]:
    block = [
        *_listen(scope, stream.listen),
        directive("set", "$target", f"{stream.host}:{stream.port}"),
        directive("proxy_timeout", f"{IDLE_SECONDS}s"),
        directive("proxy_pass", "$target"),
    ]
    return [directive("server", block=block)]
