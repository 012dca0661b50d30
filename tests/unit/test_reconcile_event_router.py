"""Who is looked at when something changes: not one too few, and what a look writes itself wakes nobody for nothing."""

from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.reconcile.event_router import ADDRESS_PAUSE, COALESCE, EventRouter
from ailtire_operator.reconcile.name_conflicts import NameConflicts
from ailtire_operator.reconcile.queue import Priority
from support.fake_cluster.records import child, pod, put, stack

CPL: dict[str, Any] = {"services": {"cpl": {"type": "stack", "stack": {}}}}
DM: dict[str, Any] = {"services": {"dm": {"type": "stack", "stack": {}}}}


class Asked:
    """A queue that only remembers."""

    def __init__(self) -> None:
        self.adds: list[tuple[str, Priority, float]] = []
        self.forgotten: list[str] = []

    def add(self, key: tuple[str, str], priority: Priority, delay: float = 0.0) -> None:
        self.adds.append((key[1], priority, round(delay, 3)))

    def forget(self, key: tuple[str, str]) -> None:
        self.forgotten.append(key[1])

    def drain(self) -> set[str]:
        names = {name for name, _, _ in self.adds}
        self.adds.clear()
        return names


class World:
    """A store with a tree, its wake-ups, and a clock."""

    def __init__(self) -> None:
        self.store, self.asked = Store(), Asked()
        self.wakeups = EventRouter(self.store, self.asked)  # type: ignore[arg-type]
        self.wakeups.synced = True
        self.root = stack(self.store, "shop", CPL)
        self.middle = child(self.store, self.root, "cpl", DM)
        self.leaf = child(self.store, self.middle, "dm")
        self.asked.drain()


@pytest.fixture
def world() -> World:
    return World()


def test_an_edited_stack_is_looked_at_at_once_and_its_parent_undoes_what_was_not_its_doing(world: World) -> None:
    child(world.store, world.root, "cpl", {**DM, "suspend": False}, generation=2)
    assert world.asked.adds == [("shop", Priority.USER, 0), ("shop-cpl", Priority.TREE, 0)]


def test_a_status_wakes_the_parent_after_a_moment(world: World) -> None:
    child(world.store, world.root, "cpl", DM, status={"observedGeneration": 1})
    assert ("shop", Priority.STATUS, COALESCE) in world.asked.adds
    assert all(priority is Priority.STATUS for _, priority, _ in world.asked.adds)


def test_the_first_lists_are_no_news(world: World) -> None:
    world.wakeups.synced = False
    stack(world.store, "other")
    assert world.asked.adds == [("other", Priority.BACKGROUND, 0)]


def test_what_a_look_writes_wakes_others_but_not_itself(world: World) -> None:
    put(world.store, "Deployment", "shop-cpl-web", owner=world.middle, origin=world.middle.uid)
    child(world.store, world.root, "cpl", DM, status={"observedGeneration": 1}, origin=world.middle.uid)
    assert world.asked.drain() == {"shop"}


def test_an_edit_in_the_answer_to_a_status_that_the_stack_has_written_is_news(world: World) -> None:
    stack(world.store, "shop", {**CPL, "suspend": False}, uid=world.root.uid, generation=2, origin=world.root.uid)
    assert ("shop", Priority.USER, 0) in world.asked.adds


def test_objects_wake_their_owner_old_and_new(world: World) -> None:
    put(world.store, "ConfigMap", "x", owner=world.leaf)
    assert world.asked.drain() == {"shop-cpl-dm"}
    put(world.store, "ConfigMap", "x", owner=world.root)
    assert world.asked.drain() == {"shop", "shop-cpl-dm"}


def test_a_retained_volume_wakes_the_stack_that_its_label_names(world: World) -> None:
    put(world.store, "PersistentVolumeClaim", "v", labels={naming.LABEL_STACK: "shop-cpl"})
    assert world.asked.drain() == {"shop-cpl"}


