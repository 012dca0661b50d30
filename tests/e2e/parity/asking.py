"""Asks both sides everything."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import aiohttp

from e2e.parity import facts, sides
from e2e.parity.facts import REACH, ROUTE, Fact, Facts, Part
from e2e.parity.tree import PORT, ROUTES, SOCKETS, definition
from e2e.routing import await_route, call
from kindlab import kube
from kindlab.enforcing import enforced
from kindlab.workloads import Workloads

_OUTSIDE = "outside"
_READY = ("/web/x", "/cpl/web/x", "/cpl/policy/x", "/cpl/dm/web/x")


def both(images: Workloads, namespace: str, ingress: str, folder: Path) -> tuple[Facts, Facts]:
    """What is so on Kubernetes, and in the Swarm."""
    host = f"{namespace}.example"
    tree = definition(images, host)
    kube.load(*images.all())
    with sides.in_swarm(tree, folder) as tasks:
        sides.deploy_on_kubernetes(namespace, tree)
        swarm = _asked(tasks, f"127.0.0.1:{PORT}", host)
        pods = sides.kubernetes(namespace)
        evaluated = sides.evaluated(namespace, pods)
        with enforced([namespace]):
            kubernetes = _asked(pods, ingress, host)
        tried = {fact: answer for fact, answer in kubernetes.items() if fact.aspect == REACH}
        assert tried == evaluated, "what 'kubectl ailtire reach' says and what was tried differ"
    return kubernetes, swarm


def _asked(parts: list[Part], address: str, host: str) -> Facts:
    for path in _READY:
        await_route(address, host, path)
    found: Facts = {}
    for part in parts:
        found |= facts.environment(part)
        if part.probe:
            found |= facts.names(part, parts) | facts.connections(part, parts) | facts.inner_routes(part)
    found |= _outer_routes(parts, address, host)
    return found | facts.stopping(parts)


def _outer_routes(parts: Iterable[Part], address: str, host: str) -> Facts:
    found = {Fact(ROUTE, _OUTSIDE, path): facts.answered(*call(address, host, path)) for path in ROUTES}
    return found | asyncio.run(_sockets({each.host: each.path for each in parts}, address, host))


async def _sockets(parts: Mapping[str, str], address: str, host: str) -> Facts:
    """Who is at the other end of a WebSocket, and what of the request arrived there."""
    found = {}
    async with aiohttp.ClientSession(headers={"Host": host}) as session:
        for path in SOCKETS:
            async with session.ws_connect(f"ws://{address}{path}") as socket:
                await socket.send_str("whoami")
                body = json.loads(await socket.receive_str(timeout=60))
            answer = f"{parts.get(body['host'], 'somebody else')} got {body['path']}, prefix {facts.prefix(body)}"
            found[Fact(ROUTE, _OUTSIDE, f"WebSocket {path}")] = answer
    return found
