"""The environment table: what every container knows of its place."""

from typing import Any

import pytest

from ailtire_operator.model.loading import parse_stack
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
