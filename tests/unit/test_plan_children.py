"""Children: what their place says, templates, cycles, and what a bad grandchild does not stop."""

from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.model.limits import DEPTH_LIMIT, TREE_LIMIT
from ailtire_operator.model.loading import parse_spec, parse_stack
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed, Plan
from support.definitions.stacks import SETTINGS, find, plan_of, stack

Json = dict[str, Any]
LEAF: Json = {"services": {"web": {"image": "web:1", "interface": {"/x": {}}}}}


def child(below: Json, **more: Any) -> Json:
    return {"type": "stack", "stack": below, **more}


def reference(name: str, **more: Any) -> Json:
    return {"type": "stack", "stackRef": {"name": name, **more}}


def templates(**specs: Json) -> Observed:
    return Observed(templates={name: parse_spec({"templateOnly": True, **spec}) for name, spec in specs.items()})


def tree(spec: Json, observed: Observed | None = None) -> dict[str, Plan]:
    found: dict[str, Plan] = {}
    waiting = [stack(spec)]
    while waiting:
        made = plan(waiting.pop(), SETTINGS, observed or Observed())
        found[made.stack.name] = made
        waiting += [parse_stack(each) for each in made.objects if each["kind"] == naming.KIND]
    return found


def test_a_place_says_everything_that_a_child_must_know() -> None:
    spec = {
        "appName": "My.App", "environment": "qa", "imageRegistry": "registry.example", "imagePullSecrets": ["r"],
        "images": {"web": "web:2"}, "securityProfile": "baseline", "networks": {"t": {"name": "bus", "internal": True}},
        "services": {"dev_mgr": child(LEAF, interface={"/dm": {"path": "/"}, "/dm/x": {"path": "/"}})},
        "edge": {"hosts": ["a.example"]},
    }  # fmt: skip
    resource = find(plan_of(spec), naming.KIND, "shop-dev-mgr")
    assert resource["spec"]["services"] == LEAF["services"]
    assert resource["metadata"]["annotations"] == {"ailtire.io/key": "dev_mgr"}
    assert resource["spec"]["place"] == {
        "root": "shop", "parent": "shop", "parentKey": "dev_mgr", "parentHost": "shop", "depth": 1, "appName": "My.App",
        "images": {"web": "web:2"}, "imageRegistry": "registry.example", "imagePullSecrets": ["r"],
        "securityProfile": "baseline", "environment": "qa", "networks": {"bus": "shop/t"},
        "internalNetworks": ["shop/t"], "gatewayNetworks": ["shop/siblings"], "urls": ["http://a.example/dm"],
            "budget": {"members": 1, "characters": 459},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("gateway", "counts"),
    [
        ({}, {"shop": 2, "shop-a": 2, "shop-a-b": 3}),
        ({"gateway": {"replicas": 1}}, {"shop": 1, "shop-a": 1, "shop-a-b": 3}),
        ({"gateway": {"replicas": 0}}, {"shop": 0, "shop-a": 0, "shop-a-b": 3}),
    ],
)
def test_gateways_are_as_many_as_the_nearest_stack_says_and_two_where_nobody_does(
    gateway: Json, counts: dict[str, int]
) -> None:
    inner = {**LEAF, "gateway": {"replicas": 3}}
    middle = {"services": {**LEAF["services"], "b": child(inner, interface={"/b": {"path": "/"}})}}
    made = tree({**gateway, "services": {"a": child(middle, interface={"/a": {"path": "/"}})}})
    assert {name: each.gateway.replicas for name, each in made.items() if each.gateway} == counts
    budgets = {name for name, each in made.items() for one in each.objects if one["kind"] == "PodDisruptionBudget"}
    assert budgets == {name for name, count in counts.items() if count > 1}


def test_a_count_of_gateways_is_of_use_to_children_where_the_stack_itself_has_none() -> None:
    made = tree({"gateway": {"replicas": 3}, "services": {"a": child(LEAF)}})
    assert made["shop"].gateway is None and not made["shop"].notices
    assert made["shop-a"].gateway is not None and made["shop-a"].gateway.replicas == 3


