"""Envoy for a whole tree as it could be delivered: routes in a fixed number of files, everything else at its start.

A listener of each file has the ports of all its stacks, and tells the routes by the port. Services are resolved by name
when they are asked for, so that there is no list of clusters, which would be one file.
"""

import json
from pathlib import Path
from typing import Any, ClassVar

from bench.gateways.envoy import API, ROUTER, ROUTES, UNLIMITED, Envoy, address
from bench.gateways.tree import Entry, Tree

FILES = 8
_PORT = "x-gateway-port"
"""A header of the gateway's own: what a caller sends by this name is overwritten."""
_TARGET = "target"
_SET = "extensions.filters.http.set_filter_state.v3.Config"
_BY_TARGET = {"allow_dynamic_host_from_filter_state": True}
_FORWARD = "extensions.filters.http.dynamic_forward_proxy.v3"
_SERVICES = "services"
_MOST_NAMES = 20_000


class EnvoyFiles(Envoy):
    """Nothing but files of routes is read after the start."""

    name: ClassVar[str] = f"Envoy, {FILES} files"
    listens: ClassVar[str] = "127.0.0.1"

    def __init__(self, program: str, tree: Tree, folder: Path, resolver: tuple[str, int]) -> None:
        super().__init__(program, tree, folder)
        self._resolver = resolver
        self._wrong: Entry | None = None

    def write(self) -> None:
        for number in range(FILES):
            (self.folder / str(number)).mkdir(parents=True)
            self._put(f"{number}/routes", self.resources(number))
        (self.folder / "start.json").write_text(json.dumps(self.start_file(self.folder)))

    def rewrite(self, entry: Entry) -> None:
        self._put(f"{number_of(entry)}/routes", self.resources(number_of(entry)))

    def spoil(self, entry: Entry) -> None:
        self._wrong = entry
        self.rewrite(entry)

    def start_file(self, folder: Path) -> dict[str, Any]:
        """The configuration that Envoy reads once; the files of routes are in numbered folders below one."""
        used = sorted({number_of(entry) for entry in self.tree.entries})
        listeners = [self._listener_of(number, folder) for number in used]
        return {
            "node": {"id": "tree", "cluster": "tree"},
            "static_resources": {"listeners": listeners, "clusters": [self._services()]},
        }

    def resources(self, number: int) -> list[dict[str, Any]]:
        """What a file holds."""
        hosts = [self._host(entry) for entry in self._entries(number)]
        made = {"@type": ROUTES, "name": f"routes-{number}", "vhost_header": _PORT, "virtual_hosts": hosts}
        return [{**made, "request_headers_to_remove": [_PORT]}]

    def _entries(self, number: int) -> list[Entry]:
        return [entry for entry in self.tree.entries if number_of(entry) == number]

    def _host(self, entry: Entry) -> dict[str, Any]:
        routes = [{}] if entry is self._wrong else self._routes(entry)
        return {"name": entry.name, "domains": [str(self.tree.port(entry))], "routes": routes}

    def _routes(self, entry: Entry) -> list[dict[str, Any]]:
        made = super()._routes(entry)
        for route, each in zip(entry.routes, made, strict=True):
            host, port = self.tree.target(route)
            each["route"]["cluster"] = _SERVICES
            each["typed_per_filter_config"] = {_TARGET: _target(host, port)}
        return made

    def _listener_of(self, number: int, folder: Path) -> dict[str, Any]:
        entries = self._entries(number)
        listener = self._listener(entries[0])
        del listener["@type"]
        manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
        place = folder / str(number)
        # In a ConfigMap's volume not the file is moved, but a link beside it.
        source = {
            "path": str(place / "routes.json"),
            "watched_directory": {"path": str(place)},
        }
        manager["rds"] = {
            "route_config_name": f"routes-{number}",
            "config_source": {"resource_api_version": "V3", "path_config_source": source},
        }
        forward = {"@type": f"{API}{_FORWARD}.FilterConfig", "dns_cache_config": self._names(), **_BY_TARGET}
        filters = {_TARGET: {"@type": f"{API}{_SET}"}, _SERVICES: forward}
        manager["http_filters"] = [*({"name": key, "typed_config": value} for key, value in filters.items()), ROUTER]
        more = [{"address": address(self.listens, self.tree.port(entry))} for entry in entries[1:]]
        return {
            **listener,
            "name": f"routes-{number}",
            "address": address(self.listens, self.tree.port(entries[0])),
            "additional_addresses": more,
        }

    def _routing(self, entry: Entry) -> dict[str, Any]:
        kind = f"{API}extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation"
        header = {"key": _PORT, "value": "%DOWNSTREAM_LOCAL_PORT%"}
        mark = {"append": {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}
        early = {"name": "mark", "typed_config": {"@type": kind, "mutations": [mark]}}
        return {"early_header_mutation_extensions": [early]}

    def _services(self) -> dict[str, Any]:
        kind = f"{API}extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig"
        return {
            "name": _SERVICES,
            "connect_timeout": "5s",
            "lb_policy": "CLUSTER_PROVIDED",
            "circuit_breakers": UNLIMITED,
            "cluster_type": {
                "name": "envoy.clusters.dynamic_forward_proxy",
                "typed_config": {"@type": kind, "dns_cache_config": self._names()},
            },
        }

    def _names(self) -> dict[str, Any]:
        """How names are resolved; two users of one cache say the same."""
        kind = f"{API}extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig"
        return {
            "name": _SERVICES,
            "dns_lookup_family": "V4_ONLY",
            "dns_refresh_rate": "5s",
            "max_hosts": _MOST_NAMES,
            "typed_dns_resolver_config": {
                "name": "envoy.network.dns_resolver.cares",
                "typed_config": {"@type": kind, "resolvers": [address(*self._resolver)]},
            },
        }


def number_of(entry: Entry) -> int:
    """The file that holds a stack's routes: its port decides, so that no other stack's coming or going moves it."""
    return entry.port % FILES


def _target(host: str, port: int) -> dict[str, Any]:
    """Where a route leads, beside the request: its Host header stays the caller's."""
    values = {"host": host, "port": str(port)}
    states = [
        {
            "object_key": f"envoy.upstream.dynamic_{key}",
            "format_string": {"text_format_source": {"inline_string": value}},
        }
        for key, value in values.items()
    ]
    return {"@type": f"{API}{_SET}", "on_request_headers": states}
