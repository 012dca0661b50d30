"""What is remembered of a stack ends with the stack, all of it and in one place."""

import re
from typing import Any

import pytest

from ailtire_operator.cluster.errors import Invalid
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.reconcile.sessions import Session, Sessions
from lab.paths import ROOT
from support.fake_cluster.records import child, stack
from support.fake_cluster.world import World

WEB: dict[str, Any] = {"services": {"web": {"image": "web:1", "user": "1000"}}}


def sessions(store: Store) -> Sessions:
    return Sessions(store, lambda: 100.0)


def test_a_session_lasts_as_long_as_the_uid() -> None:
    store = Store()
    known = sessions(store)
    record = stack(store, "shop")
    known.of(record).written_at = 7.0
    edited = stack(store, "shop", {"services": {}}, generation=2)
    assert (known.of(edited).written_at, known.of(edited).waiting_since) == (7.0, 100.0)
    again = stack(store, "shop", uid="another")
    assert known.of(again).written_at is None
    assert known.of(edited) == Session()


def test_who_comes_late_leaves_nothing_behind() -> None:
    store = Store()
    known = sessions(store)
    record = stack(store, "shop")
    store.remove(record.ref, record.uid)
    known.of(record).written_at = 7.0
    assert known.of(record) == Session()


def test_the_end_is_told_once_for_each_uid_and_of_stacks_alone() -> None:
    store, ended = Store(), list[str]()
    known = sessions(store)
    known.at_end(ended.append)
    root = stack(store, "shop")
    below = child(store, root, "a")
    stack(store, "shop", {"services": {}}, generation=2)
    assert ended == []
    store.remove(below.ref, below.uid)
    stack(store, "shop", uid="another")
    assert ended == [below.uid, root.uid]


@pytest.mark.parametrize("anew", [False, True])
def test_nothing_of_a_stack_is_left_when_it_has_gone(anew: bool) -> None:
    world = World()
    world.cluster.refuses["apply Deployment shop-web"] = Invalid("no")
    record = world.write(WEB)
    world.reconcile()
    assert world.sessions.of(record).refused
    assert remembered(world, record)
    if anew:
        world.write(WEB, uid="another")
    else:
        world.store.remove(record.ref, record.uid)
    assert not remembered(world, record)
    assert world.sessions.of(record) == Session()


def remembered(world: World, record: Record) -> list[str]:
    """Who of those that decide still knows the stack's uid."""
    found = {"plan": world.planner._kept.get(record.uid), "order": world.ancestry._orders.get(record.uid)}
    return [name for name, value in found.items() if value is not None]


def test_no_other_module_finds_out_for_itself_when_a_stack_has_ended() -> None:
    rule = re.compile(r"STACK\.kind and \(new is None or new\.uid != old\.uid")
    found = [path.name for path in (ROOT / "operator").rglob("*.py") if rule.search(path.read_text())]
    assert found == ["new_stacks.py"], "these wait for their first status alone"
