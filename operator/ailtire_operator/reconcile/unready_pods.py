"""For how long pods have not been ready, whatever the clocks of the operator and of the nodes show.

What this process has seen to begin, it times by its own monotonic clock. What was under way when it started (a restart,
another leader) has begun earlier: without that time a bad update would never be judged by an operator that restarts too
often. That part is a sum of differences, each of two times of one clock: from a pod's start to its being unready
by the node's, from its being scheduled until now by the API server's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ailtire_operator.cluster.kinds import POD
from ailtire_operator.cluster.store import Record, Store


@dataclass(frozen=True, slots=True)
class _Period:
    """A time in which a pod is not ready."""

    name: str
    """When it began, by a clock that we know nothing of: it identifies a period, and no more."""
    since: float
    """When it began, by our monotonic clock."""


class UnreadyPods:
    """Times the pods that are not ready."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], float],
        server_time: Callable[[], float | None],
        synced: Callable[[], bool],
    ) -> None:
        """``synced``: whether the first lists are in, so that whatever is new from now on begins now."""
        self._clock = clock
        self._server_time = server_time
        self._synced = synced
        self._periods: dict[str, _Period] = {}
        """By the pod's uid, for those that are not ready."""
        store.listeners.append(self._changed)

    def seconds(self, pod: Record) -> float:
        """For how long the pod has not been ready; 0 for one that is."""
        period = self._periods.get(pod.uid)
        return 0.0 if period is None else self._clock() - period.since

    def _changed(self, old: Record | None, new: Record | None) -> None:
        if old is not None and old.ref.kind == POD.kind and (new is None or new.uid != old.uid):
            self._periods.pop(old.uid, None)
        if new is None or new.ref.kind != POD.kind:
            return
        if new.summary.get("ready"):
            self._periods.pop(new.uid, None)
            return
        name = str(new.summary.get("unreadySince", ""))
        known = self._periods.get(new.uid)
        if known is None or known.name != name:
            earlier = 0.0 if self._synced() else _unready_before(new.summary, self._server_time())
            self._periods[new.uid] = _Period(name, self._clock() - earlier)


def _unready_before(pod: Mapping[str, Any], server_time: float | None) -> float:
    """Seconds for which a pod that is met for the first time has been unready already, by that one clock."""
    known = _time(pod.get("scheduled")) or _time(pod.get("created"))
    if server_time is None or known is None:
        return 0.0
    ran = 0.0
    if "unreadySince" in pod:
        since, started = _time(pod["unreadySince"]), _time(pod.get("started"))
        if since is None or started is None or since < started:
            return 0.0
        ran = since - started
    return max(0.0, server_time - known - ran)


def _time(text: object) -> float | None:
    try:
        return datetime.fromisoformat(str(text)).timestamp() if text else None
    except ValueError:  # whoever may write a pod's status may write anything there
        return None
