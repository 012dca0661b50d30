"""The rule: two containers can talk if and only if they belong to the same stack, where a stack's gateway belongs both
to its own stack and to its parent's; and its three declared exceptions.
"""

import copy
from itertools import permutations
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.plan.types import Observed
from support.definitions.stacks import stack
from support.kube.reachability import OUTSIDE, matrix, objects_of

WEB: dict[str, Any] = {"interface": {"/web": {}}}


def plain(**more: Any) -> dict[str, Any]:
    return {"image": "web:1", **more}


def child(services: dict[str, Any], *, routed: bool = True, **more: Any) -> dict[str, Any]:
    interface = {"interface": {"/child": {"path": "/"}}} if routed else {}
    networks = {"networks": more.pop("member_of")} if "member_of" in more else {}
    return {"type": "stack", "stack": {"services": services, **more}, **interface, **networks}


def tree(leaf: dict[str, Any] | None = None, **of_leaf: Any) -> dict[str, Any]:
    """Root, two children, and grandchildren with the same keys everywhere."""
    grandchild = child({"web": plain(**WEB), "db": plain(**(leaf or {}))}, **of_leaf)
    return {
        "services": {
            "web": plain(**WEB),
            "db": plain(),
            "a": child({"web": plain(**WEB), "db": plain(), "x": grandchild}),
            "b": child({"web": plain(**WEB), "db": plain(), "y": copy.deepcopy(grandchild)}),
            "closed": child({"job": plain()}, routed=False),
        }
    }


def rule(spec: dict[str, Any], name: str = "shop") -> set[tuple[str, str]]:
    """The rule itself, read from the definition alone."""
    members = [f"{name}--gateway"] if any(each.get("interface") for each in spec["services"].values()) else []
    pairs: set[tuple[str, str]] = set()
    for key, service in spec["services"].items():
        if "stack" not in service:
            members.append(naming.member(name, key))
            continue
        below = f"{name}-{key}"
        pairs |= rule(service["stack"], below)
        if any(each.get("interface") for each in service["stack"]["services"].values()):
            members.append(f"{below}--gateway")
    return pairs | set(permutations(members, 2))


def ref(manifest: dict[str, Any]) -> tuple[str, str]:
    return manifest["kind"], manifest["metadata"]["name"]


