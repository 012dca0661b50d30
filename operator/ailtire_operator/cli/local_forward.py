"""A gateway's port on this machine, by kubectl port-forward, until somebody ends it: pods come and go meanwhile."""

import asyncio
import contextlib
import signal
import socket
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cli import kubectl, output
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.options import Target
from ailtire_operator.cli.paths import PathTarget
from ailtire_operator.cli.pod_choice import PodChoice
from ailtire_operator.cli.service_pods import pod_of
from ailtire_operator.cluster.errors import Unavailable

_HOST: Final = "127.0.0.1"
_PATIENCE: Final = 15.0
"""Seconds until kubectl has to listen."""
_LOOK: Final = 0.1
_PAUSE: Final = 2.0
"""Seconds before another pod is looked for."""


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind((_HOST, 0))
        return int(found.getsockname()[1])


async def forward(live: Live, target: Target, gateway: PathTarget, port: int, ready: Callable[[], None]) -> None:
    """Forward until cancelled. ``ready`` is called once it answers; a pod that ends is replaced by another one.

    Raises Failure where it cannot begin.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):  # else kubectl would be left behind
        signal.signal(number, signal.default_int_handler)
    await _once(live, target, await pod_of(live, gateway), port, ready)
    told = ""
    while True:
        await asyncio.sleep(_PAUSE)
        try:
            chosen = await pod_of(live, gateway)
            await _once(live, target, chosen, port, lambda: output.say("note: it goes on by another pod"))
            told = ""
        except (Failure, Unavailable) as error:  # while it restarts there may be none
            if str(error) != told:
                output.say(f"note: {error}")
            told = str(error)


async def _once(live: Live, target: Target, chosen: PodChoice, port: int, ready: Callable[[], None]) -> None:
    """By one pod, until its connection ends."""
    words = [f"--address={_HOST}", "--", f"pod/{chosen.pod}", f"{port}:{naming.GATEWAY_PORT}"]
    command = kubectl.command("port-forward", target, live.namespace, words)
    try:
        process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=DEVNULL)
    except OSError as error:
        raise kubectl.missing("open --forward", error) from None
    try:
        await _listening(process, port)
        ready()
        await process.wait()
        output.say(f"note: the connection to pod {chosen.pod} has ended")
    finally:
        await _end(process)


async def _listening(process: Process, port: int) -> None:
    """Wait until a connection is accepted. Raises Failure where kubectl ends before, which says why itself."""
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    while asyncio.get_running_loop().time() < deadline:
        if process.returncode is not None:
            raise Failure(f"kubectl port-forward has ended with exit code {process.returncode}")
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(_HOST, port)
            writer.close()
            return
        await asyncio.sleep(_LOOK)
    raise Failure(f"kubectl port-forward does not listen after {_PATIENCE:g} s")


async def _end(process: Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
