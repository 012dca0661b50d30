"""What the operator counts, for Prometheus."""

import logging
from collections.abc import Callable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ailtire_operator.cluster.store import Record, Store

logger = logging.getLogger(__name__)


CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """One registry for one operator: tests run several in a process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.reconcile_seconds = Histogram(
            "ailtire_reconcile_seconds", "Time of one reconcile at a stack.", buckets=_SECONDS, registry=self.registry
        )
        self.reconciles = Counter(
            "ailtire_reconciles", "Reconciles of stacks, by how they ended.", ["outcome"], registry=self.registry
        )
        self._writes = Counter(
            "ailtire_writes",
            "Requests that changed something, by kind and verb.",
            ["kind", "verb"],
            registry=self.registry,
        )
        self._put_back = Counter(
            "ailtire_put_back",
            "Objects that others had changed and that were put back, by kind.",
            ["kind"],
            registry=self.registry,
        )
        self._unreadable = Gauge(
            "ailtire_unreadable_objects", "Objects that cannot be read as they are.", ["kind"], registry=self.registry
        )
        self._missed = Counter(
            "ailtire_missed_events",
            "Objects that were not as their watch had brought them, and were corrected.",
            ["kind"],
            registry=self.registry,
        )
        self._depth = self._gauge("ailtire_queue_depth", "Stacks that wait for a reconcile.")
        self._stacks = Gauge("ailtire_stacks", "Stacks, by readiness.", ["ready"], registry=self.registry)
        self._age = Gauge(
            "ailtire_watch_age_seconds",
            "Time since the last sign of life of a watch.",
            ["kind"],
            registry=self.registry,
        )
        self._leader = self._gauge("ailtire_leader", "1 where this process may write.")
        self._lag = self._gauge("ailtire_loop_lag_seconds", "How late the event loop is.")

    def wrote(self, kind: str, verb: str) -> None:
        """Count one write."""
        self._writes.labels(kind, verb).inc()

    def put_back(self, kind: str) -> None:
        """Count an object that somebody else had changed, and that is as planned again."""
        self._put_back.labels(kind).inc()

    def unreadable(self, kind: str, change: int) -> None:
        """One more object that cannot be read, or one less."""
        self._unreadable.labels(kind).inc(change)

    def missed(self, kind: str) -> None:
        """Count an object that a watch had not brought."""
        self._missed.labels(kind).inc()

    def follow_queue(self, depth: Callable[[], float]) -> None:
        """Where the queue's depth is read from."""
        self._depth.set_function(depth)

    def follow_leader(self, leads: Callable[[], bool]) -> None:
        """Where leadership is read from."""
        self._leader.set_function(lambda: float(leads()))

    def text(self, stacks: Mapping[str, int], ages: Mapping[str, float], lag: float) -> bytes:
        """Everything, in Prometheus' text format; what would go stale is given anew each time."""
        for ready, count in stacks.items():
            self._stacks.labels(ready).set(count)
        self._age.clear()
        for kind, age in ages.items():
            self._age.labels(kind).set(age)
        self._lag.set(lag)
        return generate_latest(self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(name, text, registry=self.registry)


class Unreadable:
    """Follows the store."""

    def __init__(self, store: Store, count: Callable[[str, int], None]) -> None:
        """``count`` is called for one more (1) or one less (-1) of a kind."""
        self._count = count
        store.listeners.append(self._changed)

    def _changed(self, old: Record | None, new: Record | None) -> None:
        if old is not None and old.unreadable:
            self._count(old.ref.kind, -1)
        if new is None or not new.unreadable:
            return
        self._count(new.ref.kind, 1)
        if old is None or (old.uid, old.generation, old.unreadable) != (new.uid, new.generation, new.unreadable):
            logger.warning("%s in the namespace %s cannot be read: %s", new.ref, new.ref.namespace, new.unreadable)
