"""What has to change so that a stack becomes its plan: one list, which the operator executes and ``diff`` prints."""

from collections.abc import Iterator
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.changes import Change, change_of
from ailtire_operator.cluster.kinds import Manifest, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.reconcile import changes
from ailtire_operator.reconcile.pruning import PruneGate, held_back
from support.fake_cluster.records import change, put
from support.fake_cluster.world import World

WEB = {"image": "web:1", "user": "1000", "ports": {"http": {"port": 80}}}
SERVICE = Ref("Service", "prod", "shop-web")
DEPLOYMENT = Ref("Deployment", "prod", "shop-web")


@pytest.fixture
def world() -> World:
    return World()


def listed(world: World, record: Record, held: tuple[str, ...] = ()) -> list[Change]:
    """The whole list for a stack, in the order in which it is executed."""
    planned = world.planner.plan(record, world.definitions.stack(record))
    present = list(world.store.owned_by("prod", record.uid))
    room = changes.room(planned.plan, planned.manifests.keys(), present, held)
    objects = changes.planned_objects(
        planned.manifests,
        world.store.get,
        record.uid,
        settled=lambda ref: world.cluster.in_sync(planned.manifests[ref]),
        held=held_back(planned.manifests, present, held).refs,
    )
    waiting = {each.ref: each for each in changes.kept_by(planned.manifests, room, world.store.get)}
    objects = (waiting.get(each.ref, each) for each in objects)
    outcomes = PruneGate(whole=True, failed=0)
    return [*room, *objects, *changes.unwanted(planned.plan, planned.manifests, present, outcomes, settled=True)]


def told(found: list[Change]) -> Iterator[str]:
    return (f"{each.action} {each.ref}" for each in found if not each.is_none)


def rested(world: World, spec: dict[str, Any]) -> Record:
    """A stack that the operator has brought to its plan."""
    record = world.write(spec)
    for _ in range(3):
        world.execute(record)
        world.roll_out()
    return record


def test_everything_is_new_and_then_nothing_is_left_to_do(world: World) -> None:
    record = world.write({"services": {"web": WEB}})
    assert {each.action for each in listed(world, record)} == {"create"}
    assert not list(told(listed(world, rested(world, {"services": {"web": WEB}}))))


SPECS: list[dict[str, Any]] = [
    {"services": {"web": {**WEB, "image": "web:2"}}},
    {"services": {"web": WEB, "db": {"image": "db:1"}}},
    {"services": {"db": {"image": "db:1"}}},
    {"services": {"web": {"type": "stack", "stack": {"services": {"x": WEB}}}}},
    {"services": {"web": {**WEB, "policies": {"scaling": {"min": 1, "max": 3, "cpu": 50}}}}},
    {
        "services": {"web": {**WEB, "volumes": {"d": {"source": "d", "target": "/d"}}}},
        "data": {"d": {"perReplica": True}},
    },
]


@pytest.mark.parametrize("spec", SPECS)
def test_the_operator_does_what_is_listed_until_nothing_is(world: World, spec: dict[str, Any]) -> None:
    rested(world, {"services": {"web": WEB}})
    record = world.write(spec)
    before = {each.split(" ", 1)[1] for each in told(listed(world, record))}
    done = set[str]()
    for _ in range(3):
        world.execute(record)
        done |= {
            " ".join(each.split(" ")[-2:])
            for each in world.cluster.journal
            if each.split(" ")[0] in ("apply", "delete")
        }
        world.roll_out()
    assert before
    # What makes room is deleted on the way, and is then made anew under its name.
    assert done == before
    assert not list(told(listed(world, record)))


def test_a_count_is_handed_over_where_an_autoscaler_is_about_to_take_it(world: World) -> None:
    rested(world, {"services": {"web": {**WEB, "deploy": {"replicas": 4}}}})
    scaled = {"services": {"web": {**WEB, "policies": {"scaling": {"min": 1, "max": 9, "cpu": 50}}}}}
    record = world.write(scaled)
    found = {each.ref: each for each in listed(world, record)}
    assert (found[DEPLOYMENT].action, found[DEPLOYMENT].replicas, found[DEPLOYMENT].autoscaled) == ("update", 4, False)
    assert found[Ref("HorizontalPodAutoscaler", "prod", "shop-web")].action == "create"
    world.execute(record)
    again = world.write({"services": {"web": {**scaled["services"]["web"], "image": "web:2"}}})
    changed = {each.ref: each for each in listed(world, again)}[DEPLOYMENT]
    assert (changed.action, changed.replicas, changed.autoscaled) == ("update", None, True)