def test_a_place_is_bounded_by_what_there_is_to_say() -> None:
    place = find(plan_of({"services": {"c": child({"services": {}})}}), naming.KIND, "shop-c")["spec"]["place"]
    assert place == {
        "root": "shop", "parent": "shop", "parentKey": "c", "parentHost": "", "depth": 1, "appName": "shop",
        "securityProfile": "restricted", "gatewayNetworks": ["shop/siblings"],
        "budget": {"members": 0, "characters": 8},
    }  # fmt: skip


def test_what_a_child_says_itself_counts_for_its_subtree() -> None:
    low = child({"services": {}}, networks={})
    middle = child(
        {"services": {"low": low}, "securityProfile": "restricted", "environment": "dev", "imagePullSecrets": ["b"]}
    )
    spec = {"services": {"mid": middle}, "securityProfile": "baseline", "environment": "qa", "imagePullSecrets": ["a"]}
    place = find(tree(spec)["shop-mid"], naming.KIND, "shop-mid-low")["spec"]["place"]
    assert (place["securityProfile"], place["environment"]) == ("restricted", "dev")
    assert place["imagePullSecrets"] == ["a", "b"]
    assert (place["depth"], place["root"], place["parent"]) == (2, "shop", "shop-mid")


def test_a_reference_copies_the_template_and_remembers_it() -> None:
    made = plan_of({"services": {"c": reference("t")}}, templates(t=LEAF))
    spec = find(made, naming.KIND, "shop-c")["spec"]
    assert spec["services"] == LEAF["services"]
    assert "template" not in spec
    assert spec["place"]["templates"] == ["t"]
    assert (made.children["c"].missing, made.children["c"].problem) == (None, None)


@pytest.mark.parametrize("optional", [False, True])
def test_a_missing_template_is_waited_for(optional: bool) -> None:
    made = plan_of({"services": {"c": reference("t", optional=optional), "web": {"image": "web:1"}}})
    found = made.children["c"]
    assert (found.name, found.missing, found.optional) == ("shop-c", "t", optional)
    assert not [each for each in made.objects if each["kind"] == naming.KIND]
    assert find(made, "Deployment", "shop-web")


def test_a_template_among_its_own_descendants_is_a_cycle_with_its_path() -> None:
    observed = templates(a={"services": {"b": reference("b")}}, b={"services": {"a": reference("a")}})
    plans = tree({"services": {"c": reference("a")}}, observed)
    assert sorted(plans) == ["shop", "shop-c", "shop-c-b"]
    problem = str(plans["shop-c-b"].children["a"].problem)
    assert problem == "spec.services.a.stackRef.name: a stack cannot contain itself: a -> b -> a"


def test_two_children_of_one_template_are_no_cycle() -> None:
    plans = tree({"services": {"a": reference("t"), "b": reference("t")}}, templates(t=LEAF))
    assert sorted(plans) == ["shop", "shop-a", "shop-b"]


BAD = [
    ({"services": {"web": {}}}, "spec.services.bad.stack.services.web: a service needs an image"),
    ({"services": {"web": {"image": 3}}}, "spec.services.bad.stack.services.web.image"),
    ({"srvices": {}}, "spec.services.bad.stack.srvices"),
    ({"services": []}, "spec.services.bad.stack.services"),
    ({"services": None, "interface": 3}, "spec.services.bad.stack.interface"),
    ({"services": {"a_b": {"image": "x"}, "a-b": {"image": "x"}}}, "both become the name 'a-b'"),
    ({"services": {"a": {"image": "x", "networks": {"no": {}}}}}, "there is no network 'no'"),
    ({"services": {"a": {"image": "x", "volumes": {"v": {"source": "no", "target": "/a"}}}}},
     "there is no volume 'no'"),
]  # fmt: skip


@pytest.mark.parametrize(("definition", "message"), BAD)
def test_a_bad_child_stops_its_own_branch_and_says_where(definition: Json, message: str) -> None:
    made = plan_of({"services": {"bad": child(definition, interface={"/b": {}}), "good": child(LEAF)}})
    assert message in str(made.children["bad"].problem)
    assert find(made, naming.KIND, "shop-good")
    assert not any(each["metadata"]["name"] == "shop-bad" for each in made.objects if each["kind"] == naming.KIND)


