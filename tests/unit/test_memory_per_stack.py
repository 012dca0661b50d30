"""What a stack costs in memory while it rests: bounds on the store and the plans, held by Python's own accounting.

The whole process is measured by ``make bench-memory``; these find out within a second which change made stacks larger.
"""

import asyncio
import gc
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ailtire_operator.cluster import interning
from ailtire_operator.cluster.kinds import STACK, Ref
from ailtire_operator.reconcile.process import release_free_memory
from bench import tree
from support.fake_cluster import records, virtual_time
from support.fake_cluster.world import World

COUNT = 20
KIB_PER_STACK = 43.0
"""With four services, their pods and a gateway, all there is: measured 38. A plan kept whole is 80 more."""
KIB_PER_PLAN = 3.0
"""Measured 5."""


@contextmanager
def _measured(found: list[float]) -> Iterator[None]:
    """Note how many KiB for each stack are held more at the end than at the begin."""
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        yield
        gc.collect()
        found.append((tracemalloc.get_traced_memory()[0] - before) / 1024 / COUNT)
    finally:
        tracemalloc.stop()


def _stack_of(number: int) -> dict[str, object]:
    """No two have the same definition, as what is shared would hide what one costs."""
    spec = tree.application("bench")["spec"]
    services = {key: value for key, value in spec["services"].items() if value.get("type") != "stack"}
    for key, service in services.items():
        service["environment"]["OWN"] = f"{number}-{key}"
    return {"services": services}


def _create(world: World, count: int = COUNT) -> None:
    for number in range(count):
        name = f"stack-{number}"
        record = world.write(_stack_of(number), name)
        world.execute(record)
        for key in range(tree.SERVICES_PER_STACK):
            records.pod(world.store, name, f"s{key}", f"{name}-s{key}-0", ip=f"10.0.{number}.{key}")
        world.roll_out()
        world.reconcile(name)


def _rest(world: World) -> None:
    """Nobody asks for anything for a while; what the stand-in for the cluster remembers is not the operator's."""
    for _ in range(2):
        world.planner.forget_resting()
        world.definitions.forget_resting()
        interning.forget_resting()
    world.cluster.manifests.clear()
    world.cluster.journal.clear()


def test_a_stack_at_rest_costs_little() -> None:
    _create(World(), 1)  # what is made once, whatever the number of stacks
    world, found = World(), list[float]()
    with _measured(found):
        _create(world)
        _rest(world)
    assert found[0] < KIB_PER_STACK


def test_a_plan_at_rest_is_a_few_bytes_and_the_same_plan() -> None:
    world, found = World(), list[float]()
    _create(world)
    stacks = [world.store.get(Ref(STACK.kind, "prod", f"stack-{number}")) for number in range(COUNT)]
    typed = [(record, world.definitions.stack(record)) for record in stacks if record is not None]
    for record, _ in typed:
        world.planner.forget(record.uid)
    with _measured(found):
        made = [world.planner.plan(record, stack) for record, stack in typed]
        before = [(each.plan, dict(each.manifests)) for each in made[:3]]
        del made
        _rest(world)
    assert found[0] < KIB_PER_PLAN + 3 * 100 / COUNT
    for (record, stack), (plan, manifests) in zip(typed, before, strict=False):
        again = world.planner.plan(record, stack)
        assert again.plan is not plan
        assert (again.plan, dict(again.manifests)) == (plan, manifests)


def test_what_was_in_sync_is_known_after_a_rest() -> None:
    """Else each object would be compared anew whenever something of the stack moves."""
    world = World()
    record = world.write(_stack_of(0))
    world.execute(record)
    stack = world.definitions.stack(record)
    before = dict(world.planner.plan(record, stack).synced)
    _rest(world)
    assert before
    assert world.planner.plan(record, stack).synced == before


def test_an_error_while_memory_is_saved_ends_nothing() -> None:
    """All reconciles run beside it, and would end with it."""
    times: list[float] = []

    def forget() -> None:
        times.append(virtual_time.now())
        raise ValueError("this plan cannot be packed")

    async def story() -> None:
        task = asyncio.create_task(release_free_memory(forget))
        await asyncio.sleep(100)
        assert not task.done()
        task.cancel()

    virtual_time.run(story())
    assert len(times) == 3


def test_a_part_of_a_parents_definition_is_its_childs() -> None:
    child = {"services": {f"s{number}": {"image": f"image-{number}:1", "user": "1000"} for number in range(20)}}
    parent = {"services": {"below": {"type": "stack", "stack": child}, "web": {"image": "web:1"}}}
    held = interning.shared(parent)
    alone = interning.shared({**child, "place": {"parent": "shop"}})
    assert held == parent
    assert alone["services"] is held["services"]["below"]["stack"]["services"]


@pytest.mark.parametrize("values", [{"a": "1"}, {"a": ("1", 2), "b": {"c": True}}])
def test_equal_small_maps_are_held_once(values: dict[str, object]) -> None:
    first, second = interning.shared_map(dict(values)), interning.shared_map(dict(values))
    assert first == values
    assert second is first
    assert interning.shared_map({**values, "z": "9"}) != first
