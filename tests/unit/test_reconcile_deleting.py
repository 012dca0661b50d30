"""Objects that are deleted and do not go: told by the status, waited for by nobody, made anew once they are gone."""

from typing import Any

import pytest

from ailtire_operator.cluster.kinds import KINDS, Ref
from ailtire_operator.cluster.store import Record
from ailtire_operator.reconcile.queue import Outcome
from support.fake_cluster.records import change, put, reference_to
from support.fake_cluster.world import World

FINALIZER = "example.com/hold"


def spec(**services: Any) -> dict[str, Any]:
    plain = {"image": "x:1", "user": "1000", "ports": {"p": {"port": 1}}}
    return {"services": {key: fields if "type" in fields else plain | fields for key, fields in services.items()}}


def stack(**services: Any) -> dict[str, Any]:
    return {"type": "stack", "stack": {"services": services}}


def world_of(definition: dict[str, Any]) -> World:
    world = World()
    world.write(definition)
    settle(world)
    return world


def reconcile_once(world: World, *, retry_refused: bool = True) -> Outcome:
    """After a while, so that the status says all there is to say."""
    world.time += 10
    return world.reconcile(retry_refused=retry_refused)


def settle(world: World) -> None:
    reconcile_once(world)
    world.roll_out()
    reconcile_once(world)


def ready(world: World) -> tuple[str, str, str]:
    (found,) = [each for each in world.status()["conditions"] if each["type"] == "Ready"]
    return found["status"], found["reason"], found["message"]


def waits(world: World) -> str | None:
    found = [each["message"] for each in world.status()["conditions"] if each["type"] == "WaitingForDeletion"]
    return found[0] if found else None


def hold(world: World, ref: Ref) -> str:
    world.cluster.finalizers[str(ref)] = FINALIZER
    return f"waits for {ref} to go: finalizer {FINALIZER}"


def test_a_removed_service_that_is_held_keeps_the_stack_from_being_ready() -> None:
    world = world_of(spec(web={}, old={}))
    assert ready(world)[0] == "True"
    ref = Ref("Deployment", "prod", "shop-old")
    told = hold(world, ref)
    world.write(spec(web={}))
    assert reconcile_once(world) is Outcome.DONE, "the watch tells when it has gone"
    assert ready(world) == ("False", "Deleting", f"stack: {told}")
    assert world.conditions()["Reconciling"] == ("True", "Deleting")
    assert waits(world) == told
    assert world.cluster.journal.count("event WaitingForDeletion AiltireStack shop") == 1
    reconcile_once(world)
    assert world.cluster.journal == [], "nothing is asked for again"
    world.cluster.let_go(ref)
    reconcile_once(world)
    assert (ready(world)[0], waits(world)) == ("True", None)


@pytest.mark.parametrize("kind", ["Service", "Deployment"])
def test_whatever_is_held_holds_nothing_else_back(kind: str) -> None:
    """A service is edited, a child is new, and an autoscaler too, while an object of another service does not go."""
    world = world_of(spec(web={}, stuck={}))
    ref = Ref(kind, "prod", "shop-stuck")
    live = world.store.get(ref)
    assert live is not None
    told = hold(world, ref)
    put_deleting(world, live)
    scaled = {"image": "x:2", "policies": {"scaling": {"min": 2, "max": 9, "memory": 50}}}
    resources = {"deploy": {"resources": {"reservations": {"cpu": "1", "memory": "1Mi"}}}}
    record = world.write(spec(web={**scaled, **resources}, stuck={"image": "x:2"}, new=stack()))
    reconcile_once(world)
    done = set(world.cluster.journal)
    assert {
        "apply Deployment shop-web",
        "apply HorizontalPodAutoscaler shop-web",
        "apply AiltireStack shop-new",
    } <= done
    assert world.status()["observedGeneration"] == record.generation
    assert waits(world) == told
    world.cluster.let_go(ref)
    reconcile_once(world, retry_refused=False)
    assert f"apply {ref}" in world.cluster.journal, "its going is enough of a reason"


def put_deleting(world: World, record: Record) -> None:
    change(world.store, record, deleting=True, finalizers=(FINALIZER,))


def test_who_takes_the_place_of_what_does_not_go_is_not_started() -> None:
    world = world_of(spec(db={}))
    ref = Ref("Deployment", "prod", "shop-db")
    told = hold(world, ref)
    volume = {"volumes": {"data": {"source": "records", "target": "/data"}}}
    world.write({**spec(db=volume), "data": {"records": {"perReplica": True}}})
    for _ in range(3):
        reconcile_once(world)
        assert "apply StatefulSet shop-db" not in world.cluster.journal
    assert told in world.status()["services"]["db"]["message"]
    assert waits(world) == told
    world.cluster.let_go(ref)
    reconcile_once(world, retry_refused=False)
    assert "apply StatefulSet shop-db" in world.cluster.journal


