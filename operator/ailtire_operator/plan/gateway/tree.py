"""Builds the nginx configuration of a tree's gateway: it has locations for limits, not for routes.

What differs between routes with the same limits is read from tables by ``table.js``, so that a change of routes reloads
nothing and closes no connection. The configuration is the same however many stacks there are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from ailtire_operator import naming
from ailtire_operator.model.field_path import SPEC, path_of
from ailtire_operator.plan.gateway import callers, locations, nginx, nginx_text, sessions, ways
from ailtire_operator.plan.gateway.callers import mapping
from ailtire_operator.plan.gateway.locations import IDLE_SECONDS
from ailtire_operator.plan.gateway.nginx_text import Directive, directive
from ailtire_operator.plan.gateway.profiles import PROFILE_LIMIT, Profile
from ailtire_operator.plan.gateway.table import LOOPBACK, Needs
from ailtire_operator.plan.gateway.ways import Passing
from ailtire_operator.plan.scope import Scope

CONFIGURATION_DIRECTORY: Final = "/etc/ailtire-gateway"
CONFIGURATION_FILE: Final = "nginx.conf"
SCRIPT_FILE: Final = "table.js"
TABLES_DIRECTORY: Final = "/etc/ailtire-gateway-tables"
"""In it a folder for each ConfigMap with tables, by its number."""
_MODULE = "/usr/lib/nginx/modules/ngx_http_js_module.so"
"""Where the stock image has nginx's module for JavaScript."""
_ZONE = "32m"
"""For the tables: twice what eight ConfigMaps hold. Memory is taken as it is used."""
_INTERVAL = "200ms"
_LIMIT_ZONE = "8m"
"""For the callers of all routes with the same rate."""
_CONNECTIONS = "16384"
"""Of each worker; each port takes one."""
_LONGEST_ARGUMENT = 3000
"""Characters: nginx reads no argument of more than 4096 bytes."""
_NO_EDGES: Mapping[int, bool] = MappingProxyType({})
_SET_BY_SCRIPT: Final = {
    "stack": "", "log": "info", "strips": "", "prefix": "", "path": "", "exact": "", "scheme": "http", "target": "",
    "group": "", "limited": "",
    # Closed, wherever the script did not say otherwise.
    "realm": "Restricted", "passwords": "",
}  # fmt: skip


def tree_files(scope: Scope, needs: Needs, ports: range, edges: Mapping[int, bool] = _NO_EDGES) -> dict[str, str]:
    """The data of the ConfigMap that is mounted at ``CONFIGURATION_DIRECTORY``, by file name."""
    return {CONFIGURATION_FILE: tree_configuration(scope, needs, ports, edges), SCRIPT_FILE: script()}


@cache
def script() -> str:
    """What finds a request's route."""
    return files(__package__).joinpath(SCRIPT_FILE).read_text(encoding="utf-8")


def tree_configuration(scope: Scope, needs: Needs, ports: range, edges: Mapping[int, bool] = _NO_EDGES) -> str:
    """The text of nginx.conf of a root's gateway that serves its tree; refused if it needs too much.

    The root answers on port 3000, other stacks on ``ports``. ``edges`` are the ports of those that have an edge of
    their own, and whether it has a certificate: trusted proxies are believed there, too.
    """
    if len(needs.profiles) > PROFILE_LIMIT:
        message = (
            f"the tree's routes have {len(needs.profiles)} combinations of limits (timeout, retry, rateLimit, maxBody, "
            f"session), and one gateway has at most {PROFILE_LIMIT}; use the same limits in more places, or give some "
            "stacks gateway.own"
        )
        scope.refuse(path_of(SPEC, "gateway"), message)
    unmarked = nginx_text.text(tree_directives(scope, needs, ports, edges, version=""))
    version = naming.digest(unmarked + script(), 16)
    text = f"{nginx_text.text(tree_directives(scope, needs, ports, edges, version))}\n"
    if len(text.encode()) > nginx.SIZE_LIMIT:
        message = "the limits and sessions exceed the size of one gateway's configuration; give stacks gateway.own"
        scope.refuse(path_of(SPEC, "gateway"), message)
    return text


