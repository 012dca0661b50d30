"""Requests under way at once, fair between namespaces."""

import asyncio

import pytest

from ailtire_operator.cluster.fair_semaphore import FairSemaphore
from ailtire_operator.cluster.kinds import CONFIG_MAP, STACK, namespace_of
from support.fake_cluster.virtual_time import now, run


async def request(slots: FairSemaphore, namespace: str, ended: list[str], rank: int = 0) -> None:
    async with slots.turn(namespace, rank):
        await asyncio.sleep(1)
        ended.append(namespace)


@pytest.mark.parametrize("limit", [1, 4, 32])
@pytest.mark.parametrize("crowds", [1, 3, 10])
def test_a_crowd_delays_nobody_else(limit: int, crowds: int) -> None:
    """A request of a quiet namespace waits for one of each other namespace, however many they have."""

    async def story() -> None:
        slots, ended = FairSemaphore(limit), list[str]()
        async with asyncio.TaskGroup() as group:
            for number in range(200):
                group.create_task(request(slots, f"crowd-{number % crowds}", ended))
            await asyncio.sleep(0.5)
            came = now()
            await request(slots, "quiet", ended, rank=3)
            assert now() - came <= 2 + crowds / limit
        assert len(ended) == 201
        assert now() <= 1 + 201 / max(1, limit * 3 // 4)

    run(story())


def test_the_limit_may_change_and_who_gives_up_takes_no_slot() -> None:
    async def story() -> None:
        slots, ended = FairSemaphore(1), list[str]()
        tasks = [asyncio.create_task(request(slots, namespace, ended)) for namespace in "abcd"]
        await asyncio.sleep(0.5)
        tasks[1].cancel()
        await asyncio.sleep(0)
        slots.limit = 8
        await asyncio.wait(tasks)
        assert (ended, now()) == (["a", "c", "d"], 2)
        slots.limit = 1
        await asyncio.gather(*(request(slots, "e", ended) for _ in range(3)))
        assert now() == 5

    run(story())


def test_a_turn_that_comes_with_the_cancellation_goes_to_the_next() -> None:
    async def story() -> None:
        slots, ended = FairSemaphore(1), list[str]()
        first, second, third = (asyncio.create_task(request(slots, namespace, ended)) for namespace in "abc")
        first.add_done_callback(lambda _: second.cancel())
        await asyncio.wait([first, second, third])
        assert ended[0] == "a"
        assert ended[-1] == "c"
        await request(slots, "d", ended)
        assert ended[-1] == "d"

    run(story())


def test_a_path_says_which_namespace_it_is_about() -> None:
    assert namespace_of(CONFIG_MAP.path("prod", "settings")) == "prod"
    assert namespace_of(STACK.path("prod", "shop", "status")) == "prod"
    assert namespace_of("/api/v1/nodes") == ""