def test_a_child_that_becomes_a_service_goes_first() -> None:
    world = world_of(spec(a=stack()))
    ref = Ref("AiltireStack", "prod", "shop-a")
    told = hold(world, ref)
    world.write(spec(a={}))
    reconcile_once(world)
    assert "apply Deployment shop-a" not in world.cluster.journal
    assert told in ready(world)[2]
    world.cluster.let_go(ref)
    reconcile_once(world, retry_refused=False)
    assert "apply Deployment shop-a" in world.cluster.journal


def test_a_removed_child_that_is_held_is_named() -> None:
    world = world_of(spec(web={}, a=stack()))
    told = hold(world, Ref("AiltireStack", "prod", "shop-a"))
    world.write(spec(web={}))
    reconcile_once(world)
    assert ready(world) == ("False", "Deleting", f"stack: {told}")


def test_a_child_that_is_deleted_by_hand_says_what_holds_it() -> None:
    world = world_of(spec(a=stack()))
    ref = Ref("AiltireStack", "prod", "shop-a")
    live = world.store.get(ref)
    assert live is not None
    put_deleting(world, live)
    reconcile_once(world)
    assert f"waits for {ref} to go: finalizer {FINALIZER}" in ready(world)[2]
    assert "a: " in ready(world)[2]


@pytest.mark.parametrize("retain", [True, False])
def test_a_volume_that_is_deleted_while_it_is_in_use(retain: bool) -> None:
    world = world_of(
        {
            **spec(web={"volumes": {"data": {"source": "uploads", "target": "/data"}}}),
            "data": {"uploads": {"retain": retain, "mode": "ReadWriteMany"}},
        }
    )
    (claim,) = world.store.of_kind("PersistentVolumeClaim")
    assert (claim.owner_uid is None) is retain
    put_deleting(world, claim)
    reconcile_once(world)
    assert ready(world)[0] == "False"
    assert waits(world) == f"waits for {claim.ref} to go: finalizer {FINALIZER}"


def test_what_a_removed_child_has_left_is_told_by_the_root() -> None:
    world = world_of(spec(web={}))
    labels = {"ailtire.io/root": "shop", "ailtire.io/stack": "shop-a"}
    references = [reference_to("shop-a", "gone")]
    left = put(world.store, "Deployment", "shop-a-x", labels=labels, references=references)
    reconcile_once(world)
    assert ready(world)[0] == "True", "it may be about to go"
    put_deleting(world, left)
    reconcile_once(world)
    assert waits(world) == f"waits for Deployment shop-a-x to go: finalizer {FINALIZER}"


def test_what_is_of_others_is_their_affair() -> None:
    world = world_of(spec(web={}, b=stack()))
    other = world.store.get(Ref("AiltireStack", "prod", "shop-b"))
    assert other is not None
    foreign = [
        put(world.store, "Deployment", "of-nobody", labels={"ailtire.io/root": "shop"}),
        put(world.store, "Deployment", "of-a-child", labels={"ailtire.io/root": "shop"}, owner=other),
        put(world.store, "PersistentVolumeClaim", "elsewhere", labels={"ailtire.io/root": "shop"}),
        put(world.store, "Pod", "of-another-stack", labels={"ailtire.io/root": "shop", "ailtire.io/stack": "x"}),
    ]
    for each in foreign:
        put_deleting(world, each)
    reconcile_once(world)
    assert waits(world) is None


def test_a_pod_ends_in_its_own_time_unless_a_finalizer_holds_it() -> None:
    world = world_of(spec(web={}))
    pod = put(world.store, "Pod", "shop-web-1", labels={"ailtire.io/stack": "shop"}, status={"phase": "Running"})
    pod = change(world.store, pod, deleting=True)
    reconcile_once(world)
    assert waits(world) is None
    change(world.store, pod, finalizers=(FINALIZER,))
    reconcile_once(world)
    assert waits(world) == f"waits for Pod shop-web-1 to go: finalizer {FINALIZER}"
    assert ready(world)[0] == "False"


def test_several_are_named_and_so_are_all_their_finalizers() -> None:
    world = world_of(spec(web={}, old={}))
    for kind in ("Deployment", "Service"):
        world.cluster.finalizers[f"{kind} shop-old"] = FINALIZER
    world.write(spec(web={}))
    reconcile_once(world)
    found = waits(world)
    assert found is not None
    assert found.count("waits for") == 2
    for kind in ("Deployment", "Service"):
        record = world.store.get(Ref(kind, "prod", "shop-old"))
        assert record is not None
        change(world.store, record, finalizers=("a", "b"))
    reconcile_once(world)
    reconcile_once(world)
    assert "waits for Deployment shop-old to go: finalizers a, b" in str(waits(world))


def test_every_kind_that_is_owned_is_told_of() -> None:
    for kind in KINDS:
        if kind in ("Pod", "Event", "Lease"):
            continue
        world = world_of(spec(web={}))
        root = world.store.get(Ref("AiltireStack", "prod", "shop"))
        assert root is not None
        put_deleting(world, put(world.store, kind, "shop-left", owner=root))
        reconcile_once(world)
        assert waits(world) == f"waits for {kind} shop-left to go: finalizer {FINALIZER}", kind