def test_an_address_wakes_those_in_whose_zones_it_stands(world: World) -> None:
    networks = {"place": {"root": "shop", "parent": "shop-cpl", "parentKey": "dm", "networks": {"bus": "shop/bus"}}}
    leaf = stack(world.store, "shop-cpl-dm", networks, owner=world.middle, generation=2)
    world.asked.drain()
    service = put(world.store, "Service", "shop-cpl-dm-db", owner=leaf, spec={"clusterIPs": ["10.0.0.1"]})
    assert {pause for name, _, pause in world.asked.adds if name != "shop-cpl-dm"} == {ADDRESS_PAUSE}
    assert world.asked.drain() == {"shop", "shop-cpl", "shop-cpl-dm"}
    put(world.store, "Service", "shop-cpl-dm-db", owner=leaf, spec={"clusterIPs": ["10.0.0.1"], "type": "ClusterIP"})
    assert world.asked.drain() == {"shop-cpl-dm"}
    world.store.remove(service.ref, service.uid)
    assert world.asked.drain() == {"shop", "shop-cpl", "shop-cpl-dm"}


def test_a_pod_wakes_its_stack_and_where_its_address_stands(world: World) -> None:
    pod(world.store, "shop-cpl", "web", "p", ready=False, ip="10.1.0.1")
    assert world.asked.drain() == {"shop-cpl"}
    pod(world.store, "shop-cpl", "web", "p", ready=True, ip="10.1.0.1")
    assert world.asked.drain() == {"shop", "shop-cpl"}


def test_asking_for_an_adoption_wakes_the_whole_subtree(world: World) -> None:
    stack(world.store, "shop", CPL, annotations={naming.ANNOTATION_ADOPT: "true"})
    assert ("shop", Priority.USER, 0) in world.asked.adds
    assert world.asked.drain() == {"shop", "shop-cpl", "shop-cpl-dm"}
    stack(world.store, "shop", CPL, annotations={naming.ANNOTATION_ADOPT: "true", "note": "x"})
    assert world.asked.drain() <= {"shop"}


def test_suspending_wakes_the_whole_subtree(world: World) -> None:
    stack(world.store, "shop", {**CPL, "suspend": True}, generation=2)
    assert world.asked.drain() == {"shop", "shop-cpl", "shop-cpl-dm"}


def test_a_stack_that_goes_is_forgotten_and_missed_by_its_parent(world: World) -> None:
    world.store.remove(world.middle.ref, world.middle.uid)
    assert world.asked.forgotten == ["shop-cpl"]
    assert world.asked.adds == [("shop", Priority.USER, 0)]


def test_a_template_wakes_all_that_refer_to_it_however_deep(world: World) -> None:
    def refers(name: str) -> dict[str, Any]:
        return {"type": "stack", "stackRef": {"name": name}}

    stack(world.store, "direct", {"services": {"a": refers("tpl")}})
    stack(world.store, "deep", {"services": {"a": {"type": "stack", "stack": {"services": {"b": refers("tpl")}}}}})
    stack(world.store, "outer", {"templateOnly": True, "services": {"a": refers("tpl")}})
    stack(world.store, "indirect", {"services": {"a": refers("outer")}})
    stack(world.store, "elsewhere", {"services": {"a": refers("tpl")}}, namespace="other")
    stack(world.store, "strange", {"services": {"a": {"stackRef": "tpl"}, "b": None}})
    world.asked.drain()
    template = stack(world.store, "tpl", {"templateOnly": True})
    found = {"tpl", "direct", "deep", "outer", "indirect"}
    assert world.asked.drain() == found
    stack(world.store, "tpl", {"templateOnly": True, "services": {"x": {"image": "y"}}}, generation=2)
    assert world.asked.drain() == found
    stack(world.store, "tpl", {"templateOnly": True, "services": {"x": {"image": "y"}}}, generation=2, status={"a": 1})
    assert world.asked.drain() == {"tpl"}
    world.store.remove(template.ref, template.uid)
    assert world.asked.drain() == found - {"tpl"}


def test_a_contested_name_is_told_to_the_one_that_has_it() -> None:
    store, woken = Store(), list[str]()
    name_conflicts = NameConflicts(store, lambda record: woken.append(record.ref.name))
    root, other = stack(store, "shop"), stack(store, "shop-a")
    held = put(store, "Service", "shop-a-b", owner=root)
    foreign: dict[Any, Record | None] = {held.ref: held}
    name_conflicts.update(other, foreign)
    name_conflicts.update(other, foreign)
    assert (woken, name_conflicts.of(root), name_conflicts.of(other)) == (
        ["shop"],
        ["Service shop-a-b (wanted by shop-a)"],
        [],
    )
    name_conflicts.update(other, {})
    assert (woken, name_conflicts.of(root)) == (["shop", "shop"], [])
    name_conflicts.update(other, foreign)
    name_conflicts.forget(other.uid)
    assert name_conflicts.of(root) == []
