"""Why a workload makes no pods and does not say so: its Events do, which are asked for and not watched.

A Deployment has a condition for it, a StatefulSet has none. Asking at once would be one request for every StatefulSet
that is just being made, so the question waits until the silence has lasted for a while.
"""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from ailtire_operator.cluster.errors import ClusterError
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.store import Record, Store

Ask = Callable[[Ref, str], Awaitable[tuple[str, str] | None]]

PATIENCE: Final = 3.0
"""Seconds of silence before the first question."""
PAUSE: Final = 10.0
"""Seconds between two questions about one workload."""


@dataclass(slots=True)
class _Silence:
    asked: float
    answer: tuple[str, str] | None = None


class WarningEvents:
    """Remembers who has been silent since when, and what their Events said."""

    def __init__(self, ask: Ask, store: Store, clock: Callable[[], float]) -> None:
        self._ask = ask
        self._clock = clock
        self._silent: dict[str, _Silence] = {}
        store.listeners.append(self._changed)

    async def explain(self, workloads: Iterable[Record]) -> dict[Ref, tuple[str, str]]:
        """Reason and message of the newest warning about each, as far as there is one."""
        found = {}
        for record in workloads:
            silence = self._silent.get(record.uid)
            now = self._clock()
            if silence is None:
                self._silent[record.uid] = silence = _Silence(now + PATIENCE - PAUSE)
            if now - silence.asked >= PAUSE:
                silence.asked = now
                with suppress(ClusterError):  # an explanation is a courtesy: the reconcile goes on without
                    silence.answer = await self._ask(record.ref, record.uid)
            if silence.answer is not None:
                found[record.ref] = silence.answer
        return found

    def _changed(self, old: Record | None, new: Record | None) -> None:
        if old is not None and new is None:
            self._silent.pop(old.uid, None)
