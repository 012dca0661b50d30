"""Who may be acted upon: nobody who is leaving, and nobody who gives himself a place."""

from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.store import Store
from ailtire_operator.reconcile.mode import ReconcileMode, adopts, ancestors, mode_of
from support.fake_cluster.records import child, put, reference, stack
from support.fake_cluster.world import World

STACK: dict[str, Any] = {"services": {"cpl": {"type": "stack", "stack": {}}, "web": {"image": "x"}}}


@pytest.fixture
def store() -> Store:
    return Store()


def test_a_root_runs(store: Store) -> None:
    assert mode_of(stack(store, "shop", STACK), store).mode is ReconcileMode.RUN


def test_a_child_in_its_place_runs(store: Store) -> None:
    root = stack(store, "shop", STACK)
    assert mode_of(child(store, root, "cpl"), store).mode is ReconcileMode.RUN


def test_another_controller_may_own_a_root(store: Store) -> None:
    owner = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "name": "x", "uid": "9", "controller": True}
    assert mode_of(stack(store, "shop", STACK, references=[owner]), store).mode is ReconcileMode.RUN


def test_a_stack_that_is_deleted_leaves(store: Store) -> None:
    assert mode_of(stack(store, "shop", STACK, deleting=True), store).mode is ReconcileMode.DELETING


def test_a_child_leaves_with_any_ancestor(store: Store) -> None:
    root = stack(store, "shop", STACK)
    middle = child(store, root, "cpl", {"services": {"dm": {"type": "stack", "stack": {}}}})
    leaf = child(store, middle, "dm")
    assert mode_of(leaf, store).mode is ReconcileMode.RUN
    stack(store, "shop", STACK, deleting=True)
    assert mode_of(middle, store).mode is ReconcileMode.DELETING
    assert mode_of(leaf, store).mode is ReconcileMode.DELETING


def test_a_child_whose_parent_is_gone_is_no_root(store: Store) -> None:
    root = stack(store, "shop", STACK)
    orphan = child(store, root, "cpl")
    store.remove(root.ref, root.uid)
    assert mode_of(orphan, store).mode is ReconcileMode.DELETING
    # Nor does it belong to a stack of the same name with another uid.
    stack(store, "shop", STACK, uid="another")
    assert mode_of(orphan, store).mode is ReconcileMode.DELETING


def test_a_parent_in_another_namespace_is_none(store: Store) -> None:
    root = stack(store, "shop", STACK, namespace="other")
    assert mode_of(child(store, root, "cpl"), store).mode is ReconcileMode.DELETING


@pytest.mark.parametrize(
    ("spec", "owned", "words"),
    [
        ({"place": {"parent": "shop", "parentKey": "cpl"}}, False, "no stack owns"),
        ({}, True, "spec.place is missing"),
        ({"place": {"parent": "shop", "parentKey": "web"}}, True, "'web' of the stack 'shop'"),
        ({"place": {"parent": "shop", "parentKey": "none"}}, True, "has no such stack"),
        ({"place": {"parentKey": ["x"]}}, True, "has no such stack"),
        ({"place": "yes"}, True, "spec.place is missing"),
    ],
)
def test_a_place_that_no_parent_gives_is_not_believed(
    store: Store, spec: dict[str, Any], owned: bool, words: str
) -> None:
    root = stack(store, "shop", STACK)
    found = mode_of(stack(store, "shop-cpl", spec, references=[reference(root)] if owned else []), store)
    assert found.mode is ReconcileMode.MISPLACED
    assert words in found.message


def test_the_name_has_to_be_the_keys(store: Store) -> None:
    root = stack(store, "shop", STACK)
    place = {"parent": "shop", "parentKey": "cpl"}
    impostor = stack(store, "shop-other", {"place": place}, references=[reference(root)])
    assert mode_of(impostor, store).mode is ReconcileMode.MISPLACED


def test_a_template_is_never_run(store: Store) -> None:
    assert mode_of(stack(store, "tpl", {**STACK, "templateOnly": True}), store).mode is ReconcileMode.TEMPLATE


def test_suspending_holds_the_whole_subtree(store: Store) -> None:
    root = stack(store, "shop", {**STACK, "suspend": True})
    middle = child(store, root, "cpl")
    assert (mode_of(root, store).mode, mode_of(root, store).by) == (ReconcileMode.SUSPENDED, "")
    assert (mode_of(middle, store).mode, mode_of(middle, store).by) == (ReconcileMode.SUSPENDED, "shop")


@pytest.mark.parametrize(("value", "asked"), [("true", True), ("True", False), ("", False), ("shop", False)])
def test_the_root_asks_for_adoption_for_its_whole_tree(store: Store, value: str, asked: bool) -> None:
    root = stack(store, "shop", STACK, annotations={naming.ANNOTATION_ADOPT: value})
    middle = child(store, root, "cpl")
    leaf = child(store, middle, "dm")
    assert [adopts(each, store) for each in (root, middle, leaf)] == [asked] * 3


def test_only_the_root_asks_for_adoption(store: Store) -> None:
    root = stack(store, "shop", STACK)
    middle = child(store, root, "cpl", annotations={naming.ANNOTATION_ADOPT: "true"})
    assert not any(adopts(each, store) for each in (root, middle, child(store, middle, "dm")))


def test_who_suspends_is_the_nearest(store: Store) -> None:
    root = stack(store, "shop", {**STACK, "suspend": True})
    middle = child(store, root, "cpl", {"suspend": True})
    assert mode_of(middle, store).by == ""


@pytest.mark.parametrize("spec", [None, "text", [], {"services": "x"}, {"services": {"cpl": None}}, {"suspend": "yes"}])
def test_nothing_that_stands_in_a_definition_breaks_it(store: Store, spec: Any) -> None:
    root = put(store, "AiltireStack", "shop", spec=spec)
    assert mode_of(root, store).mode is ReconcileMode.RUN
    assert mode_of(child(store, root, "cpl"), store).mode is ReconcileMode.MISPLACED
    assert store.get(Ref("AiltireStack", "prod", "shop")) is root


def test_owners_in_a_circle_are_each_followed_once() -> None:
    """A tree whose root is given an owner below it must not keep anybody busy for ever."""
    world = World()
    store = world.store
    root = stack(store, "shop", STACK, uid="a")
    leaf = child(store, root, "cpl", uid="b")
    root = stack(store, "shop", STACK, uid="a", owner=leaf)
    assert [each.ref.name for each in ancestors(leaf, store)] == ["shop"]
    assert [each.ref.name for each in ancestors(root, store)] == ["shop-cpl"]
    assert world.ancestry.root(leaf).ref.name == "shop"
    assert world.ancestry.is_current(leaf) in (True, False)
    assert mode_of(root, store).mode is ReconcileMode.MISPLACED
