"""The place of the measurement: a tree's configuration in ConfigMaps, two gateways on two nodes, and other pods."""

import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.delivery import objects
from bench.delivery.api_server import ApiServer
from bench.gateways.envoy_files import FILES, EnvoyFiles, number_of
from bench.gateways.nginx_table import NginxTable
from bench.gateways.tree import Entry, Tree

_NAMESPACE = f"/api/v1/namespaces/{objects.NAMESPACE}"
_ANNOTATION = "ailtire.io/configuration"
GATEWAYS = ("gateway-0", "gateway-1")
_START_SECONDS = 300.0
_POLL_SECONDS = 0.02
_DNS = 53
"""Nobody answers there, and nobody asks: all targets are addresses."""
FILE_WAYS = ("plain", "projected")
WAYS = (*FILE_WAYS, "Envoy", "nginx")
"""A file in a volume of its own, the same in a volume of all, and who answers requests by the first."""
_PORTS_OF_NGINX = 1500


class EnvoyInPod(EnvoyFiles):
    """Answers at the node's own address."""

    listens = "0.0.0.0"


class NginxInPod(NginxTable):
    """Answers at the node's own address."""

    listens = "0.0.0.0"


@dataclass(frozen=True)
class Node:
    """A node that runs pods."""

    name: str
    address: str


