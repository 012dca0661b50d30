"""Nodes are looked at where a stack has a job for each of them: in time for it, and no more often than need be."""

import asyncio
from typing import Any

import pytest

from ailtire_operator.model.loading import parse_stack
from ailtire_operator.plan.types import Node
from ailtire_operator.reconcile.nodes import Nodes
from stacks import open_nodes
from worlds import World

WEB: dict[str, Any] = {"image": "x:1", "user": "1000"}
ONCE: dict[str, Any] = {**WEB, "deploy": {"mode": "globalJob"}}


@pytest.fixture
def world() -> World:
    return World()


def jobs(world: World) -> list[int]:
    """How often each Job that was written runs."""
    return sorted(each["spec"]["completions"] for ref, each in world.cluster.manifests.items() if ref.kind == "Job")


def test_without_such_a_job_nobody_asks(world: World) -> None:
    world.write({"services": {"web": WEB, "once": {**WEB, "deploy": {"mode": "replicatedJob", "replicas": 2}}}})
    world.look()
    assert (jobs(world), world.looks_at_nodes) == ([2], 0)


def test_a_job_that_appears_later_has_its_count_at_once(world: World) -> None:
    world.nodes = open_nodes(3)
    world.write({"services": {"web": WEB}})
    world.look()
    world.write({"services": {"web": WEB, "once": ONCE}})
    world.look()
    assert (jobs(world), world.looks_at_nodes) == ([3], 1)


def test_a_job_that_is_there_keeps_its_number_and_a_new_one_has_the_new(world: World) -> None:
    world.nodes = open_nodes(3)
    world.write({"services": {"once": ONCE}})
    world.look()
    world.nodes = open_nodes(5)
    world.time += 3600
    world.look()
    assert jobs(world) == [3]
    world.write({"services": {"once": {**ONCE, "image": "x:2"}}})
    world.look()
    assert jobs(world) == [3, 5]


async def test_many_stacks_ask_once() -> None:
    asked: list[int] = []
    time = 100.0
    job = parse_stack({"metadata": {"name": "a"}, "spec": {"services": {"once": ONCE}}})

    async def look(known: tuple[Node, ...]) -> tuple[Node, ...]:
        asked.append(len(known))
        await asyncio.sleep(0)
        return open_nodes(4)

    nodes = Nodes(look, lambda: time)
    await asyncio.gather(*(nodes.look_for(job) for _ in range(50)))
    assert (asked, nodes.known) == ([0], open_nodes(4))
    time += 60
    await nodes.look_for(job)
    assert asked == [0, 4]
