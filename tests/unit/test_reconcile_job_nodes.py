"""Nodes are looked at where a stack has a job for each of them: in time for it, and no more often than need be."""

import asyncio
from typing import Any

import pytest

from ailtire_operator.cluster.errors import ClusterError, Unavailable
from ailtire_operator.plan.types import Node
from ailtire_operator.reconcile.plan_inputs import JobNodes
from support.definitions.stacks import open_nodes, stack
from support.fake_cluster.world import World

WEB: dict[str, Any] = {"image": "x:1", "user": "1000"}
ONCE: dict[str, Any] = {**WEB, "deploy": {"mode": "globalJob"}}
JOB = stack({"services": {"once": ONCE}})


@pytest.fixture
def world() -> World:
    return World()


def jobs(world: World) -> list[int]:
    """How often each Job that was written runs."""
    return sorted(each["spec"]["completions"] for ref, each in world.cluster.manifests.items() if ref.kind == "Job")


def test_without_such_a_job_nobody_asks(world: World) -> None:
    world.write({"services": {"web": WEB, "once": {**WEB, "deploy": {"mode": "replicatedJob", "replicas": 2}}}})
    world.reconcile()
    assert (jobs(world), world.looks_at_nodes) == ([2], 0)


def test_a_job_that_appears_later_has_its_count_at_once(world: World) -> None:
    world.nodes = open_nodes(3)
    world.write({"services": {"web": WEB}})
    world.reconcile()
    world.write({"services": {"web": WEB, "once": ONCE}})
    world.reconcile()
    assert (jobs(world), world.looks_at_nodes) == ([3], 1)


def test_a_job_that_is_there_keeps_its_number_and_a_new_one_has_the_new(world: World) -> None:
    world.nodes = open_nodes(3)
    world.write({"services": {"once": ONCE}})
    world.reconcile()
    world.nodes = open_nodes(5)
    world.time += 3600
    world.reconcile()
    assert jobs(world) == [3]
    world.write({"services": {"once": {**ONCE, "image": "x:2"}}})
    world.reconcile()
    assert jobs(world) == [3, 5]


async def test_many_stacks_ask_once() -> None:
    asked, time = 0, 100.0

    async def reconcile_once() -> tuple[Node, ...]:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return open_nodes(4)

    nodes = JobNodes(reconcile_once, lambda: time)
    await asyncio.gather(*(nodes.refresh(JOB) for _ in range(50)))
    assert (asked, nodes.known) == (1, open_nodes(4))
    time += 60
    await nodes.refresh(JOB)
    assert asked == 2


async def test_no_answer_is_no_count_and_is_asked_for_again() -> None:
    answers: list[tuple[Node, ...] | ClusterError] = [Unavailable("later"), open_nodes(2)]

    async def reconcile_once() -> tuple[Node, ...]:
        if isinstance(answer := answers.pop(0), ClusterError):
            raise answer
        return answer

    nodes = JobNodes(reconcile_once, lambda: 100.0)
    with pytest.raises(Unavailable):
        await nodes.refresh(JOB)
    await nodes.refresh(JOB)
    assert nodes.known == open_nodes(2)
