"""Those who contend for a lease in virtual time, and the API server's part of it."""

import copy
from typing import Any

from ailtire_operator.cluster.errors import ClusterError, Conflict, NotFound, Unavailable
from ailtire_operator.cluster.lease import Leadership
from unit.cluster_layer.timeline import Timeline


class Leases:
    """The API server's part: one Lease with optimistic concurrency."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.version = 0
        self.requests: list[str] = []

    @property
    def holder(self) -> str:
        return self.lease["spec"]["holderIdentity"] if self.lease else ""

    def answer(self, method: str, body: Any) -> dict[str, Any]:
        self.requests.append(method)
        if method == "POST" and self.lease is not None:
            raise Conflict("exists already")
        if method != "POST" and self.lease is None:
            raise NotFound("no such lease")
        if method in ("POST", "PUT"):
            if self.lease and body["metadata"].get("resourceVersion") != self.lease["metadata"]["resourceVersion"]:
                raise Conflict("has changed")
            self.version += 1
            self.lease = copy.deepcopy(body)
            self.lease["metadata"]["resourceVersion"] = str(self.version)
        assert self.lease is not None
        return copy.deepcopy(self.lease)


class Link:
    """One process' connection to it, as good or bad as the test wants it."""

    def __init__(self, leases: Leases, time: Timeline) -> None:
        self.leases = leases
        self.time = time
        self.up = True
        self.frozen = False
        self.there = self.back = 0.005
        self.lose_answers = False

    async def request(self, method: str, path: str, *, body: Any = None, timeout: float, urgent: bool) -> Any:
        assert urgent
        deadline = self.time.now + timeout
        if not self.up:
            await self.sleep(timeout)
            raise Unavailable("no answer")
        await self.time.sleep(self.there)
        try:
            answer, error = self.leases.answer(method, body), None
        except ClusterError as refused:
            answer, error = {}, refused
        await self.sleep(self.back)
        if self.lose_answers or self.time.now > deadline:
            raise Unavailable("the answer was lost")
        if error:
            raise error
        return answer

    async def sleep(self, seconds: float) -> None:
        """Time that passes in the process: nothing happens in it while it is frozen."""
        await self.time.sleep(seconds)
        while self.frozen:
            await self.time.sleep(0.05)


class Contender:
    """One operator: its link, its clock, its claim."""

    def __init__(self, name: str, leases: Leases, time: Timeline, offset: float = 0.0) -> None:
        self.link = Link(leases, time)
        self.lost = 0
        self.leadership = Leadership(
            self.link,  # type: ignore[arg-type]
            "system",
            identity=name,
            on_lost=self._count,
            clock=time.clock(offset),
            sleep=self.link.sleep,
        )
        self.task = time.start(self.leadership.run())

    def _count(self) -> None:
        self.lost += 1

    @property
    def leads(self) -> bool:
        return self.leadership.is_leader()

    def kill(self) -> None:
        self.task.cancel()
