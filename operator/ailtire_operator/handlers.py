"""The operator as kopf runs it: ``kopf run --standalone --all-namespaces -m ailtire_operator.handlers``.

kopf is the process's runtime and nothing else: its command line and its log formats, the order of start and cleanup,
signals, a bounded stop, and, with ``--liveness``, a page for probes. It reads nothing of the cluster and writes nothing
into it. No resource has a handler here, so that kopf watches none; and kopf is never given credentials, so that it
cannot even ask which resources there are, which it otherwise does at its start.

Why: what kopf reads can end the process. Its watches decode with recursion, and one object that nests deep enough is a
``RecursionError`` for as long as the object exists; a scan or a watch that gets 403, 500 or 503 for ten seconds, a line
that is no JSON, an ``ERROR`` event that is not 410, or 404 where the resource's definition was deleted, end it too.
``cluster.watch`` reads all kinds instead, this operator's own among them, and no answer of the API server ends that.
"""

import asyncio
import logging
from typing import Any

import kopf

from ailtire_operator.model.settings import Settings
from ailtire_operator.reconcile import process
from ailtire_operator.reconcile.runtime import Runtime


@kopf.on.startup(errors=kopf.ErrorsMode.PERMANENT)
async def start(settings: kopf.OperatorSettings, memo: kopf.Memo, **_: Any) -> None:
    """Set kopf up and begin to work. Does not wait for the lease: probes answer at once."""
    process.install_log_records()
    _quiet(settings)
    memo.first = asyncio.all_tasks()
    memo.runtime = await Runtime.open(Settings())
    await memo.runtime.start()


@kopf.on.login()
async def never(**_: Any) -> None:
    """Keep kopf waiting for credentials until it is stopped: all that it would do with them is read the cluster."""
    await asyncio.Event().wait()


@kopf.on.probe(id="watches")
async def watches(memo: kopf.Memo, **_: Any) -> dict[str, float]:
    """Seconds since the last sign of life of each watch, where kopf's own liveness endpoint is turned on."""
    ages: dict[str, float] = memo.runtime.ages()
    return ages


@kopf.on.cleanup()
async def stop(memo: kopf.Memo, **_: Any) -> None:
    """Let what is under way end, and give the lease back; then end what kopf has begun, and waits for credentials.

    All of kopf's own tasks are over by now. It would look for such leftovers next, and wait for them for five seconds.
    """
    if "runtime" in memo:
        await memo.runtime.stop()
    for task in asyncio.all_tasks() - memo.first:
        task.cancel()


def _quiet(settings: kopf.OperatorSettings) -> None:
    """No Events, no look at what the cluster serves, no election of kopf's own; a stop is over soon."""
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.peering.standalone = True
    settings.process.ultimate_exiting_timeout = 10
    # "Initial authentication has been initiated", and at the stop that it was cancelled: it is never to come about.
    logging.getLogger("kopf._core.engines.activities").setLevel(logging.WARNING)
    logging.getLogger("kopf.activities.authentication").setLevel(logging.ERROR)
