"""Builds a gateway's nginx configuration as data; crossplane quotes it, so that no value can inject a directive.
Names are resolved per request, so that a missing target is a 502 on its own route only.
"""

from ipaddress import ip_address

from ailtire_operator import naming
from ailtire_operator.plan.gateway import callers, locations, nginx_text, sessions
from ailtire_operator.plan.gateway.callers import mapping
from ailtire_operator.plan.gateway.locations import IDLE_SECONDS
from ailtire_operator.plan.gateway.nginx_text import Directive, directive
from ailtire_operator.plan.gateway.profiles import MAX_BODY, body_size
from ailtire_operator.plan.gateway.routes import Route, Stream
from ailtire_operator.plan.scope import Scope

SIZE_LIMIT = 960_000
"""Bytes: a ConfigMap holds 1 MiB with all its metadata."""
_PRIVATE_RANGES = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1"
)  # fmt: skip
"""The private ranges from which a parent's gateway calls; its address is not known beforehand."""
_IN_MEMORY = "128k"
"""The buffer for a request's body in memory, for retries: larger than any body that is buffered."""
_STREAMED = "~^0*[1-9][0-9]{5}"
"""Bodies of 100,000 bytes and more are streamed, so that uploads fill neither disk nor memory."""
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
        *process(),
        directive("worker_shutdown_timeout", "25s"),
        directive("events", block=[directive("worker_connections", "4096")]),
        directive("http", block=_http(scope, routes)),
    ]
    if streams:
        passed = [each for stream in streams for each in _stream(scope, stream)]
        top.append(directive("stream", block=[resolver(scope), *passed]))
    return top


def process() -> list[Directive]:
    """The directives of the process."""
    return [
        directive("worker_processes", "2"),
        directive("daemon", "off"),
        directive("pid", "/tmp/nginx.pid"),
        directive("error_log", "/dev/stderr", "warn"),
    ]


def _has_ipv6(scope: Scope) -> bool:
    """Whether the cluster has IPv6, by its DNS address. Without it nginx may fail to listen on IPv6 and not start."""
    return any(ip_address(server).version == 6 for server in scope.settings.dns_servers)


def resolver(scope: Scope) -> Directive:
    """Who answers for names."""
    servers = [f"[{server}]" if ":" in server else server for server in scope.settings.dns_servers]
    return directive("resolver", *servers, "valid=5s", *([] if _has_ipv6(scope) else ["ipv6=off"]))


def listen(scope: Scope, port: int | str, *parameters: str) -> list[Directive]:
    """Listens to a port, or to a range such as 10000-10127."""
    addresses = [str(port), f"[::]:{port}"] if _has_ipv6(scope) else [str(port)]
    return [directive("listen", address, *parameters) for address in addresses]


def _http(scope: Scope, routes: list[Route]) -> list[Directive]:
    return [
        *basics(scope),
        *_callers(scope),
        *variables(),
        *locations.paths_as_sent(routes),
        directive("log_format", "json", "escape=json", log_format(scope, scope.name)),
        directive("access_log", "/dev/stdout", "json"),
        *locations.rate_limits(routes),
        *sessions.groups(routes),
        *requests(body_size(scope.gateway_max_body or MAX_BODY)),
        _server(scope, routes),
        health(scope),
    ]


def basics(scope: Scope) -> list[Directive]:
    """How names are resolved, and where nginx's own files are."""
    return [
        resolver(scope),
        directive("server_tokens", "off"),
        *(directive(f"{name}_temp_path", f"/tmp/{name}") for name in _TEMPORARY),
        directive("variables_hash_max_size", "16384"),
    ]