def inside(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {pair for pair in pairs if OUTSIDE not in pair}


def reach(spec: dict[str, Any], observed: Observed | None = None) -> set[tuple[str, str]]:
    return matrix(objects_of(stack(spec), observed))


def test_a_tree_of_three_levels_is_reachable_exactly_as_the_rule_says() -> None:
    spec = tree()
    found = reach(spec)
    assert inside(found) == rule(spec)
    assert ("shop-a-web", "shop-a-x--gateway") in found  # a stack and its child's gateway
    assert ("shop--gateway", "shop-a-x-web") not in found  # no grandparent
    assert ("shop-a-web", "shop-b-web") not in found  # no cousin
    assert ("shop-web", "shop-a-web") not in found  # only through the gateway


def test_everybody_reaches_the_outside_and_nobody_is_reached_from_there() -> None:
    found = reach(tree())
    assert {target for source, target in found if source == OUTSIDE} == set()
    assert len({source for source, target in found if target == OUTSIDE}) == 16


@pytest.mark.parametrize("way", [{"edge": {"hosts": ["shop.example"]}}, {"interface": {"ports": {"80": 3000}}}])
def test_only_a_gateway_with_an_edge_is_reached_from_outside(way: dict[str, Any]) -> None:
    found = reach({**tree(), **way})
    assert [target for source, target in found if source == OUTSIDE] == ["shop--gateway"]
    assert inside(found) == rule(tree())


def test_a_member_that_lists_parent_joins_the_parents_network_too() -> None:
    spec = tree({"networks": {"parent": {}}})
    added = inside(reach(spec)) - rule(spec)
    of_a = {"shop-a-web", "shop-a-db", "shop-a--gateway", "shop-a-x--gateway"}
    assert {pair for pair in added if "shop-a-x-db" in pair} == {
        pair for each in of_a for pair in ((each, "shop-a-x-db"), ("shop-a-x-db", each)) if each != "shop-a-x--gateway"
    }
    assert inside(reach(spec)) >= rule(spec)


def test_a_named_network_is_shared_with_the_nearest_ancestor_that_declares_it_across_three_levels() -> None:
    spec = tree({"networks": {"siblings": {}, "bus": {}}}, networks={"bus": {"name": "events", "external": True}})
    spec["networks"] = {"telemetry": {"name": "events"}}
    spec["services"]["db"]["networks"] = {"siblings": {}, "telemetry": {}}
    added = inside(reach(spec)) - rule(spec)
    assert added == set(permutations(["shop-db", "shop-a-x-db", "shop-b-y-db"], 2))


def test_the_nearest_declaration_counts() -> None:
    bus = {"bus": {"name": "events"}}
    member: dict[str, Any] = {"networks": {"siblings": {}, "bus": {}}}
    lowest = child({"leaf": plain(**member)}, networks=bus)
    middle = child({"mid": plain(**member), "low": lowest}, networks=bus)
    spec = {"services": {"top": plain(), "m": middle}}
    # The root declares none, so the middle stack owns it.
    names = {each["metadata"]["name"] for each in objects_of(stack(spec)) if each["kind"] == "NetworkPolicy"}
    assert "shop-m--bus--members" in names
    assert "shop-m-low--bus--members" not in names
    assert set(permutations(["shop-m-mid", "shop-m-low-leaf"], 2)) <= reach(spec)


def test_a_member_of_custom_networks_only_leaves_the_stacks_own() -> None:
    spec = {
        "services": {"web": plain(), "one": plain(networks={"t": {}}), "two": plain(networks={"t": {}})},
        "networks": {"t": {}},
    }
    assert inside(reach(spec)) == set(permutations(["shop-one", "shop-two"], 2))


def test_a_gateway_reaches_what_it_routes_to_wherever_that_is() -> None:
    routed = plain(networks={"t": {}}, **WEB)
    broker = plain(networks={"u": {}}, interface={"m": {"port": 6650, "protocol": "tcp"}})
    spec = {"services": {"web": routed, "mq": broker, "db": plain()}, "networks": {"t": {"internal": True}, "u": {}}}
    found = reach(spec)
    assert {("shop--gateway", "shop-web"), ("shop--gateway", "shop-mq"), ("shop--gateway", "shop-db")} <= found
    assert ("shop-web", "shop-mq") not in found
    assert ("shop--gateway", OUTSIDE) in found


def test_a_gateway_joins_no_network_that_it_does_not_need() -> None:
    spec = tree(
        {"networks": {"siblings": {}, "bus": {}}, **WEB}, networks={"bus": {"name": "events", "external": True}}
    )
    spec["networks"] = {"bus": {"name": "events"}}
    found = reach(spec)
    assert ("shop-a-x--gateway", "shop-b-y-db") not in found
    assert ("shop-a-x--gateway", "shop-a-x-db") in found


def test_members_of_internal_networks_only_reach_their_peers_and_nothing_outside() -> None:
    spec = {
        "services": {
            "in": plain(networks={"t": {}}),
            "peer": plain(networks={"t": {}}),
            "both": plain(networks={"t": {}, "siblings": {}}),
        },
        "networks": {"t": {"internal": True}},
    }
    found = reach(spec)
    assert ("shop-in", OUTSIDE) not in found
    assert ("shop-both", OUTSIDE) in found
    assert inside(found) == set(permutations(["shop-in", "shop-peer", "shop-both"], 2))


@pytest.mark.parametrize("said_by_child", [False, True])
@pytest.mark.parametrize("said_by_owner", [False, True])
def test_a_shared_network_is_internal_if_its_owner_says_so(said_by_owner: bool, said_by_child: bool) -> None:
    below = child(
        {"leaf": plain(networks={"t": {}})}, networks={"t": {"name": "x", "external": True, "internal": said_by_child}}
    )
    spec = {"services": {"top": plain(networks={"t": {}}), "c": below}, "networks": {"t": {"name": "x"}}}
    spec["networks"]["t"]["internal"] = said_by_owner
    found = reach(spec)
    assert ("shop-c-leaf", "shop-top") in found
    assert (("shop-c-leaf", OUTSIDE) in found) is not said_by_owner


def test_a_whole_stack_is_internal_where_its_own_network_is() -> None:
    found = reach({"services": {"web": plain(), "db": plain()}, "networks": {"default": {"internal": True}}})
    assert found == set(permutations(["shop-web", "shop-db"], 2))


def test_a_tree_from_templates_is_reachable_as_an_inline_one() -> None:
    spec = tree()
    inline = spec["services"]["a"]["stack"]
    spec["services"]["a"] = {"type": "stack", "stackRef": {"name": "t"}, "interface": {"/child": {"path": "/"}}}
    template = parse_stack({"metadata": {"name": "t"}, "spec": {**inline, "templateOnly": True}}).spec
    assert inside(reach(spec, Observed(templates={"t": template}))) == rule(tree())


def test_the_evaluator_sees_a_label_that_is_missing_and_a_selector_that_is_empty() -> None:
    objects = objects_of(stack(tree()))
    broken = copy.deepcopy(objects)
    template = next(each for each in broken if ref(each) == ("Deployment", "shop-a-db"))["spec"]["template"]
    labels = template["metadata"]["labels"]
    for label in [each for each in labels if each.startswith(naming.NETWORK_LABEL_PREFIX)]:
        del labels[label]
    assert ("shop-a-web", "shop-a-db") in matrix(objects)
    assert ("shop-a-db", "shop-a-web") not in matrix(broken)
    assert ("shop-b-web", "shop-a-db") in matrix(broken)  # no policy is about it any more

    opened = copy.deepcopy(objects)
    policy = next(each for each in opened if each["metadata"]["name"] == "shop-a--siblings--members")
    policy["spec"]["ingress"][0]["from"] = [{"podSelector": {}}]
    assert ("shop-b-web", "shop-a-db") in matrix(opened)

    closed = [each for each in objects if each["metadata"]["name"] != "shop-a--siblings--members"]
    assert (OUTSIDE, "shop-a-db") in matrix(closed)
