"""Who ends before whom when a tree, or a part of it, is stopped."""

from functools import partial
from operator import eq
from time import process_time
from typing import Any

import pytest

from ailtire_operator.model.loading import parse_stack, sound_levels
from ailtire_operator.plan.dependency_graph import DependencyGraph
from ailtire_operator.plan.stop_order import Member

Json = dict[str, Any]


def plain(*waits: str, **more: Any) -> Json:
    return {"image": "x", "dependsOn": {name: {} for name in waits}, **more}


def nested(services: Json, *waits: str, **more: Any) -> Json:
    return {"type": "stack", "stack": {"services": services}, "dependsOn": {name: {} for name in waits}, **more}


def graph(services: Json, **spec: Any) -> DependencyGraph:
    stack = parse_stack({"metadata": {"name": "shop"}, "spec": {"services": services, **spec}})
    return DependencyGraph(sound_levels(stack.name, stack.spec, {}))


def holders(order: DependencyGraph, member: Member, everybody: list[Member]) -> set[Member]:
    """Each service that keeps the member from stopping while it alone runs."""
    return {each for each in everybody if order.stop_order.held([member], partial(eq, each))}


ALL = [("shop", "web"), ("shop-orders", "api"), ("shop-orders", "db"), ("shop-orders-deep", "worker"),
       ("shop-base", "store"), ("shop", "alone")]  # fmt: skip
TREE = {
    "web": plain("orders"),
    "orders": nested({"api": plain("db"), "db": plain(), "deep": nested({"worker": plain()})}, "base"),
    "base": nested({"store": plain()}),
    "alone": plain(),
}


def test_who_depends_on_a_member_ends_before_it_whatever_lies_between() -> None:
    order = graph(TREE, stopped=True)
    assert holders(order, ("shop-orders", "db"), ALL) == {("shop-orders", "api"), ("shop", "web")}
    assert holders(order, ("shop-base", "store"), ALL) == {*ALL[:4]}
    assert holders(order, ("shop-orders-deep", "worker"), ALL) == {("shop", "web")}
    assert holders(order, ("shop", "web"), ALL) == holders(order, ("shop", "alone"), ALL) == set()
    assert holders(order, ("gone", "x"), ALL) == set()


def test_who_is_not_to_stop_is_not_waited_for() -> None:
    order = graph({**TREE, "orders": {**TREE["orders"], "stopped": True}})
    assert holders(order, ("shop-orders", "db"), ALL) == {("shop-orders", "api")}


def test_everybody_is_judged_at_once() -> None:
    order = graph(TREE, stopped=True)
    found = order.stop_order.held(ALL, lambda member: member == ("shop-orders", "api"))
    assert found == {("shop-orders", "db"): ("shop-orders", "api"), ("shop-base", "store"): ("shop-orders", "api")}


def test_who_depends_on_itself_is_known_as_a_circle() -> None:
    order = graph(
        {"a": nested({"x": plain("b/y")}), "b": nested({"y": plain("a/x", "/c")}), "c": plain()}, stopped=True
    )
    assert order.cycle("shop-a", "x")
    assert holders(order, ("shop", "c"), [("shop-a", "x"), ("shop-b", "y")]) == {("shop-a", "x"), ("shop-b", "y")}


@pytest.mark.parametrize("where", ["", "root", "entry", "own", "member"])
def test_a_member_is_stopped_by_anything_above_it(where: str) -> None:
    inner = {"image": "x", "stopped": where == "member"}
    child = nested({"x": inner}, stopped=where == "entry")
    child["stack"]["stopped"] = where == "own"
    assert graph({"a": child}, stopped=where == "root").stop_order.is_stopped("shop-a", "x") is bool(where)


def test_many_members_with_many_dependencies_take_no_longer_than_reading_them() -> None:
    count = 400
    services = {
        f"s{index}": plain(*(f"s{other}" for other in range(max(0, index - 60), index))) for index in range(count)
    }
    order = graph(services, stopped=True).stop_order
    members = [("shop", key) for key in services]
    begun = process_time()
    found = order.held(members, lambda member: member[1] == f"s{count - 1}")
    assert len(found) == count - 1
    assert process_time() - begun < 3
