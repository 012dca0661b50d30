"""The tree from the resources, and how it is drawn."""

import io
from typing import Any

import pytest
from rich.console import Console

from ailtire_operator.cli.tree_data import to_json
from ailtire_operator.cli.tree_view import TreeStyle, draw, draw_line
from ailtire_operator.cli.trees import StackNode, State, build, build_all, is_observed, state_of

Resource = dict[str, Any]


def condition(
    kind: str, status: str = "True", reason: str = "", message: str = "", generation: int = 1
) -> dict[str, Any]:
    return {"type": kind, "status": status, "reason": reason, "message": message, "observedGeneration": generation}


def resource(name: str, *conditions: dict[str, Any], parent: str = "", key: str = "", **status: Any) -> Resource:
    owners = [{"kind": "AiltireStack", "uid": f"uid-{parent}", "name": parent, "controller": True}] if parent else []
    place = {"place": {"parentKey": key, "root": "shop"}} if parent else {}
    return {
        "metadata": {"name": name, "uid": f"uid-{name}", "generation": 1, "ownerReferences": owners},
        "spec": {"services": {}, **place},
        "status": {"observedGeneration": 1, "conditions": list(conditions), **status},
    }


READY = condition("Ready", reason="Ready")
PULL = condition("Ready", "False", "ImagePullBackOff", "cpl/dm: service db 0/1: ImagePullBackOff: no such image")


def shop() -> list[Resource]:
    top = resource(
        "shop",
        PULL,
        condition("Reconciling", reason="ImagePullBackOff"),
        url="https://shop.example",
        counts={"services": "1/2", "stacks": "0/3"},
        services={"web": {"kind": "Deployment", "name": "shop-web", "ready": 2, "wanted": 2}},
        routes=[{"path": "/web", "service": "web", "port": 3000, "url": "https://shop.example/web"}],
        translation={"count": 3},
        stacks={"pay": {"name": "shop-pay", "reason": "TemplateMissing", "message": "there is no template 'pay'"}},
    )
    top["spec"]["services"] = {"web": {"image": "web"}, "cpl": {"type": "stack"}, "pay": {"type": "stack"}}
    db = {"kind": "StatefulSet", "name": "shop-cpl-dm-db", "wanted": 1}
    deep = resource(
        "shop-cpl-dm",
        PULL,
        parent="shop-cpl",
        key="dm",
        services={"db": {**db, "reason": "ImagePullBackOff", "message": "no such image"}},
    )
    return [top, deep, resource("shop-cpl", PULL, parent="shop", key="cpl"), resource("other", READY)]


def drawn(node: StackNode, **look: Any) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=200, emoji=False).print(draw(node, TreeStyle(**look)))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def tree() -> StackNode:
    node = build("shop", shop())
    assert node is not None
    return node


def test_children_are_found_by_their_owner_and_missing_ones_by_their_parents_word() -> None:
    node = tree()
    assert [(each.key, each.state) for each in node.walk()] == [
        ("", State.TROUBLE),
        ("cpl", State.TROUBLE),
        ("dm", State.TROUBLE),
        ("pay", State.MISSING),
    ]
    assert node.stacks[1].reason == "TemplateMissing"


def test_a_tree_may_start_anywhere_and_a_stranger_is_none() -> None:
    below = build("shop-cpl", shop())
    assert below is not None
    assert [each.name for each in below.walk()] == ["shop-cpl", "shop-cpl-dm"]
    assert build("nobody", shop()) is None


@pytest.mark.parametrize(
    ("conditions", "state"),
    [
        ([READY], State.READY),
        ([condition("Ready", "False", "Progressing"), condition("Reconciling")], State.PROGRESSING),
        ([PULL], State.TROUBLE),
        ([condition("Ready", "False", "InvalidSpec"), condition("Stalled", reason="InvalidSpec")], State.STALLED),
        ([READY, condition("Suspended")], State.SUSPENDED),
        ([], State.PROGRESSING),
        ([condition("Ready", generation=0)], State.PROGRESSING),
    ],
)
def test_the_conditions_make_the_state(conditions: list[dict[str, Any]], state: State) -> None:
    assert state_of(resource("a", *conditions))[0] is state


def test_a_status_of_an_older_definition_counts_for_nothing() -> None:
    stale = resource("a", READY)
    stale["metadata"]["generation"] = 2
    assert not is_observed(stale)
    assert state_of(stale)[:2] == (State.PROGRESSING, "NotObserved")
    assert state_of({"metadata": {"name": "new", "generation": 1}})[0] is State.PROGRESSING


def test_deleting_comes_before_everything_and_templates_never_run() -> None:
    leaving = resource("a", READY)
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert state_of(leaving)[0] is State.DELETING
    template = resource("t", condition("Ready", reason="Template"))
    template["spec"]["template"] = True
    assert state_of(template)[0] is State.TEMPLATE


