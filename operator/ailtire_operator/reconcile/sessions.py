"""What is remembered of a stack from one reconcile to the next: it begins with the stack's uid and ends with it, here.

In memory only, and nothing that the right result depends on: another process begins without it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from ailtire_operator.cluster.apply_result import ApplyResult
from ailtire_operator.cluster.connection import Account
from ailtire_operator.cluster.kinds import STACK, Manifest, Ref
from ailtire_operator.cluster.single_object_watch import holder
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.status import RolloutStatus

AT_ONCE: Final = 10
SECONDS: Final = 30.0
"""After so long there is one more."""


@dataclass(slots=True)
class RateLimit:
    """What is left at one time, and what was left out since the last report."""

    left: float = AT_ONCE
    since: float | None = None
    """When ``left`` was right, in seconds."""
    omitted: int = 0

    def take(self, now: float) -> int | None:
        """How many were left out before this one; None where this one is left out too."""
        if self.since is not None:
            self.left = min(AT_ONCE, self.left + (now - self.since) / SECONDS)
        self.since = now
        if self.left < 1:
            self.omitted += 1
            return None
        self.left -= 1
        omitted, self.omitted = self.omitted, 0
        return omitted


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was not written, and what stood there then."""

    manifest: Manifest
    account: Account | None
    adopt: bool
    holder: tuple[Any, ...]
    applied: ApplyResult

    def holds(self, manifest: Manifest, account: Account | None, adopt: bool, live: Record | None) -> bool:
        """Whether trying again would be the very same."""
        now = manifest, account, adopt, holder(live)
        return (self.manifest, self.account, self.adopt, self.holder) == now


@dataclass(slots=True)
class Session:
    """What is remembered of one stack."""

    refused: dict[Ref, Refusal] = field(default_factory=dict)
    """Writes that were refused, so that they are not sent again in vain."""
    waiting_since: float | None = None
    """Since when its status has something to say that it does not say yet."""
    written_at: float | None = None
    """When its status was written last."""
    put_back: RateLimit = field(default_factory=RateLimit)
    """How many Events about what was put back it may have by now."""
    rolled: RateLimit = field(default_factory=RateLimit)
    """How many reconciles of it may tell of their rollouts by Events by now."""
    rollouts: list[RolloutStatus] = field(default_factory=list)
    """Rollouts, newest first, that its status does not have yet."""


class Sessions:
    """The stacks that are there."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._open: dict[str, Session] = {}
        self._ends: list[Callable[[str], None]] = []
        store.listeners.append(self._changed)

    def of(self, stack: Record) -> Session:
        """What is remembered of a stack; of one that has gone meanwhile nothing is kept."""
        return self._open.get(stack.uid) or Session()

    def at_end(self, *forget: Callable[[str], None]) -> None:
        """Call these with the uid of every stack that is gone."""
        self._ends += forget

    def _changed(self, old: Record | None, new: Record | None) -> None:
        record = new or old
        if record is None or record.ref.kind != STACK.kind or (old and new and old.uid == new.uid):
            return
        if old is not None:
            self._open.pop(old.uid, None)
            for forget in self._ends:
                forget(old.uid)
        if new is not None:
            self._open[new.uid] = Session(waiting_since=None if new.summary.get("status") else self._clock())
