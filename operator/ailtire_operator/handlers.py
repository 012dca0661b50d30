"""The operator as kopf runs it: ``kopf run --standalone --all-namespaces -m ailtire_operator.handlers``.

kopf is the runtime: start and stop, signals, login, a watch on the stacks. Its create/update/delete handlers, daemons,
timers and indices are not used: they write annotations and finalizers, and do not last for thousands of objects.
"""

import logging
from typing import Any

import kopf

from ailtire_operator import naming
from ailtire_operator.cluster.errors import ClusterError
from ailtire_operator.model.settings import Settings
from ailtire_operator.reconcile.runtime import Runtime

_STACKS = (naming.GROUP, naming.VERSION, naming.PLURAL)


class NoDiffBase(kopf.DiffBaseStorage):
    """Keeps no copy of what was seen last: nothing here compares with it, and it would be written into the stack."""

    def build(self, **_: Any) -> Any:
        """Give kopf nothing to compare; by itself it copies the whole body for every event."""
        return {}

    def fetch(self, **_: Any) -> None:
        """There is no copy."""

    def store(self, **_: Any) -> None:
        """There will be none."""


class NoProgress(kopf.ProgressStorage):
    """Keeps no progress of handlers: the only ones here end at once, and it would be written into the stack."""

    def fetch(self, **_: Any) -> None:
        """There is no progress."""

    def store(self, **_: Any) -> None:
        """There will be none."""

    def purge(self, **_: Any) -> None:
        """There is nothing to remove."""

    def touch(self, **_: Any) -> None:
        """There is nothing to touch."""

    def clear(self, *, essence: Any) -> Any:
        """Take nothing out of what kopf compares."""
        return essence


@kopf.on.startup(errors=kopf.ErrorsMode.PERMANENT)
async def start(settings: kopf.OperatorSettings, memo: kopf.Memo, **_: Any) -> None:
    """Set kopf up so that it writes nothing, and begin to work. Does not wait for the lease: probes answer at once."""
    _quiet(settings)
    _patient(settings)
    memo.runtime = await Runtime.open(Settings())
    await memo.runtime.start()


@kopf.on.login()
async def login(memo: kopf.Memo, **_: Any) -> kopf.AiohttpSession:
    """Let kopf use our own credentials: one source, also when they have to be renewed."""
    connection = memo.runtime.connection
    try:
        return kopf.AiohttpSession(
            server=connection.host,
            aiohttp_session=await connection.session(),
            default_namespace=connection.namespace,
        )
    except ClusterError as error:
        raise kopf.TemporaryError(str(error), delay=5) from error


@kopf.on.event(*_STACKS)
async def changed(name: str, namespace: str | None, meta: kopf.Meta, memo: kopf.Memo, **_: Any) -> None:
    """Somebody wrote a stack."""
    memo.runtime.observe(namespace or "", name, meta.get("resourceVersion", ""))


@kopf.on.probe(id="watches")
async def watches(memo: kopf.Memo, **_: Any) -> dict[str, float]:
    """Seconds since the last sign of life of each watch, where kopf's own liveness endpoint is turned on."""
    ages: dict[str, float] = memo.runtime.ages()
    return ages


@kopf.on.cleanup()
async def stop(memo: kopf.Memo, **_: Any) -> None:
    """Let what is under way end, and give the lease back."""
    if "runtime" in memo:
        await memo.runtime.stop()


def _quiet(settings: kopf.OperatorSettings) -> None:
    """No Events, no annotations, no finalizers, no look at other kinds."""
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.peering.standalone = True
    settings.persistence.finalizer = f"{naming.GROUP}/unused"
    settings.persistence.diffbase_storage = NoDiffBase()
    settings.persistence.progress_storage = NoProgress()
    settings.persistence.consistency_timeout = 0
    # One line for every event of every stack, to say that it was put into the queue.
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)


def _patient(settings: kopf.OperatorSettings) -> None:
    """Times and limits: a watch that is silent for long is dead, and a stop is over soon."""
    settings.watching.inactivity_timeout = 70
    settings.watching.chunk_size = 500
    settings.watching.connect_timeout = 5
    settings.networking.request_timeout = 15
    settings.networking.connect_timeout = 5
    settings.networking.error_backoffs = (0.2, 0.5, 1, 2, 5)
    settings.queueing.idle_timeout = 1
    settings.queueing.exit_timeout = 1
    settings.process.ultimate_exiting_timeout = 10
    settings.execution.max_workers = 1