def tree_directives(
    scope: Scope, needs: Needs, ports: range, edges: Mapping[int, bool], version: str
) -> list[Directive]:
    """The directives of nginx.conf; ``version`` is how the script knows whether it is the running one."""
    top = [
        directive("load_module", _MODULE),
        *nginx.process(),
        directive("events", block=[directive("worker_connections", _CONNECTIONS)]),
        directive("http", block=_http(scope, needs, ports, edges, version)),
    ]
    if needs.streams:
        passed = [_stream(scope, *each) for each in sorted(needs.streams)]
        top.append(directive("stream", block=[nginx.resolver(scope), *passed]))
    return top


@dataclass(frozen=True, slots=True)
class _Entrance:
    """Ports on which the same callers are believed."""

    ports: list[str]
    """Each a number or a range."""
    proxies: tuple[str, ...]
    """The trusted ranges."""
    header: str
    """Which names the client of a request of a trusted proxy."""
    scheme: str
    """Of the requests of all others."""


def _entrances(scope: Scope, ports: range, edges: Mapping[int, bool]) -> list[_Entrance]:
    """The root believes trusted proxies, others the level above, which calls over loopback and knows the client."""
    edge, proxies = scope.spec.edge, tuple(scope.settings.trusted_proxies)
    found = [
        _Entrance([str(naming.GATEWAY_PORT)], proxies, "X-Forwarded-For", _scheme(bool(edge and edge.tls))),
        _Entrance(_without(ports, edges), (LOOPBACK,), "X-Real-IP", "$scheme"),
    ]
    for tls in (False, True):
        mine = [str(port) for port, has in sorted(edges.items()) if has is tls]
        found.append(_Entrance(mine, (LOOPBACK, *proxies), "X-Forwarded-For", _scheme(tls)))
    return [each for each in found if each.ports]


def _scheme(tls: bool) -> str:
    return "https" if tls else "$scheme"


def _without(ports: range, taken: Iterable[int]) -> list[str]:
    """The ranges of ports between those that are taken."""
    ends = [ports.start - 1, *sorted(port for port in taken if port in ports), ports.stop]
    found = [(low + 1, high - 1) for low, high in pairwise(ends) if low + 1 < high]
    return [str(low) if low == high else f"{low}-{high}" for low, high in found]


def _http(scope: Scope, needs: Needs, ports: range, edges: Mapping[int, bool], version: str) -> list[Directive]:
    profiles = sorted(needs.profiles)
    entrances = _entrances(scope, ports, edges)
    not_yet = directive("return", "503", "starting\n")
    return [
        *nginx.basics(scope),
        *_script(needs, version),
        *(callers.trusted(each.proxies, f"$trusted_{index}") for index, each in enumerate(entrances)),
        *callers.reported("$scheme_here"),
        *nginx.variables(),
        *_paths(),
        mapping(
            "$table_log $status",
            "$logged",
            {"default": "1", "~^none ": "0", "~^warn [123]": "0", "~^error [1234]": "0"},
        ),
        directive("log_format", "json", "escape=json", nginx.log_format(scope, "$table_stack")),
        directive("access_log", "/dev/stdout", "json", "if=$logged"),
        *_rate_limits(profiles),
        *(sessions.upstream(each) for each in sorted(needs.groups)),
        *nginx.requests(0),  # the script knows the limit of a body whose length is said
        *(_server(scope, index, each, profiles) for index, each in enumerate(entrances)),
        nginx.health(scope, directive("if", "$table_loaded", "=", "", block=[not_yet])),
    ]


def _rate_limits(profiles: list[Profile]) -> list[Directive]:
    """A zone for each rate; each route's callers count by themselves."""
    key = "$table_limited$binary_remote_addr"
    rates = sorted({each.rate for each in profiles} - {0})
    return [directive("limit_req_zone", key, f"zone={_zone(rate)}:{_LIMIT_ZONE}", f"rate={rate}r/s") for rate in rates]


def _script(needs: Needs, version: str) -> list[Directive]:
    """Where the script and its files are, what it is asked, and the variables that it sets."""
    return [
        directive("js_import", "table", "from", f"{CONFIGURATION_DIRECTORY}/{SCRIPT_FILE}"),
        directive("js_shared_dict_zone", f"zone=table:{_ZONE}"),
        directive("js_set", "$table_location", "table.locate"),
        directive("js_set", "$table_loaded", "table.loaded"),
        directive("js_var", "$table_version", version),
        directive("js_var", "$table_configuration", CONFIGURATION_DIRECTORY),
        directive("js_var", "$table_folder", TABLES_DIRECTORY),
        *(directive("js_var", f"$table_known_{part}", names) for part, names in enumerate(_known(needs))),
        *(directive("js_var", f"$table_{name}", value) for name, value in _SET_BY_SCRIPT.items()),
        directive("js_var", "$stripped", ""),
    ]


