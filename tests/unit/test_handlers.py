"""The operator as a process in front of an API server that answers nothing but errors.

What kopf reads of a cluster can end the process, so kopf must read nothing; and no answer ends what reads instead.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import kopf
import yaml
from aiohttp import web

from ailtire_operator.cluster.kinds import STACK, WATCHED_KINDS
from lab.paths import ROOT

ENOUGH = 3
"""Requests for the list of stacks, none of which was answered as it should be."""


ANSWERS = (
    (503, b"{}"),
    (404, b'{"kind": "Status", "code": 404, "message": "no such resource"}'),
    (200, b"no JSON"),
    (403, b'{"kind": "Status", "code": 403, "message": "no"}'),
    (410, b'{"kind": "Status", "code": 410, "message": "too old"}'),
    (500, b"[" * 5000 + b"]" * 5000),
    (200, b"[" * 5000 + b"]" * 5000),
    (200, b'{"kind": "List"}'),
)


@dataclass
class Refusing:
    """Counts what it is asked, and answers with each of the errors in turn."""

    asked: list[str] = field(default_factory=list)
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if self.asked.count(STACK.path(None)) >= ENOUGH:
            self.enough.set()
        status, body = ANSWERS[len(self.asked) % len(ANSWERS)]
        return web.Response(status=status, body=body, content_type="application/json")


@asynccontextmanager
async def serving(server: Refusing, folder: Path) -> AsyncIterator[Path]:
    """A kubeconfig that leads to the server."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    here = {"name": "here"}
    config = {
        "clusters": [{**here, "cluster": {"server": f"http://127.0.0.1:{runner.addresses[0][1]}"}}],
        "users": [{**here, "user": {"token": "none"}}],
        "contexts": [{**here, "context": {"cluster": "here", "user": "here"}}],
        "current-context": "here",
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    try:
        yield path
    finally:
        await runner.cleanup()


async def started(kubeconfig: Path) -> Process:
    """The operator, started as the manifests start it."""
    environment = {
        **os.environ,
        "KUBECONFIG": str(kubeconfig),
        "PYTHONPATH": str(ROOT / "operator"),
        "AILTIRE_OPERATOR_METRICS_PORT": "0",
        "AILTIRE_OPERATOR_LEADER_ELECTION": "false",
    }
    (deployment,) = (each for each in yaml.safe_load_all((ROOT / "manifests/base/deployment.yaml").read_text()) if each)
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    command = (sys.executable, "-m", "ailtire_operator", *container["args"])
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=STDOUT, env=environment)


async def test_no_answer_of_the_api_server_ends_the_process_and_kopf_asks_for_nothing(tmp_path: Path) -> None:
    server = Refusing()
    async with serving(server, tmp_path) as kubeconfig:
        process = await started(kubeconfig)
        ended = asyncio.create_task(process.communicate())
        enough = asyncio.create_task(server.enough.wait())
        async with asyncio.timeout(300):
            await asyncio.wait({ended, enough}, return_when=asyncio.FIRST_COMPLETED)
            assert not ended.done(), ended.result()[0].decode()
            process.send_signal(signal.SIGTERM)
            output, _ = await ended
    assert process.returncode == 0, output.decode()
    assert set(server.asked) <= {kind.path(None) for kind in WATCHED_KINDS}


def test_no_resource_has_a_handler_of_kopf() -> None:
    import ailtire_operator.handlers

    assert ailtire_operator.handlers
    registry = kopf.get_default_registry()
    for handlers in (registry._watching, registry._changing, registry._spawning, registry._indexing):
        assert not handlers.get_all_handlers()
