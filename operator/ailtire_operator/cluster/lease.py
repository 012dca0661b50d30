"""Who may write: one of several operators, by a Lease, with a fence that needs no answer from anybody.

The client's own leader election can leave two leaders: an error while renewing ends it but not the work that it
started, and a renewal that hangs keeps the old leader leading. Here leading is no state but a question, answered by
this process' own monotonic clock: was the last successful renewal *sent* less than eight seconds ago? No clocks of two
machines are ever compared: how old somebody else's lease is counts from when it was first seen here.
"""

import asyncio
import logging
import os
import socket
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.errors import ClusterError, Conflict, NotFound
from ailtire_operator.cluster.kinds import LEASE
from ailtire_operator.naming import LEASE_NAME

logger = logging.getLogger(__name__)

NEVER: Final = float("-inf")
_RELEASED: Final = 1
"""The duration, in seconds, of a lease that was given back; the API server does not accept 0."""


@dataclass(frozen=True, slots=True)
class Timing:
    """All in seconds. ``fence`` plus a write's own timeout must stay below ``duration``."""

    duration: float = 15.0
    """How long a silent holder keeps the lease."""
    deadline: float = 10.0
    """After this long without a renewal the holder gives up for good."""
    fence: float = 8.0
    """After this long without a renewal the holder no longer writes."""
    retry: float = 2.0
    """How often the holder renews."""
    poll: float = 0.5
    """How often a candidate reads the lease; reading is cheap, and each second counts for the stacks that wait."""
    request: float = 3.0


