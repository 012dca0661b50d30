"""Who waits for whom in a whole tree: circles that no single stack shows, and paths that lead nowhere."""

from typing import Any

import pytest

from ailtire_operator.model.loading import parse_stack, sound_levels
from ailtire_operator.plan.dependency_graph import DependencyGraph, Presence


def plain(**waits: str) -> dict[str, Any]:
    """A service; what it waits for has its path's slashes spelt as two underscores."""
    return {"image": "x", "dependsOn": {name.replace("__", "/"): {"condition": each} for name, each in waits.items()}}


def nested(services: dict[str, Any], **waits: str) -> dict[str, Any]:
    return {"type": "stack", "stack": {"services": services}, "dependsOn": plain(**waits)["dependsOn"]}


def order(services: dict[str, Any]) -> DependencyGraph:
    stack = parse_stack({"metadata": {"name": "shop"}, "spec": {"services": services}})
    return DependencyGraph(sound_levels(stack.name, stack.spec, {}))


@pytest.mark.parametrize(
    ("services", "stack", "key", "cycle"),
    [
        (
            {"a": nested({"x": plain(b__y="healthy")}), "b": nested({"y": plain(a__x="started")})},
            "shop-a",
            "x",
            "a/x -> b/y -> a/x",
        ),
        (
            {"web": plain(a="healthy"), "a": nested({"x": plain(__web="started")})},
            "shop",
            "web",
            "web -> a -> a/x -> web",
        ),
        ({"a": nested({"x": plain(__a="healthy")})}, "shop-a", "x", "a/x -> a -> a/x"),
        ({"a": nested({"x": plain(__a="started")})}, "shop-a", "x", ""),
        (
            {"a": nested({"x": plain()}, web="healthy"), "web": plain(a__x="started")},
            "shop",
            "a",
            "a -> web -> a/x -> a",
        ),
        ({"a": nested({"x": plain(b__y="healthy")}), "b": nested({"y": plain()})}, "shop-a", "x", ""),
        ({"a": nested({"x": plain(a__x="started")})}, "shop-a", "x", "a/x -> a/x"),
    ],
)
def test_who_waits_for_himself(services: dict[str, Any], stack: str, key: str, cycle: str) -> None:
    assert " -> ".join(order(services).cycle(stack, key)) == cycle


def test_who_only_waits_for_a_circle_is_not_on_it() -> None:
    found = order(
        {"a": nested({"x": plain(b__y="started")}), "b": nested({"y": plain(a__x="started"), "z": plain(y="started")})}
    )
    assert found.cycle("shop-b", "y")
    assert not found.cycle("shop-b", "z")


def test_where_a_path_leads() -> None:
    broken = {"type": "stack", "stack": {"services": {"x": {"image": 7}}}}
    found = order({"web": plain(), "a": nested({"x": plain()}), "bad": broken})
    assert {
        name: found.presence("shop-a", name)
        for name in ("x", "a/x", "/web", "a", "a/y", "c/x", "web/x", "bad/x", "bad")
    } == {
        "x": Presence.THERE,
        "a/x": Presence.THERE,
        "/web": Presence.THERE,
        "a": Presence.ABSENT,  # a neighbour of x, which there is not; the stack itself is /a
        "a/y": Presence.ABSENT,
        "c/x": Presence.ABSENT,
        "web/x": Presence.ABSENT,
        "bad/x": Presence.UNKNOWN,
        "bad": Presence.ABSENT,
    }
    assert found.presence("shop-bad", "x") is Presence.UNKNOWN
    assert DependencyGraph(()).presence("shop", "a/x") is Presence.UNKNOWN


def test_every_flaw_is_told_with_its_place_and_a_way_out_and_a_circle_once() -> None:
    found = order(
        {
            "a": nested({"x": plain(b__y="healthy", c__z="healthy")}),
            "b": nested({"y": plain(a__x="started"), "w": plain(a__x="started")}),
            "d": nested({"x": plain(e__y="healthy")}),
            "e": nested({"y": plain(d__x="started")}),
        }
    )
    assert [str(each) for each in found.problems()] == [
        'spec.services.a.stack.services.x.dependsOn["c/z"]: '
        "the tree has no 'c/z'; correct the path, or say required: false",
        "spec.services.b.stack.services.y.dependsOn: members cannot wait for each other: "
        "b/y -> a/x -> b/y; remove one of these dependencies",
        "spec.services.d.stack.services.x.dependsOn: members cannot wait for each other: "
        "d/x -> e/y -> d/x; remove one of these dependencies",
    ]


def test_a_long_circle_is_told_by_its_ends() -> None:
    services = {f"s{n}": nested({"x": plain(**{f"s{(n + 1) % 20}__x": "started"})}) for n in range(20)}
    flaw = order(services).flaw("shop-s0", "x")
    assert flaw is not None
    assert "s0/x -> s1/x -> s2/x -> s3/x -> ... -> s17/x -> s18/x -> s19/x -> s0/x" in flaw.sentence