def test_a_bad_grandchild_leaves_its_parent_alone() -> None:
    plans = tree({"services": {"mid": child({"services": {"bad": child({"services": 3}), "ok": {"image": "x"}}})}})
    assert sorted(plans) == ["shop", "shop-mid"]
    assert plans["shop-mid"].children["bad"].problem
    assert find(plans["shop-mid"], "Deployment", "shop-mid-ok")


def chain(levels: int) -> Json:
    spec: Json = {"services": {"w": {"image": "x"}}}
    for _ in range(levels):
        spec = {"services": {"c": child(spec)}}
    return spec


def test_a_tree_has_at_most_sixteen_levels_below_its_root() -> None:
    assert len(tree(chain(DEPTH_LIMIT))) == DEPTH_LIMIT + 1
    plans = tree(chain(DEPTH_LIMIT + 4))
    assert len(plans) == DEPTH_LIMIT + 1
    deepest = max(plans.values(), key=lambda made: len(made.stack.name))
    assert f"deeper than {DEPTH_LIMIT} levels" in str(deepest.children["c"].problem)


def test_names_of_a_deep_tree_stay_names() -> None:
    assert all(len(name) <= 63 and naming.is_dns_label(name) and "--" not in name for name in tree(chain(DEPTH_LIMIT)))
    deep: Json = {"services": {"w": {"image": "x"}}}
    for key in ("policy_engine" * 4, "DeviceManager" * 4, "x" * 63):
        deep = {"services": {key: child(deep)}}
    assert all(len(name) <= 63 and naming.is_dns_label(name) for name in tree(deep))


def test_a_tree_that_is_too_large_is_refused_as_a_whole() -> None:
    wide = {"services": {f"s{number}": {"image": "x"} for number in range(400)}}
    spec = {"services": {f"c{number}": child(wide) for number in range(TREE_LIMIT // 400 + 1)}}
    with pytest.raises(InvalidStack, match=f"more than {TREE_LIMIT} services and stacks"):
        plan_of(spec)


def test_what_a_child_stack_cannot_have_is_told() -> None:
    more = {"deploy": {"replicas": 2}, "environment": {"A": "b"}, "healthcheck": {"disable": True}}
    made = plan_of({"services": {"c": child(LEAF, **more)}})
    assert [each.path.rpartition(".")[2] for each in made.notices] == ["deploy", "environment", "healthcheck"]


def test_a_childs_own_name_for_the_application_and_ports_are_told() -> None:
    below = {**LEAF, "appName": "other", "interface": {"ports": {"80": 3000}}}
    made = tree({"services": {"c": child(below)}})["shop-c"]
    assert [each.path for each in made.notices] == ["spec.appName", "spec.interface"]


def test_what_is_null_is_left_out_where_the_api_server_takes_it() -> None:
    below = {"services": {"web": {"image": "x", "deploy": None, "networks": {"siblings": None}}}, "gateway": None}
    spec = find(plan_of({"services": {"c": child(below)}}), naming.KIND, "shop-c")["spec"]
    assert spec["services"] == {"web": {"image": "x", "networks": {"siblings": {}}}}
    assert "gateway" not in spec


@pytest.mark.parametrize(
    ("below", "path"),
    [
        ({"services": {"web": {"image": "x", "user": None}}}, "services.web.user"),
        ({"services": {"web": {"image": None}}}, "services.web.image"),
        ({"services": {}, "edge": None}, "edge"),
        ({"services": {"web": {"image": "x", "stop_signal": "SIGINT"}}}, "services.web.stop_signal"),
    ],
)
def test_what_the_api_server_would_refuse_of_a_root_is_refused_of_an_inline_child(below: Json, path: str) -> None:
    made = plan_of({"services": {"c": child(below)}}).children["c"]
    assert made.problem is not None
    assert f"spec.services.c.stack.{path}: " in str(made.problem)
