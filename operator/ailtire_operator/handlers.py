"""The operator as kopf runs it: ``ailtire-operator run --standalone --all-namespaces -m ailtire_operator.handlers``.

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
from typing import Any, Final

import kopf

from ailtire_operator.model.settings import Settings
from ailtire_operator.reconcile import process
from ailtire_operator.reconcile.runtime import Runtime

STOP_SECONDS: Final = 10
"""After so long kopf kills a process that has been asked to stop."""


@kopf.on.startup(errors=kopf.ErrorsMode.PERMANENT)
async def start(settings: kopf.OperatorSettings, memo: kopf.Memo, **_: Any) -> None:
    """Configure kopf and start the runtime. It does not wait for the lease, so that probes are answered immediately."""
    process.install_log_records()
    _restrict_kopf(settings)
    memo.first = asyncio.all_tasks()
    process.spare_garbage_collection()
    memo.runtime = await Runtime.open(Settings())
    await memo.runtime.start()


@kopf.on.login()
async def never(**_: Any) -> None:
    """Never return credentials to kopf, which would only use them to read the cluster."""
    await asyncio.Event().wait()


@kopf.on.probe(id="watches")
async def watches(memo: kopf.Memo, **_: Any) -> dict[str, float]:
    """Seconds since the last data of each watch, for kopf's own liveness endpoint."""
    ages: dict[str, float] = memo.runtime.ages()
    return ages


@kopf.on.cleanup()
async def stop(memo: kopf.Memo, **_: Any) -> None:
    """Finish reconciles in progress and release the lease; then cancel kopf's tasks that wait for credentials.

    All other tasks of kopf have ended by now. It would wait five seconds for these.
    """
    if "runtime" in memo:
        await memo.runtime.stop()
    for task in asyncio.all_tasks() - memo.first:
        task.cancel()


def _restrict_kopf(settings: kopf.OperatorSettings) -> None:
    """Turn off kopf's Events, discovery and peering, and limit the time for a stop."""
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.peering.standalone = True
    settings.process.ultimate_exiting_timeout = STOP_SECONDS
    # Without "Initial authentication has been initiated", and its cancellation at the stop: it never happens.
    logging.getLogger("kopf._core.engines.activities").setLevel(logging.WARNING)
    logging.getLogger("kopf.activities.authentication").setLevel(logging.ERROR)
