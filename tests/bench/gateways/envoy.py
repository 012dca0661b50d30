"""Envoy for a whole tree: a listener and a file of routes for each stack, which it watches. Policies are left out."""

import json
import re
from pathlib import Path
from typing import Any, ClassVar

from bench.gateways.proxies import Proxy
from bench.gateways.tree import Entry

API = "type.googleapis.com/envoy."
ROUTER = {"name": "router", "typed_config": {"@type": f"{API}extensions.filters.http.router.v3.Router"}}
ROUTES = f"{API}config.route.v3.RouteConfiguration"
_MARK = "x-stack"
UNLIMITED = {"thresholds": [{"max_connections": 100_000, "max_pending_requests": 100_000, "max_requests": 100_000}]}


class Envoy(Proxy):
    """Everything changes in one process."""

    name: ClassVar[str] = "Envoy"

    def write(self) -> None:
        (self.folder / "routes").mkdir()
        for entry in self.tree.entries:
            self._write_routes(entry)
        self._write_clusters()
        self._put("listeners", [self._listener(entry) for entry in self.tree.entries])
        resources = {f"{kind}_config": self._source(name) for kind, name in (("lds", "listeners"), ("cds", "clusters"))}
        start = {"node": {"id": "tree", "cluster": "tree"}, "dynamic_resources": resources}
        (self.folder / "start.json").write_text(json.dumps(start))

    def rewrite(self, entry: Entry) -> None:
        self._write_clusters()
        self._write_routes(entry)

    def spoil(self, entry: Entry) -> None:
        self._put(f"routes/{entry.name}", [{"@type": ROUTES, "no_such_field": 1}])

    def command(self) -> list[str]:
        return [
            self.program, "-c", f"{self.folder}/start.json", "--concurrency", "2", "--log-level", "error",
            "--disable-hot-restart",
        ]  # fmt: skip

    def _write_routes(self, entry: Entry) -> None:
        hosts = [{"name": "all", "domains": ["*"], "routes": self._routes(entry)}]
        made = {"@type": ROUTES, "name": entry.name, "virtual_hosts": hosts}
        self._put(f"routes/{entry.name}", [made])

    def _routes(self, entry: Entry) -> list[dict[str, Any]]:
        return [
            {
                "match": {"path_separated_prefix": route.prefix},
                "route": {
                    "cluster": f"{entry.name}{route.prefix}",
                    "timeout": "0s",
                    "regex_rewrite": {"pattern": {"regex": f"^{re.escape(route.prefix)}/?"}, "substitution": "/"},
                },
            }
            for route in entry.routes
        ]

    def _write_clusters(self) -> None:
        made = [self._cluster(entry, at) for entry in self.tree.entries for at in range(len(entry.routes))]
        self._put("clusters", made)

    def _cluster(self, entry: Entry, number: int) -> dict[str, Any]:
        name = f"{entry.name}{entry.routes[number].prefix}"
        host, port = self.tree.target(entry.routes[number])
        endpoint = {"endpoint": {"address": address(host, port)}}
        return {
            "@type": f"{API}config.cluster.v3.Cluster",
            "name": name,
            "connect_timeout": "5s",
            "type": "STATIC",
            "circuit_breakers": UNLIMITED,
            "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
        }

    def _listener(self, entry: Entry) -> dict[str, Any]:
        manager = {
            "@type": f"{API}extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "tree",
            "stream_idle_timeout": "0s",
            "upgrade_configs": [{"upgrade_type": "websocket"}],
            "http_filters": [ROUTER],
            **self._routing(entry),
        }
        return {
            "@type": f"{API}config.listener.v3.Listener",
            "name": entry.name,
            "address": address("127.0.0.1", self.tree.port(entry)),
            "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
        }

    def _routing(self, entry: Entry) -> dict[str, Any]:
        return {"rds": {"route_config_name": entry.name, "config_source": self._source(f"routes/{entry.name}")}}

    def _source(self, name: str) -> dict[str, Any]:
        return {"resource_api_version": "V3", "path_config_source": {"path": str(self._path(name))}}

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _put(self, name: str, resources: list[dict[str, Any]]) -> None:
        """Moved into place: Envoy reads a file when one is moved over it."""
        path = self._path(name)
        path.with_suffix(".new").write_text(json.dumps({"resources": resources}))
        path.with_suffix(".new").rename(path)


class EnvoyOneFile(Envoy):
    """All routes in one file, of which each listener marks its own by a header that no caller can set.

    Envoy watches each file by an inotify instance of its own, of which a user has 128 on most nodes.
    """

    name: ClassVar[str] = "Envoy, one file"

    def _write_routes(self, entry: Entry) -> None:
        self._write_all()

    def spoil(self, entry: Entry) -> None:
        self._write_all(wrong=entry)

    def rewrite(self, entry: Entry) -> None:
        self._write_clusters()
        self._write_all(wrong=self._wrong)

    def write(self) -> None:
        self._wrong: Entry | None = None
        self._written = False
        super().write()
        self._written = True
        self._write_all()

    def _write_all(self, wrong: Entry | None = None) -> None:
        if not self._written:
            return
        self._wrong = wrong
        hosts: list[dict[str, Any]] = [
            {"name": each.name, "domains": [each.name], "routes": [{}] if each is wrong else self._routes(each)}
            for each in self.tree.entries
        ]
        made = {"@type": ROUTES, "name": "tree", "vhost_header": _MARK, "virtual_hosts": hosts}
        self._put("routes/all", [{**made, "request_headers_to_remove": [_MARK]}])

    def _routing(self, entry: Entry) -> dict[str, Any]:
        mark = {"header": {"key": _MARK, "value": entry.name}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        kind = f"{API}extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation"
        early = {"name": "mark", "typed_config": {"@type": kind, "mutations": [{"append": mark}]}}
        return {
            "rds": {"route_config_name": "tree", "config_source": self._source("routes/all")},
            "early_header_mutation_extensions": [early],
        }


def address(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}
