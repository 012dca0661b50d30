"""The environment table: what every container knows of its place."""

from typing import Any

import pytest

from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed, Plan
from support.definitions.stacks import SETTINGS, find, plan_of, pod_spec, stack, variables

LEAF = {"services": {"web": {"image": "web:1", "interface": {"/x": {}}}}}
BARE = {"services": {"job": {"image": "job:1"}}}


def child(below: dict[str, Any]) -> dict[str, Any]:
    return {"type": "stack", "stack": below, "interface": {"/c": {"path": "/"}}}


TREE = {
    "appName": "My.App",
    "services": {
        "web": {"image": "web:1"},
        "cpl": child({"services": {"web": {"image": "web:1"}, "dev_mgr": child(LEAF)}}),
        "bare": {"type": "stack", "stack": BARE},
    },
}


def plans() -> dict[str, Plan]:
    found: dict[str, Plan] = {}
    waiting = [stack(TREE)]
    while waiting:
        made = plan(waiting.pop(), SETTINGS, Observed())
        found[made.stack.name] = made
        waiting += [parse_stack(each) for each in made.objects if each["kind"] == "AiltireStack"]
    return found


# stack, workload -> PARENT, PARENTHOST, SERVICENAME, PARENT_NETWORK
TABLE = {
    ("shop", "shop-web"): ("shop", "shop", "web", "My.App_top"),
    ("shop", "shop--gateway"): ("", "", "shop", "My.App_top"),
    ("shop-cpl", "shop-cpl-web"): ("shop-cpl", "shop-cpl", "web", "My.App_shop_cpl_family"),
    ("shop-cpl", "shop-cpl--gateway"): ("shop", "shop", "cpl", "My.App_shop_cpl_family"),
    ("shop-cpl-dev-mgr", "shop-cpl-dev-mgr-web"): (
        "shop-cpl-dev-mgr", "shop-cpl-dev-mgr", "web", "My.App_shop-cpl_dev_mgr_family"
    ),
    ("shop-cpl-dev-mgr", "shop-cpl-dev-mgr--gateway"): (
        "shop-cpl", "shop-cpl", "dev_mgr", "My.App_shop-cpl_dev_mgr_family"
    ),
    ("shop-bare", "shop-bare-job"): ("shop-bare", "", "job", "My.App_shop_bare_family"),
}  # fmt: skip


@pytest.mark.parametrize(("where", "expected"), TABLE.items(), ids=lambda each: str(each[1]))
def test_a_container_knows_its_place(where: tuple[str, str], expected: tuple[str, ...]) -> None:
    name, workload = where
    given = variables(find(plans()[name], "Deployment", workload))
    names = ("PARENT", "PARENTHOST", "SERVICENAME", "PARENT_NETWORK")
    assert tuple(given[f"AILTIRE_{each}"] for each in names) == expected
    assert given["AILTIRE_APPNAME"] == "My.App"


def test_a_running_instance_is_named_by_its_pod_and_a_gateway_by_its_stack() -> None:
    made = plan_of(TREE)
    entry = pod_spec(find(made, "Deployment", "shop-web"))["containers"][0]["env"][0]
    assert entry == {
        "name": "AILTIRE_STACKNAME",
        "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}},
    }
    assert variables(find(made, "Deployment", "shop--gateway"))["AILTIRE_STACKNAME"] == "shop"


def test_the_application_is_named_after_the_root_where_it_has_no_name() -> None:
    made = plan_of({"services": {"web": {"image": "web:1"}}})
    assert variables(find(made, "Deployment", "shop-web"))["AILTIRE_APPNAME"] == "shop"


