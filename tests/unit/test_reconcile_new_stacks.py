"""A new stack has a status soon, whoever is looked at before it; one that is looked at in time costs no write more."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ailtire_operator.cluster.errors import Conflict, Denied
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.reconcile.new_stacks import GRACE, NewStacks
from support.fake_cluster.records import put, stack
from support.fake_cluster.virtual_time import now, run
from support.fake_cluster.world import World


def story_of(events: Callable[[Store, list[tuple[float, str]]], Awaitable[None]], *errors: Exception) -> list[str]:
    """Let things happen to a store, and return who was given a first status, and when."""

    async def story() -> list[str]:
        store, told, wrong = Store(), list[tuple[float, str]](), list(errors)

        async def acknowledge(record: Record) -> None:
            told.append((now(), record.ref.name))
            if wrong:
                raise wrong.pop(0)
            stack(store, record.ref.name, uid=record.uid, status={"observedGeneration": 1})

        newcomers = asyncio.create_task(NewStacks(store, acknowledge, now).run())
        await events(store, told)
        newcomers.cancel()
        await asyncio.wait([newcomers])
        assert newcomers.cancelled()
        return [f"{name} {when:.1f}" for when, name in told]

    return run(story())


def test_each_new_stack_gets_a_status_when_its_time_has_come() -> None:
    async def events(store: Store, told: list[tuple[float, str]]) -> None:
        await asyncio.sleep(1)
        for number in range(3):
            stack(store, f"shop{number}")
            put(store, "ConfigMap", f"c{number}")
            await asyncio.sleep(10)

    assert story_of(events) == [f"shop{number} {1 + 10 * number + GRACE:.1f}" for number in range(3)]


def test_who_has_a_status_or_is_gone_gets_none() -> None:
    async def events(store: Store, told: list[tuple[float, str]]) -> None:
        stack(store, "old", status={"observedGeneration": 1})
        stack(store, "quick")
        gone = stack(store, "gone")
        stack(store, "leaving", deleting=True)
        await asyncio.sleep(1)
        stack(store, "quick", status={"observedGeneration": 1})
        store.remove(gone.ref, gone.uid)
        await asyncio.sleep(60)

    assert story_of(events) == []


def test_where_somebody_was_faster_it_is_tried_again_and_what_is_refused_is_not() -> None:
    async def events(store: Store, told: list[tuple[float, str]]) -> None:
        stack(store, "shop")
        await asyncio.sleep(60)

    assert story_of(events, Conflict("moved")) == ["shop 1.5", "shop 3.5"]
    assert story_of(events, Denied("no")) == ["shop 1.5"]


def test_a_mistake_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def events(store: Store, told: list[tuple[float, str]]) -> None:
        stack(store, "bad")
        await asyncio.sleep(5)
        stack(store, "good")
        await asyncio.sleep(5)

    assert story_of(events, RuntimeError("broken")) == ["bad 1.5", "good 6.5"]
    assert "the first status of prod/bad" in caplog.text


def test_the_first_status_says_that_work_is_under_way_and_the_first_look_says_more() -> None:
    world = World()
    record = world.write({"services": {"web": {"image": "nginx:1"}}})
    asyncio.run(world.reconciler.acknowledge(record))
    assert world.conditions() == {"Ready": ("False", "Progressing"), "Reconciling": ("True", "Progressing")}
    assert world.status()["observedGeneration"] == record.generation
    world.reconcile()
    assert "status AiltireStack shop" not in world.cluster.journal  # it is under way still: that can wait
    world.roll_out()
    world.reconcile()
    assert world.conditions()["Ready"] == ("True", "Ready")
    assert world.conditions()["Translated"][0] == "True"