def _known(needs: Needs) -> list[str]:
    """The names of all profiles and groups, in as many arguments as nginx can read."""
    parts: list[str] = []
    for name in [*(each.name for each in sorted(needs.profiles)), *(each.name for each in sorted(needs.groups))]:
        if parts and len(parts[-1]) + len(name) < _LONGEST_ARGUMENT:
            parts[-1] += f" {name}"
        else:
            parts.append(name)
    return parts


def _paths() -> list[Directive]:
    """The maps to the backend's path, as sent and as normalised: nginx's own bytes behind the prefix of the table.

    A prefix has no blank, so that it ends at the first, and the pattern has one way to match.
    """
    sent = {"default": "", "~^ ": "$request_uri", r"~^1 ([^ ]*) \1/(.*)$": "$table_path/$2"}
    normalised = {
        "default": "$uri", r"~(?s)^1 ([^ ]*) \1$": "$table_exact", r"~(?s)^1 ([^ ]*) \1/(.*)$": "$table_path/$2"
    }  # fmt: skip
    return [
        locations.as_sent(),
        mapping("$table_strips $table_prefix $as_sent", "$sent_path", sent),
        mapping("$table_strips $table_prefix $uri", "$normalised_path", normalised),
    ]


def _server(scope: Scope, index: int, entrance: _Entrance, profiles: list[Profile]) -> Directive:
    block = [
        *(each for port in entrance.ports for each in nginx.listen(scope, port, "default_server")),
        directive("server_name", "_"),
        directive("default_type", "text/plain"),
        *callers.addresses(entrance.proxies, entrance.header),
        directive("set", "$trusted", f"$trusted_{index}"),
        directive("set", "$scheme_here", entrance.scheme),
        *nginx.proxying(),
        directive("auth_basic", "$table_realm"),
        directive("auth_basic_user_file", "$table_passwords"),
        # The status selects the location that the script says; no client ever sees it.
        directive(
            "location", "/", block=[directive("error_page", "416", "=", "$table_location"), directive("return", "416")]
        ),
        *_answers(),
    ]
    for profile in profiles:
        block.extend(ways.locations(_passing(profile)))
    if index == 0:
        reader = [directive("js_periodic", "table.load", f"interval={_INTERVAL}")]
        block.append(directive("location", "@reader", block=reader))
    return directive("server", block=block)


def _answers() -> list[Directive]:
    """The answers to requests that nobody is asked."""
    answers = {
        "@none": [directive("return", "404", "stack $table_stack: no route for $uri\n")],
        "@absent": [
            directive("add_header", "Retry-After", "1", "always"),
            directive("return", "503", "the stack's routes are not here yet\n"),
        ],
        "@stopped": locations.stopped(),
        "@large": [directive("return", "413")],
        "@refused": [directive("return", "403")],
    }
    return [directive("location", name, block=block) for name, block in answers.items()]


def _passing(profile: Profile) -> Passing:
    """How the requests of all routes with the same limits are passed on."""
    rules = [directive("client_max_body_size", str(profile.body))]
    if profile.rate:
        rules.append(locations.limit(_zone(profile.rate), profile.rate))
    again = "$table_scheme://$table_target$sent_path"
    return Passing(
        suffix=profile.name,
        timeout=profile.timeout or None,
        retries=profile.retries,
        sessions=profile.sessions,
        rules=rules,
        first=[directive("rewrite", "^", "$normalised_path", "break")],
        again=[],
        first_url="$table_scheme://$table_group$sent_path" if profile.sessions else again,
        again_url=again,
    )


def _zone(rate: int) -> str:
    return f"rate_{rate}"


def _stream(scope: Scope, listen: int, host: str, port: int) -> Directive:
    block = [
        *nginx.listen(scope, listen),
        directive("set", "$target", f"{host}:{port}"),
        directive("proxy_timeout", f"{IDLE_SECONDS}s"),
        directive("proxy_pass", "$target"),
    ]
    return directive("server", block=block)