def requests(body: int) -> list[Directive]:
    """Bounds of connections and requests; ``body`` is that of a body in bytes, 0 for none."""
    return [
        directive("limit_req_status", "429"),
        directive("client_max_body_size", str(body)),
        directive("client_body_buffer_size", _IN_MEMORY),
        directive("proxy_max_temp_file_size", "0"),
        directive("large_client_header_buffers", "8", "32k"),
        # Longer than ingress controllers keep connections: the side that closes first may lose a request in flight.
        directive("keepalive_timeout", "650s"),
        directive("client_header_timeout", "120s"),
        directive("keepalive_requests", "100000"),
        directive("recursive_error_pages", "on"),
    ]


def _callers(scope: Scope) -> list[Directive]:
    """The directives that find a request's client. Forwarded headers count only from trusted proxies.

    A child trusts its parent's gateway. With an edge, requests may come from anybody.
    """
    ranges = _PRIVATE_RANGES if scope.spec.place and not scope.spec.edge else tuple(scope.settings.trusted_proxies)
    scheme = "https" if scope.spec.edge and scope.spec.edge.tls else "$scheme"
    return [*callers.addresses(ranges), callers.trusted(ranges, "$trusted"), *callers.reported(scheme)]


def variables() -> list[Directive]:
    """The maps for headers, buffering and the log. Only upgrades to WebSocket are passed on."""
    return [
        mapping("$http_upgrade", "$upgrade", {"default": "", "~*^websocket$": "websocket"}),
        # Not reused: after an unexpected switch of protocols the rest of the connection must not be read as a response.
        mapping("$upgrade", "$connection_upgrade", {"default": "close", "websocket": "upgrade"}),
        mapping("$http_transfer_encoding", "$chunked", {"default": "chunked", "": ""}),
        mapping("$chunked$content_length", "$streamed", {"default": "", "~^chunked": "1", _STREAMED: "1"}),
        mapping("$status", "$refused", {"default": "0", "~^[45]": "1"}),
        mapping("$status", "$failed", {"default": "0", "~^5": "1"}),
    ]


def log_format(scope: Scope, stack: str) -> str:
    """A line of the access log; ``stack`` is a name, or a variable with one."""
    fields = {
        "time": "$time_iso8601",
        "app": scope.stack.app_name,
        "stack": stack,
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


def health(scope: Scope, *before: Directive) -> Directive:
    """The server for the kubelet's probes and Prometheus, on a separate port, so that it hides no route.

    ``before`` decides whether the gateway is healthy.
    """
    return directive(
        "server",
        block=[
            *listen(scope, naming.GATEWAY_HEALTH_PORT),
            directive("access_log", "off"),
            directive("location", "=", "/healthz", block=[*before, directive("return", "200", "ok\n")]),
            directive("location", "=", "/status", block=[directive("stub_status")]),
        ],
    )


def proxying() -> list[Directive]:
    """How a server asks the services behind it, where a route does not say otherwise."""
    return [
        directive("proxy_http_version", "1.1"),
        directive("proxy_ignore_headers", *_IGNORED),
        *callers.headers(),
        directive("proxy_connect_timeout", "5s"),
        directive("proxy_read_timeout", f"{IDLE_SECONDS}s"),
        directive("proxy_send_timeout", f"{IDLE_SECONDS}s"),
    ]


def _server(scope: Scope, routes: list[Route]) -> Directive:
    block = [
        *listen(scope, naming.GATEWAY_PORT, "default_server"),
        directive("server_name", "_"),
        directive("default_type", "text/plain"),
        directive("set", "$stripped", ""),
        *proxying(),
    ]
    for index, route in enumerate(routes):
        block.extend(locations.of_route(index, route))
    if all(route.prefix for route in routes):
        answer = directive("return", "404", f"stack {scope.name}: no route for $uri\n")
        block.append(directive("location", "/", block=[answer]))
    return directive("server", block=block)


def _stream(scope: Scope, stream: Stream) -> list[Directive]:
    block = [
        *listen(scope, stream.listen),
        directive("set", "$target", f"{stream.host}:{stream.port}"),
        directive("proxy_timeout", f"{IDLE_SECONDS}s"),
        directive("proxy_pass", "$target"),
    ]
    return [directive("server", block=block)]