class Leadership:
    """This process' share in the election."""

    def __init__(
        self,
        connection: Connection,
        namespace: str,
        *,
        on_lost: Callable[[], None] = lambda: None,
        name: str = LEASE_NAME,
        identity: str = "",
        timing: Timing = Timing(),
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        # Unique for each process: a restarted pod has the same name, but not the same claim.
        self.identity = identity or f"{os.environ.get('HOSTNAME') or socket.gethostname()}_{uuid.uuid4()}"
        self.acquired = asyncio.Event()
        """Set when this process leads for the first time."""
        self._connection = connection
        self._namespace = namespace
        self._name = name
        self._on_lost = on_lost
        self._timing = timing
        self._clock = clock
        self._sleep = sleep
        self._last_ok = NEVER
        self._lease: dict[str, Any] = {}
        self._seen: tuple[str, float] = ("", NEVER)
        self._asked = False
        """Whether anything was asked yet, with whatever answer."""
        self._absent = NEVER, NEVER
        """Since when every answer has been that there is no lease, and when the last one was."""
        self._released = False
        self._failing = False
        self._busy = asyncio.Lock()

    def is_leader(self) -> bool:
        """Whether this process may write at this very moment."""
        return self._clock() < self._last_ok + self._timing.fence

    async def run(self) -> None:
        """Take part until leadership, once won, is lost or given back; ``on_lost`` is called in the first case only."""
        while not self._released:
            holding = await self._attempt()
            too_late = self._clock() >= self._last_ok + self._timing.deadline
            if self.acquired.is_set() and not self._released and (holding is False or too_late):
                self._last_ok = NEVER
                logger.error("the lease is lost: this process may not write any more")
                self._on_lost()
                return
            await self._sleep(self._wait())

    async def release(self) -> None:
        """Give the lease back, so that the next holder need not wait; to be called when all writing has ended."""
        led, self._released, self._last_ok = self.is_leader(), True, NEVER
        if not led:
            return
        try:
            async with self._busy:
                await self._give_back()
        except ClusterError as error:
            logger.warning("the lease could not be given back, the next leader has to wait for it: %s", error)

    async def _give_back(self) -> None:
        if self._holder() == self.identity:
            try:
                await self._put("", duration=_RELEASED)
                return
            except Conflict:
                pass  # a renewal was cut off after it had left: what it wrote is there, but its answer is not
        self._lease = await self._request("GET", self._name)
        if self._holder() == self.identity:
            await self._put("", duration=_RELEASED)

    async def _attempt(self) -> bool | None:
        """One try to get or keep the lease: True if we hold it, False if another does, None if that is unknown."""
        try:
            async with self._busy:
                sent = self._clock()
                held = await self._acquire_or_renew()
        except ClusterError as error:
            self._absent = NEVER, NEVER
            if not self._failing:
                logger.warning("no lease: %s", error)
            self._failing = self._asked = True
            return None
        self._failing, self._asked = False, True
        if held and not self._released:
            # From when the request left, not from when the answer came: nobody can have seen it earlier.
            self._last_ok = sent
            if not self.acquired.is_set():
                logger.info("leading as %s", self.identity)
            self.acquired.set()
        return held

    async def _acquire_or_renew(self) -> bool:
        if self._lease and self._holder() == self.identity:
            try:
                await self._put(self.identity)
                return True
            except (Conflict, NotFound):
                pass  # somebody wrote or deleted it, or an answer of our own was lost: read and see
        try:
            self._lease = await self._request("GET", self._name)
        except NotFound:
            return await self._create()
        self._absent = NEVER, NEVER
        ours = self._holder() == self.identity
        if not ours and not self._is_free():
            return False
        try:
            await self._put(self.identity)
        except (Conflict, NotFound):
            if ours:
                raise  # nothing says that we have lost it: the next try will tell
            return False
        return True

    def _is_free(self) -> bool:
        """Whether the lease was given back, or its holder has been silent for too long by our own clock.

        A lease that somebody emptied by hand counts as held: its holder may not have noticed yet.
        """
        version, since = self._seen
        if version != self._lease["metadata"]["resourceVersion"]:
            self._seen = version, since = self._lease["metadata"]["resourceVersion"], self._clock()
        duration = (self._lease.get("spec") or {}).get("leaseDurationSeconds") or self._timing.duration
        given_back = duration <= _RELEASED and not self._holder()
        return given_back or self._clock() >= since + max(duration, self._timing.duration)

    def _wait(self) -> float:
        """Until the next try: soon after a failed one, and as a candidate not after the holder's time is up."""
        if self.acquired.is_set():
            return self._timing.poll if self._failing else self._timing.retry
        left = self._seen[1] + self._timing.duration - self._clock()
        return min(self._timing.poll, left) if left > 0 else self._timing.poll

    def _holder(self) -> str:
        return str((self._lease.get("spec") or {}).get("holderIdentity") or "")

    async def _create(self) -> bool:
        if not self._may_create():
            return False
        body = {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            "metadata": {"name": self._name, "namespace": self._namespace},
            "spec": self._spec({}, self.identity, int(self._timing.duration)),
        }
        try:
            self._lease = await self._request("POST", None, body)
        except Conflict:
            return False
        return True

    def _may_create(self) -> bool:
        """Whether nobody can be writing although there is no lease.

        Somebody may have deleted it under its holder, which creates it again when it renews. So it has to be absent for
        as long as a silent holder keeps it; but not for who asks for the first time and is answered at once, as in a
        new installation.
        """
        if self.is_leader() or not self._asked:
            return True
        now, (since, last) = self._clock(), self._absent
        if now > last + self._timing.fence:  # this process may have been frozen, and the lease may have been back
            since = now
        self._absent = since, now
        return now >= since + self._timing.duration

    async def _put(self, holder: str, duration: int | None = None) -> None:
        """Write our claim over exactly the lease that was read: the resourceVersion lets only one of several win."""
        spec = self._spec(self._lease.get("spec") or {}, holder, duration or int(self._timing.duration))
        self._lease = await self._request("PUT", self._name, {**self._lease, "spec": spec})

    def _spec(self, old: Mapping[str, Any], holder: str, duration: int) -> dict[str, Any]:
        # The times are for people and other tools: they are written, but nothing here reads them.
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        changes = holder != old.get("holderIdentity")
        return {
            **old,
            "holderIdentity": holder,
            "leaseDurationSeconds": duration,
            "renewTime": now,
            "acquireTime": now if changes else old.get("acquireTime", now),
            "leaseTransitions": (old.get("leaseTransitions") or 0) + int(changes and bool(holder) and bool(old)),
        }

    async def _request(self, method: str, name: str | None, body: object | None = None) -> dict[str, Any]:
        path = LEASE.path(self._namespace, name)
        return await self._connection.request(method, path, body=body, timeout=self._timing.request, urgent=True)
