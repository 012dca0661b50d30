"""What a stack remembers of the rollouts that it has caused: in its status once, whatever comes between."""

from dataclasses import replace
from typing import Any

import pytest

from ailtire_operator.cluster.apply_result import ApplyResult
from ailtire_operator.cluster.drift import FieldChange
from ailtire_operator.cluster.errors import Unavailable
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.managed_fields import spec_author
from ailtire_operator.cluster.template_changes import TemplateChange
from ailtire_operator.model.limits import FIELD_LIMIT, ROLLOUT_LIMIT
from ailtire_operator.model.status import RolloutStatus
from ailtire_operator.reconcile.rollouts import EVENTS, messages, remembered, rollouts
from support.fake_cluster.world import World

SPEC: dict[str, Any] = {"services": {"web": {"image": "x:1", "user": "1000"}}}
CHANGE = TemplateChange("containers[web].image", "image", "x:1", "x:2")


@pytest.fixture
def world() -> World:
    world = World()
    apply = world.cluster.apply

    async def rolling(manifest: Any, *arguments: Any, **options: Any) -> ApplyResult:
        """Each write of a workload changes its image, as far as the operator can tell."""
        done = await apply(manifest, *arguments, **options)
        return replace(done, rolled=(CHANGE,)) if done.changed and done.ref.kind == "Deployment" else done

    world.cluster.apply = rolling  # type: ignore[method-assign]
    return world


def entry(number: int, **fields: Any) -> RolloutStatus:
    given = {"time": f"2026-01-01T00:00:{number:02}Z", "kind": "Deployment", "name": "shop-web", **fields}
    return RolloutStatus.model_validate(given)


def test_a_rollout_is_in_the_status_once_and_told_once(world: World) -> None:
    world.write(SPEC)
    world.reconcile()
    assert "event Rollout AiltireStack shop" in world.cluster.journal
    world.roll_out()
    world.reconcile()
    (found,) = world.status()["rollouts"]
    assert (found["kind"], found["name"], found["service"], found["rootGeneration"]) == (
        "Deployment", "shop-web", "web", 1,
    )  # fmt: skip
    assert found["changes"] == [{"path": "containers[web].image", "before": "x:1", "after": "x:2", "hidden": False}]
    world.reconcile()
    assert world.cluster.journal == []
    world.write({"services": {"web": {"image": "x:3", "user": "1000"}}, "suspend": True})
    world.reconcile()
    assert world.status()["rollouts"] == [found], "a suspended stack keeps what it remembers"


def test_what_could_not_be_written_into_the_status_is_there_the_next_time(world: World) -> None:
    world.write(SPEC)
    world.reconcile()
    world.roll_out()
    world.cluster.refuses = {"status AiltireStack shop": Unavailable("down")}
    world.reconcile()
    world.cluster.refuses = {}
    world.reconcile()
    assert [each["name"] for each in world.status()["rollouts"]] == ["shop-web"]


def test_the_list_is_bounded_newest_first_and_what_is_no_entry_is_left_out() -> None:
    old = [entry(number).model_dump(mode="json", by_alias=True) for number in range(30, 10, -1)]
    found = remembered([entry(40), entry(30)], {"rollouts": [{"time": 7}, "x", *old]})
    assert [each.time[-3:-1] for each in found] == ["40", "30", "29", "28", "27", "26", "25", "24", "23", "22"]
    assert len(found) == ROLLOUT_LIMIT
    assert remembered([], {"rollouts": "none"}) == []


def test_two_rollouts_of_a_workload_in_one_second_are_two_and_one_that_was_written_is_one() -> None:
    first, second = entry(40), entry(40).model_copy(update={"root_generation": entry(40).root_generation + 1})
    old = {"rollouts": [first.model_dump(mode="json", by_alias=True)]}
    assert remembered([second], old) == [second, first]
    assert remembered([first], old) == [first], "its answer was lost"


def test_a_rollout_back_and_one_that_puts_back_are_told_as_such(world: World) -> None:
    plan = world.execute(world.write(SPEC)).plan
    put_back = (FieldChange("spec.template.spec.containers[name=web].image", ("kubectl-edit",)),)
    many = tuple(TemplateChange(f"containers[web].env[A{number}]", "A", "1", "2") for number in range(20))
    applied = ApplyResult(Ref("Deployment", "prod", "shop-web"), True, None, None, "update", False, 0.0, put_back, many)
    root = world.store.get(Ref("AiltireStack", "prod", "shop"))
    assert root is not None
    (found,) = rollouts([applied], plan, root, "2026-01-01T00:00:00Z")
    assert (found.cause, found.manager) == ("PutBack", "kubectl-edit")
    assert (len(found.changes), found.omitted) == (FIELD_LIMIT, 20 - FIELD_LIMIT)
    assert next(iter(messages([found], "shop"))).endswith("(put back: changed by kubectl-edit)")
    service = plan.services["web"]
    rolled = replace(applied, put_back=())
    held = replace(plan, services={"web": replace(service, held="rollback")})
    (found,) = rollouts([rolled], held, root, "2026-01-01T00:00:00Z")
    assert found.cause == "RolledBack"
    (found,) = rollouts([rolled], plan, root, "2026-01-01T00:00:00Z", went_back=True)
    assert found.cause == "RolledBack"
    (found,) = rollouts([rolled], plan, root, "2026-01-01T00:00:00Z")
    assert found.cause == "Planned"


def test_many_rollouts_at_once_make_few_events() -> None:
    found = list(messages([entry(number, name=f"shop-{number}") for number in range(50)], "shop"))
    assert len(found) == EVENTS
    assert found[-1].startswith("41 more rollouts: Deployment shop-9")


def test_who_changed_the_spec_last_is_neither_the_operator_nor_who_writes_a_status() -> None:
    def written(manager: str, time: str, **more: Any) -> dict[str, Any]:
        return {"manager": manager, "operation": "Apply", "time": time, "fieldsV1": {"f:spec": {}}, **more}

    entries = [
        written("flux", "2026-01-02T00:00:00Z"),
        written("kubectl-edit", "2026-01-01T00:00:00Z"),
        written("ailtire-operator", "2026-01-05T00:00:00Z"),
        written("x", "2026-01-06T00:00:00Z", subresource="status"),
        written("labels", "2026-01-07T00:00:00Z", fieldsV1={"f:metadata": {}}),
    ]
    assert spec_author({"managedFields": entries})[1] == "flux"
    assert spec_author({}) == ("", "")
    assert spec_author({"managedFields": [7]}) == ("", "")