def test_what_waits_is_held_and_what_is_somebody_elses_is_foreign(world: World) -> None:
    put(world.store, "Service", "shop-web", uid="by-hand")
    record = world.write({"services": {"web": WEB, "db": {"image": "db:1", "dependsOn": {"web": {}}}}})
    found = {each.ref: each.action for each in listed(world, record, held=("db",))}
    assert found[SERVICE] == "foreign"
    assert found[Ref("Deployment", "prod", "shop-db")] == "held"
    assert found[DEPLOYMENT] == "create"


def test_what_makes_room_goes_first_and_what_takes_its_place_waits_for_it(world: World) -> None:
    rested(world, {"services": {"web": WEB}})
    record = world.write(SPECS[3])
    found = list(told(listed(world, record)))
    assert found[:2] == ["delete Service shop-web", "delete Deployment shop-web"] or found[:2] == [
        "delete Deployment shop-web",
        "delete Service shop-web",
    ]
    live = world.store.get(DEPLOYMENT)
    assert live is not None
    change(world.store, live, deleting=True, finalizers=("x/y",))
    waiting = {each.ref: each for each in listed(world, record)}[Ref(naming.KIND, "prod", "shop-web")]
    assert (waiting.action, waiting.why) == ("held", "waits for Deployment shop-web to go: finalizer x/y")


def test_each_object_is_decided_about_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    record = rested(world, SPECS[3])
    decided: list[Ref] = []

    def counted(manifest: Manifest, *rest: Any, **options: Any) -> Change:
        decided.append(Ref.of(manifest))
        return change_of(manifest, *rest, **options)

    monkeypatch.setattr(changes, "change_of", counted)
    world.execute(record)
    assert sorted(decided) == sorted(world.planner.plan(record, world.definitions.stack(record)).manifests)


def manifest(*owners: str, **spec: Any) -> Manifest:
    """A Service as it is planned: ``owners`` are the uids of its ownerReferences."""
    metadata = {"name": "shop-web", "namespace": "prod", "ownerReferences": [{"uid": uid} for uid in owners]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize(
    ("wanted", "live", "settled", "action"),
    [
        ({"clusterIP": "None"}, {"owner": True}, False, "replace"),
        ({}, {"owner": True}, False, "update"),
        ({}, {"owner": True}, True, "none"),
        ({}, {"owner": True, "deleting": True}, True, "leaving"),
        ({}, {}, True, "foreign"),
        ({}, None, False, "create"),
    ],
)
def test_one_object(wanted: dict[str, Any], live: dict[str, Any] | None, settled: bool, action: str) -> None:
    store = Store()
    shop = put(store, naming.KIND, "shop")
    record = None
    if live is not None:
        owner = shop if live.get("owner") else None
        record = put(store, "Service", "shop-web", owner=owner, deleting=live.get("deleting", False))
    assert change_of(manifest(shop.uid, **wanted), record, shop.uid, settled=settled).action == action


def test_what_a_stack_is_to_own_no_longer_is_let_go_of_though_all_else_is_as_planned() -> None:
    store = Store()
    shop = put(store, naming.KIND, "shop")
    record = put(store, "Service", "shop-web", owner=shop)
    assert change_of(manifest(), record, shop.uid, settled=True).action == "update"


def test_what_others_added_to_a_child_is_taken_away_though_all_else_is_as_planned(world: World) -> None:
    record = rested(world, SPECS[3])
    child = world.store.get(Ref(naming.KIND, "prod", "shop-web"))
    assert child is not None
    child.summary = {**child.summary, "spec": {**child.summary["spec"], "images": {"a": "b"}}}
    found = [each for each in listed(world, record) if not each.is_none]
    assert [(each.ref, each.action, each.extra) for each in found] == [(child.ref, "none", ("/images",))]