class Site:
    """Writes a change, and asks who has it."""

    def __init__(self, api: ApiServer, nodes: list[Node], tree: Tree, images: tuple[str, str], others: int) -> None:
        self._api, self._nodes, self._tree = api, nodes, tree
        self._proxies, self._probe = images
        self._others = others
        self._envoy = EnvoyInPod("envoy", tree, Path(objects.PLAIN), ("127.0.0.1", _DNS))
        beside = Tree(tree.entries, tree.backend, _PORTS_OF_NGINX)
        self._nginx = NginxInPod("nginx", beside, Path(objects.NGINX_FOLDER), _DNS)
        self._versions = [0] * FILES
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def discard(self) -> None:
        """Have everything deleted, without waiting for it: the figures are there."""
        await self._session.close()
        await self._api.delete(_NAMESPACE)

    async def create(self) -> None:
        """Create everything anew, and wait until all answer."""
        await self._remove()
        await self._api.apply(_NAMESPACE, objects.namespace())
        start = {"start.json": json.dumps(self._envoy.start_file(Path(objects.PLAIN)))}
        await self._config_map("start", start | self._nginx.start_files())
        await self._config_map(objects.OTHERS, {objects.VERSION: "0"})
        for number in range(FILES):
            await self.write(number)
        for name, node in zip(GATEWAYS, self._nodes, strict=False):
            await self._create_gateway(name, node)
        for index, node in enumerate(self._nodes):
            for number in range(self._others):
                name, port = f"other-{index}-{number}", objects.OTHER_PORT + number
                await self._api.apply(f"{_NAMESPACE}/pods/{name}", objects.other(name, node.name, port, self._probe))
        urls = [self._url_of_other(node, number) for node in self._nodes for number in range(self._others)]
        served = [self._url(node, way, self._tree.entries[0], 0) for node in self._nodes for way in FILE_WAYS]
        await asyncio.gather(*(self._until(url, "0", _START_SECONDS) for url in urls + served))

    async def _remove(self) -> None:
        """Delete the namespace, and wait until it is gone."""
        await self._api.delete(_NAMESPACE)
        until = time.monotonic() + _START_SECONDS
        while await self._api.get(_NAMESPACE):
            if time.monotonic() > until:
                raise RuntimeError(f"the namespace {objects.NAMESPACE} does not go away")
            await asyncio.sleep(1)

    async def write(self, number: int) -> None:
        """Write the file of routes as it is to be now, with its version beside it."""
        data = {
            objects.ROUTES: json.dumps({"resources": self._envoy.resources(number)}),
            objects.TABLE: self._nginx.table(number),
            objects.VERSION: str(self._versions[number]),
        }
        await self._config_map(objects.routes_name(number), data)

    def next_version(self, number: int) -> None:
        """What is written next is another version of a file."""
        self._versions[number] += 1

    async def write_for_others(self, version: str) -> None:
        await self._config_map(objects.OTHERS, {objects.VERSION: version})

    async def annotate(self, value: str) -> None:
        """Change the annotation of both gateways at once."""
        paths = [f"{_NAMESPACE}/pods/{name}" for name in GATEWAYS]
        await asyncio.gather(*(self._api.annotate(path, _ANNOTATION, value) for path in paths))

    async def until_there(self, entry: Entry, prefix: str, begun: float, limit: float) -> dict[str, float]:
        """Seconds since ``begun`` until both gateways have a new route, for each way; infinity after a limit."""
        version = str(self._versions[number_of(entry)])
        waits = [
            self._until(self._url(node, way, entry, prefix), version if way in FILE_WAYS else None, limit)
            for way in WAYS for node in self._nodes[:2]
        ]  # fmt: skip
        ends = await asyncio.gather(*waits)
        return {way: max(ends[2 * at], ends[2 * at + 1]) - begun for at, way in enumerate(WAYS)}

    async def until_others(self, version: str, begun: float, limit: float) -> list[float]:
        """Seconds since ``begun`` until each other pod has a version."""
        urls = [self._url_of_other(node, number) for node in self._nodes for number in range(self._others)]
        waits = [self._until(url, version, limit, 0.25) for url in urls]
        return [end - begun for end in await asyncio.gather(*waits)]

    async def replace(self, index: int) -> None:
        """Delete a gateway's pod and create it anew, as its controller would."""
        path = f"{_NAMESPACE}/pods/{GATEWAYS[index]}"
        await self._api.delete(path)
        while await self._api.get(path):
            await asyncio.sleep(0.05)
        await self._create_gateway(GATEWAYS[index], self._nodes[index])

    async def first_answer(self, index: int, entry: Entry, prefix: str, limit: float) -> int:
        """The status of the first answer that a gateway gives."""
        until = time.monotonic() + limit
        while time.monotonic() < until:
            if status := (await self._ask(self._url(self._nodes[index], "Envoy", entry, prefix)))[0]:
                return status
            await asyncio.sleep(_POLL_SECONDS)
        return 0

    async def _create_gateway(self, name: str, node: Node) -> None:
        await self._api.apply(f"{_NAMESPACE}/pods/{name}", objects.gateway(name, node.name, self._proxies, self._probe))

    async def _config_map(self, name: str, data: dict[str, str]) -> None:
        await self._api.apply(f"{_NAMESPACE}/configmaps/{name}", objects.config_map(name, data))

    def _url(self, node: Node, way: str, entry: Entry, prefix: object) -> str:
        if way not in FILE_WAYS:
            port = self._tree.port(entry) + (_PORTS_OF_NGINX if way == "nginx" else 0)
            return f"http://{node.address}:{port}{prefix}/"
        path = f"{way}/{number_of(entry)}/{objects.VERSION}"
        return f"http://{node.address}:{objects.PROBE_PORT}/_probe/file?path={path}"

    def _url_of_other(self, node: Node, number: int) -> str:
        return f"http://{node.address}:{objects.OTHER_PORT + number}/_probe/file?path={objects.VERSION}"

    async def _until(self, url: str, wanted: str | None, limit: float, poll: float = _POLL_SECONDS) -> float:
        """The monotonic time of the first answer of 200 with the wanted text, or any; infinity after the limit."""
        until = time.monotonic() + limit
        while time.monotonic() < until:
            status, text = await self._ask(url)
            if status == 200 and wanted in (None, text):
                return time.monotonic()
            await asyncio.sleep(poll)
        return float("inf")

    async def _ask(self, url: str) -> tuple[int, str]:
        try:
            async with self._session.get(url, timeout=aiohttp.ClientTimeout(total=2)) as answer:
                return answer.status, await answer.text()
        except (aiohttp.ClientError, TimeoutError):
            return 0, ""