def test_values_go_through_as_they_are_written_and_each_name_once() -> None:
    service = {
        "image": "web:1",
        "environment": {"B": "$(HOME)", "A": 3, "EMPTY": ""},
        "environmentValuesFrom": {
            "A": {"secret": "s", "key": "k"},
            "C": {"configMap": "c", "key": "k", "optional": True},
        },
        "environmentFrom": [{"secret": "s", "prefix": "P_"}, {"configMap": "c", "optional": True}],
    }
    made = plan_of({"services": {"web": service}})
    container = pod_spec(find(made, "Deployment", "shop-web"))["containers"][0]
    own = [each for each in container["env"] if not each["name"].startswith("AILTIRE_")]
    assert own == [
        {"name": "A", "value": "3"},
        {"name": "B", "value": "$$(HOME)"},
        {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k", "optional": True}}},
        {"name": "EMPTY"},
    ]
    assert container["envFrom"] == [
        {"prefix": "P_", "secretRef": {"name": "s"}},
        {"configMapRef": {"name": "c", "optional": True}},
    ]
    assert [each.path for each in made.notices] == ["spec.services.web.environmentValuesFrom.A"]


def env_tree(root: dict[str, Any], child: dict[str, Any], **service: Any) -> dict[str, Any]:
    inner = {"type": "stack", "stack": {"env": child, "services": {"api": {"image": "api:1", **service}}}}
    return {"env": root, "services": {"web": {"image": "web:1"}, "sub": inner}}


def own_variables(spec: dict[str, Any], name: str, workload: str) -> dict[str, Any]:
    found = {}
    waiting = [stack(spec)]
    while waiting:
        made = plan(waiting.pop(), SETTINGS, Observed())
        found[made.stack.name] = made
        waiting += [parse_stack(each) for each in made.objects if each["kind"] == "AiltireStack"]
    given = variables(find(found[name], "Deployment", workload))
    return {key: value for key, value in given.items() if not key.startswith("AILTIRE_")}


def test_variables_of_a_stack_are_those_of_its_whole_subtree_and_the_nearest_counts() -> None:
    spec = env_tree({"A": "root", "B": "root", "C": "root"}, {"B": "child", "C": "child"}, environment={"C": "own"})
    assert own_variables(spec, "shop", "shop-web") == {"A": "root", "B": "root", "C": "root"}
    assert own_variables(spec, "shop-sub", "shop-sub-api") == {"A": "root", "B": "child", "C": "own"}


def test_a_variable_from_a_secret_is_nearer_than_one_of_the_stack() -> None:
    reference = {"secret": "db", "key": "password"}
    given = own_variables(env_tree({"A": "x"}, {}, environmentValuesFrom={"A": reference}), "shop-sub", "shop-sub-api")
    assert given == {"A": ""}  # a reference, which has no value of its own


def test_placeholders_are_those_of_each_service() -> None:
    spec = env_tree({"NAME": "{{.Service.Name}}", "NODE": "on {{.Node.Hostname}}"}, {})
    assert own_variables(spec, "shop", "shop-web") == {"NAME": "shop_web", "NODE": "on $(AILTIRE_NODE_HOSTNAME)"}
    assert own_variables(spec, "shop-sub", "shop-sub-api")["NAME"] == "shop-sub_api"


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"AILTIRE_PARENT": "x"}, r"spec\.env"),
        ({"A": "{{.Task.Slot}}"}, r"spec\.env\.A: the number of a replica"),
        ({"A": "{{.Unknown}}"}, r"spec\.env\.A: '\{\{\.Unknown\}\}' is not a known placeholder"),
        ({f"A{index}": "x" * 30_000 for index in range(3)}, r"spec\.env: .*65,536 characters"),
    ],
)
def test_variables_of_a_subtree_have_bounds_too(env: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidStack, match=message):
        plan_of(env_tree(env, {}))


def test_variables_that_are_too_many_with_those_above_are_refused_where_they_are_passed_on() -> None:
    spec = env_tree({f"A{index}": "" for index in range(150)}, {})
    spec["services"]["sub"]["stack"]["env"] = {f"B{index}": "" for index in range(100)}
    spec["services"]["sub"]["stack"]["services"]["deep"] = {"type": "stack", "stack": {}}
    problem = (
        plan(parse_stack(find(plan_of(spec), "AiltireStack", "shop-sub")), SETTINGS, Observed())
        .children["deep"]
        .problem
    )
    assert problem is not None and "spec.services.deep.stack.place.env" in str(problem)


def test_every_stack_below_counts_with_its_copy_of_the_variables() -> None:
    few, many = (find(plan_of(env_tree({"A": "x" * size}, {})), "AiltireStack", "shop-sub") for size in (1, 1001))
    budgets = [each["spec"]["place"]["budget"]["characters"] for each in (few, many)]
    assert budgets[1] - budgets[0] == 1000


def test_a_variable_that_every_service_sets_itself_is_told() -> None:
    made = plan_of({"env": {"A": "x"}, "services": {"web": {"image": "web:1", "environment": {"A": "y"}}}})
    assert [each.path for each in made.notices] == ["spec.env.A"]
