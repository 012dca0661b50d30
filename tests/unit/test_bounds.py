"""What a definition may hold is counted before anything is made of it, and what was refused is not looked at again."""

import asyncio
from typing import Any

import pytest

from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.model import bounds
from ailtire_operator.model.loading import parse_spec
from ailtire_operator.model.problems import PROBLEM_LIMIT, FieldError, InvalidStack
from ailtire_operator.plan import build
from ailtire_operator.reconcile import planner
from ailtire_operator.reconcile.queue import Outcome
from support.checks import costs
from support.fake_cluster.records import stack as put_stack
from support.fake_cluster.world import World

Json = dict[str, Any]
WEB: Json = {"image": "x:1", "user": "1000"}


def services(count: int, **fields: Any) -> Json:
    return {"services": {f"s{number}": {**WEB, **fields} for number in range(count)}}


def nested(levels: int, below: Json) -> Json:
    for _ in range(levels):
        below = {"services": {"k": {"type": "stack", "stack": below}}}
    return below


TOO_MUCH: dict[str, tuple[Json, str]] = {
    "unknown keys": (services(1, **{f"u{number}": 1 for number in range(100_000)}), "more than 50,000 values"),
    "unknown keys below": (nested(3, {f"u{number}": 1 for number in range(100_000)}), "more than 50,000 values"),
    "variables": (services(500, environment={f"E{number}": "" for number in range(200)}), "more than 50,000 values"),
    "routes": (services(94, interface={f"/{number}": {} for number in range(64)}), "6016 routes exceed"),
    "text": (services(60, environment={"A": "x" * 32_000}), "more than 1,200,000 characters"),
    "a list": ({"imagePullSecrets": ["a"] * 400_000}, "more than 50,000 values"),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_is_too_much_is_refused_sooner_than_it_could_be_read(name: str) -> None:
    spec, message = TOO_MUCH[name]
    costs.check(lambda: refused(spec, message), loops=20)


def test_of_many_problems_some_are_told_and_the_others_counted() -> None:
    spec = services(400, labels={f"u{number}": 1 for number in range(50)})
    costs.check(lambda: refused(spec), loops=60)
    problems = refused(spec)
    assert len(problems) == PROBLEM_LIMIT + 1
    assert str(problems[-1]) == "spec: not listed: 19,900 more problems"


def test_many_unknown_keys_are_one_problem() -> None:
    spec = services(400, **{f"u{number}": 1 for number in range(100)})
    costs.check(lambda: refused(spec), loops=20)
    assert str(refused(spec)[0]).startswith("spec.services.s0: 100 unknown fields: 'u0', 'u1', ")
    assert [str(each) for each in refused(services(1, u0=1, u1=2))] == [
        "spec.services.s0.u0: unknown field",
        "spec.services.s0.u1: unknown field",
    ]


def refused(spec: Json, message: str = ".") -> list[FieldError]:
    with pytest.raises(InvalidStack, match=message) as error:
        parse_spec(spec)
    return error.value.problems


def test_counting_ends_where_the_limit_is() -> None:
    assert bounds.count({"a": [1, {"b": "cd"}], "e": None}) == bounds.Size(5, 6)
    assert bounds.count([0] * 1000, limit=10).values == 1000
    assert bounds.count([[0] * 1000] * 1000, limit=1500).values == 2000


def test_several_hundred_containers_fit() -> None:
    """A large application in one file: each service with twenty variables, ports, files, checks and resources."""
    spec = services(
        500,
        environment={f"VARIABLE_{number}": "a value of some length" for number in range(20)},
        ports={"http": {"port": 8080}, "metrics": {"port": 9090}},
        healthcheck={"http": "/health", "port": 8080, "interval": "10s", "retries": 3},
        deploy={"replicas": 2, "resources": {"limits": {"cpu": "1", "memory": "256Mi"}}},
        volumes={"scratch": {"target": "/scratch"}, "cache": {"target": "/cache"}},
        labels={"team": "blue"},
    )
    assert parse_spec(spec).size.values < bounds.VALUE_LIMIT / 2


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stacks that were planned."""
    made: list[str] = []
    real = build.plan

    def counted(stack: Any, *rest: Any) -> Any:
        made.append(stack.name)
        return real(stack, *rest)

    monkeypatch.setattr(planner, "plan", counted)
    return made


REFUSED = services(1, stopSignal="SIGNONSENSE")


def test_a_refusal_is_remembered(world: World, plans: list[str]) -> None:
    world.write(REFUSED)
    for _ in range(3):
        world.reconcile()
        assert world.conditions()["Stalled"] == ("True", "InvalidSpec")
    assert plans == ["shop"]


def test_a_remembered_refusal_does_not_grow(world: World) -> None:
    """Python adds to the traceback of an error each time that it is raised."""
    for spec in (REFUSED, services(1, nonsense=1)):
        world.write(spec)
        for _ in range(5):
            world.reconcile()
        record = world.store.get(Ref("AiltireStack", "prod", "shop"))
        assert record is not None
        with pytest.raises(InvalidStack) as error:
            world.planner.plan(record, world.definitions.stack(record))
        assert len(error.traceback) < 6


def test_until_something_changes_that_it_was_made_from(world: World, plans: list[str]) -> None:
    world.write(REFUSED)
    world.reconcile()
    put_stack(world.store, "t", {"templateOnly": True}, generation=1)
    world.reconcile()
    assert plans == ["shop"] * 2
    world.write(services(1))
    world.reconcile()
    assert world.conditions()["Reconciling"] == ("True", "Progressing")


def test_a_large_plan_is_made_while_others_are_served(world: World, plans: list[str]) -> None:
    spec = services(300)
    record = world.write(spec)
    definition = world.definitions.stack(record)

    async def reconcile_once() -> int:
        """How often others had their turn meanwhile."""
        turns = 0
        work = asyncio.create_task(world.planner.prepare(record, definition))
        while not work.done():
            await asyncio.sleep(0)
            turns += 1
        return turns

    turns = asyncio.run(reconcile_once())
    assert turns > 5, "the loop turns while the plan is made"
    assert world.planner.plan(record, definition).plan.services
    assert plans == ["shop"]


def test_who_has_outgrown_what_was_counted_waits_before_it_says_so(world: World) -> None:
    """A template has just grown: the stacks above are about to count again, and their children need say nothing."""
    put_stack(world.store, "t", {"templateOnly": True, **services(1)}, generation=1)
    world.write(
        {
            "services": {
                "a": {"type": "stack", "stack": {"services": {"b": {"type": "stack", "stackRef": {"name": "t"}}}}}
            }
        }
    )
    world.reconcile()
    assert world.reconcile("shop-a") is Outcome.DONE
    put_stack(world.store, "t", {"templateOnly": True, **services(30)}, generation=2)
    assert world.reconcile("shop-a") is Outcome.BUSY
    world.failures = 3
    assert world.reconcile("shop-a") is Outcome.DONE
    assert world.conditions("shop-a")["Stalled"] == ("True", "InvalidSpec")
    world.reconcile()
    assert world.reconcile("shop-a") is Outcome.DONE
    assert "Stalled" not in world.conditions("shop-a")
