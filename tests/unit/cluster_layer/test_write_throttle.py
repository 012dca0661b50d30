"""Writes at once: fewer when the API server does not answer in time, more again when it does."""

import asyncio

import pytest

from ailtire_operator.cluster.errors import Conflict, Unavailable
from ailtire_operator.cluster.write_throttle import WriteThrottle
from support.fake_cluster.virtual_time import now, run


class Server:
    """Answers after a time that grows with the number of requests under way; callers wait for six seconds."""

    def __init__(self, throttle: WriteThrottle, seconds_each: float) -> None:
        self.throttle = throttle
        self.seconds_each = seconds_each
        self.busy = self.most = self.late = 0

    async def request(self) -> None:
        async with self.throttle.turn("prod"):
            self.busy += 1
            self.most = max(self.most, self.busy)
            takes = self.busy * self.seconds_each
            try:
                await asyncio.sleep(min(takes, 6))
            finally:
                self.busy -= 1
            if takes > 6:
                self.late += 1
                raise Unavailable("too late")

    async def until_done(self) -> None:
        while True:
            try:
                await self.request()
                return
            except Unavailable:
                await asyncio.sleep(0.1)


def test_never_more_than_allowed_and_all_get_their_turn() -> None:
    async def story() -> None:
        server = Server(WriteThrottle(4), 0.1)
        async with asyncio.TaskGroup() as group:
            for _ in range(50):
                group.create_task(server.until_done())
        assert (server.most, server.late) == (3, 0)  # one place is kept free for another namespace

    run(story())


def test_an_overloaded_server_gets_fewer_and_everything_is_done() -> None:
    async def story() -> None:
        throttle = WriteThrottle(16)
        server = Server(throttle, 1.0)  # with more than six at once all of them are too late
        async with asyncio.TaskGroup() as group:
            for _ in range(100):
                group.create_task(server.until_done())
        assert server.late < 60
        assert now() < 600
        server.seconds_each = 0.01
        async with asyncio.TaskGroup() as group:
            for _ in range(300):
                group.create_task(server.until_done())
        assert throttle.limit == 16

    run(story())


def test_those_of_one_burst_halve_it_once() -> None:
    async def story() -> None:
        throttle = WriteThrottle(16)

        async def fail(error: Exception) -> None:
            async with throttle.turn("prod"):
                await asyncio.sleep(1)
                raise error

        await asyncio.gather(*(fail(Unavailable("late")) for _ in range(12)), return_exceptions=True)
        assert throttle.limit == 8
        await asyncio.gather(*(fail(Conflict("no")) for _ in range(8)), return_exceptions=True)
        assert throttle.limit == 8

    run(story())


def test_who_gives_up_waiting_takes_nobodys_turn() -> None:
    async def story() -> None:
        throttle, done = WriteThrottle(1), list[str]()

        async def work(name: str) -> None:
            async with throttle.turn("prod"):
                await asyncio.sleep(1)
                done.append(name)

        first, second, third = (asyncio.create_task(work(name)) for name in "abc")
        await asyncio.sleep(0.5)
        second.cancel()
        await asyncio.gather(first, third)
        assert (done, now()) == (["a", "c"], 2)
        with pytest.raises(asyncio.CancelledError):
            await second

    run(story())


def test_a_lower_rank_goes_first_and_equals_in_order_of_arrival() -> None:
    async def story() -> list[str]:
        throttle, order = WriteThrottle(1), []

        async def work(name: str, rank: int) -> None:
            async with throttle.turn("prod", rank):
                order.append(name)
                await asyncio.sleep(0)

        waiting = [("holder", 1), ("workload", 2), ("service", 0), ("policy", 1), ("stack", 0)]
        await asyncio.gather(*(work(name, rank) for name, rank in waiting))
        return order

    assert asyncio.run(story()) == ["holder", "service", "stack", "policy", "workload"]
