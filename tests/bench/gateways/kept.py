"""Whether a table of routes keeps what the configuration of today has: policies, and paths byte for byte."""

import asyncio
import base64
import dataclasses
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession
from yarl import URL

from ailtire_operator.model.policies import Policies
from bench.gateways.nginx_table import NginxTable
from bench.gateways.tree import of_definition
from gateway.backend import Backend
from gateway.rig import RECENT_NGINX, free_port
from gateway.test_nginx import PATHS

_SECRET = "users"
_PASSWORDS = "somebody:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n"
"""What `htpasswd -B` writes (bcrypt)."""
_RIGHT = base64.b64encode(b"somebody:secret").decode()
_CLOSED = Policies.model_validate({"maxBody": "1Ki", "accessControl": {"authentication": {"secret": _SECRET}}})
_TRIES = 100


@dataclass(frozen=True)
class Kept:
    """Statuses, once a change of the table had closed a stack's routes."""

    before: int
    without_password: int
    with_password: int
    body_too_large: int
    processes_replaced: bool


async def kept(proxy: NginxTable) -> Kept:
    """Close the routes of one stack by its table alone, and ask."""
    entry = proxy.tree.below("p3/p3")
    port, processes = proxy.tree.port(entry), proxy.processes()
    before = await _status(port, "")
    proxy.passwords(_SECRET).parent.mkdir(parents=True)
    proxy.passwords(_SECRET).write_text(_PASSWORDS)
    entry.routes = [dataclasses.replace(route, policies=_CLOSED) for route in entry.routes]
    proxy.rewrite(entry)
    for _ in range(_TRIES):
        if (without := await _status(port, "")) != before:
            break
        await asyncio.sleep(0.05)
    authorized = f"Authorization: Basic {_RIGHT}\r\n"
    right, large = await _status(port, authorized), await _status(port, f"{authorized}Content-Length: 2000\r\n")
    return Kept(before, without, right, large, proxy.processes() != processes)


@dataclass(frozen=True)
class Paths:
    """Of the paths that the gateways' tests ask for, those that arrive as the tests want it."""

    asked: int
    right: int


async def paths(folder: Path, resolver: int) -> Paths:
    """Ask a stack with each of the tests' interfaces."""
    port = free_port()
    backend, right = await Backend("127.0.0.1", port).start(), 0
    async with ClientSession() as client:
        for number, ((key, path), expected) in enumerate(PATHS.items()):
            interface = {key: {"port": port, "path": path}}
            tree = of_definition({"services": {"web": {"image": "web:1", "interface": interface}}}, port)
            proxy = NginxTable(RECENT_NGINX, tree, folder / f"paths-{number}", resolver)
            await proxy.start()
            try:
                for asked, sees in expected.items():
                    url = URL(f"http://127.0.0.1:{tree.port(tree.entries[0])}{asked}", encoded=True)
                    async with client.get(url) as answer:
                        found = (await answer.json())["path"] if answer.status == 200 else None
                    right += found == sees
                    if found != sees:
                        print(f"{key} to {path}: {asked} arrives as {found}, not as {sees}")
            finally:
                await proxy.stop()
    await backend.stop()
    return Paths(sum(len(expected) for expected in PATHS.values()), right)


async def _status(port: int, headers: str) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /s0/page HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n{headers}\r\n".encode())
    line = await reader.readline()
    writer.close()
    return int(line.split()[1])