def test_the_picture_shows_the_deepest_reason_once() -> None:
    assert drawn(tree()) == [
        "✗ shop  1/2 services, 0/3 stacks  https://shop.example  ImagePullBackOff",
        "├── https://shop.example/web → web:3000",
        "├── ✓ web  2/2",
        "├── ✗ cpl  0/0 services, 0/0 stacks  ImagePullBackOff",
        "│   └── ✗ dm  0/0 services  ImagePullBackOff",
        "│       └── ✗ db  0/1  ImagePullBackOff: no such image",
        "└── ? pay  TemplateMissing: there is no template 'pay'",
    ]


def test_wide_it_names_the_objects() -> None:
    lines = "\n".join(drawn(tree(), wide=True))
    for part in ("Deployment/shop-web", "StatefulSet/shop-cpl-dm-db", "3 notices", "shop-cpl-dm"):
        assert part in lines


def test_what_does_not_run_is_never_green() -> None:
    services = {
        "db": {"kind": "StatefulSet", "ready": 0, "wanted": 0},
        "each": {"kind": "DaemonSet", "ready": 0, "wanted": 0},
        "gone": {"kind": "Deployment", "ready": 0, "wanted": 0, "reason": "Progressing", "message": "starting"},
    }
    top = resource(
        "shop", READY, counts={"services": "3/3", "stacks": "1/1"}, services=services, translation={"count": 1}
    )
    top["spec"]["services"] = {"cpl": {"type": "stack"}}
    held = condition("Suspended", message="spec.suspend is set")
    node = build("shop", [top, resource("shop-cpl", READY, held, parent="shop", key="cpl")])
    assert node is not None
    assert drawn(node, wide=True) == [
        "✓ shop  3/3 services, 1/1 stacks, 2 services stopped, 1 stack suspended  1 notice",
        "├── ■ db  stopped  StatefulSet/",
        "├── ■ each  on no node  DaemonSet/",
        "├── … gone  0/0  Deployment/  Progressing: starting",
        "└── ‖ cpl  0/0 services  shop-cpl  Suspended: spec.suspend is set",
    ]
    assert [each["state"] for each in to_json(node)["services"]] == ["stopped", "stopped", "progressing"]
    down = condition("Stopped", message="spec.stopped is set")
    node = build("shop", [top, resource("shop-cpl", READY, down, parent="shop", key="cpl")])
    assert node is not None
    assert "1 stack stopped" in drawn(node)[0]
    assert drawn(node)[-1] == "└── ■ cpl  0/0 services  Stopped: spec.stopped is set"


def test_without_unicode_it_is_ascii() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Console(file=out, width=200, emoji=False).print(draw(tree(), TreeStyle(unicode=False)))


def test_markup_in_a_message_stays_text() -> None:
    node = build("a", [resource("a", condition("Ready", "False", "Odd", "[red]not a colour[/red]"))])
    assert node is not None
    assert "[red]not a colour[/red]" in drawn(node)[0]


def test_as_data_it_holds_everything() -> None:
    data = to_json(tree())
    assert data["ready"] is False
    assert data["routes"] == [{"path": "/web", "service": "web", "port": 3000, "url": "https://shop.example/web"}]
    assert data["stacks"][0]["stacks"][0]["services"][0] == {
        "key": "db",
        "kind": "StatefulSet",
        "name": "shop-cpl-dm-db",
        "state": "trouble",
        "ready": 0,
        "wanted": 1,
        "reason": "ImagePullBackOff",
        "message": "no such image",
    }


def test_owners_that_go_on_for_ever_are_shown_for_as_long_as_a_tree_can_be() -> None:
    """Whoever may write ownerReferences may make a chain of thousands, or a circle."""
    chain = [resource("s0", READY)] + [resource(f"s{n}", READY, parent=f"s{n - 1}", key="x") for n in range(1, 3_000)]
    node = build("s0", chain)
    assert node is not None
    names = [each.name for each in node.walk()]
    assert names == [f"s{n}" for n in range(18)]
    assert list(node.walk())[-1].message == "a tree has at most 16 levels; what is below is not shown"
    assert to_json(node)["stacks"]
    assert drawn(node)
    circle = build("a", [resource("a", READY, parent="b", key="x"), resource("b", READY, parent="a", key="x")])
    assert circle is not None
    assert len(list(circle.walk())) == 18


def test_all_trees_are_lines_with_their_namespaces_and_the_whole_reason() -> None:
    there, here = shop(), shop()
    for namespace, resources in (("b", there), ("a", here)):
        for each in resources:
            each["metadata"]["namespace"] = namespace
            each["metadata"]["uid"] += namespace
            for owner in each["metadata"]["ownerReferences"]:
                owner["uid"] += namespace
    trees = build_all([*there, *here])
    lines = [draw_line(namespace, node, TreeStyle()).plain for namespace, node in trees]
    assert [line.split()[1] for line in lines] == ["a/other", "a/shop", "b/other", "b/shop"]
    assert lines[1].startswith("✗ a/shop  1/2 services, 0/3 stacks  https://shop.example")
    assert "service db 0/1: ImagePullBackOff: no such image" in lines[1], "nothing below it is shown that says so"
    assert [len(list(node.walk())) for _, node in trees] == [1, 4, 1, 4]


def test_a_child_without_its_parent_is_listed_as_a_tree() -> None:
    assert [node.name for _, node in build_all(shop()[1:2])] == ["shop-cpl-dm"]
