"""A plan that is refused says everything that is wrong, whatever else is wrong beside it."""

import ast
from typing import Any

import pytest

from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.problems import FieldError, InvalidStack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed
from lab.paths import ROOT
from support.definitions.stacks import SETTINGS

GATED: dict[str, dict[str, Any]] = {
    "capAdd[0]": {"capAdd": ["SYS_ADMIN"]},
    "privileged": {"privileged": True},
    "volumes.h.source": {"volumes": {"h": {"source": "/srv", "target": "/h"}}},
    "devices.fuse": {"devices": {"fuse": {"source": "/dev/fuse"}}},
    "deploy.resources.reservations.genericResources.fpga": {
        "deploy": {"resources": {"reservations": {"genericResources": {"fpga": 1}}}}
    },
}
WRONG: dict[str, dict[str, Any]] = {
    "stopSignal": {"stopSignal": "SIGNAL"},
    "platform": {"platform": "windows/amd64"},
    "deploy.placement.constraints[0]": {"deploy": {"placement": {"constraints": ["node.role == boss"]}}},
    "extraHosts.no_name[0]": {"extraHosts": {"no_name": ["10.0.0.1"]}},
    "hostname": {"hostname": "No_Name"},
    "healthcheck.test": {"healthcheck": {"test": ["SHELL"]}},
    "environment.A": {"environment": {"A": "{{.Unknown}}"}},
    "volumes.b.target": {"volumes": {"a": {"target": "/data"}, "b": {"target": "/data"}}},
    "volumes.p.source": {"volumes": {"p": {"source": "{{.Unknown}}", "target": "/p"}}},
    "deploy.resources.reservations.devices.tpu": {
        "deploy": {"resources": {"reservations": {"devices": {"tpu": {"driver": "tpu", "count": 1}}}}}
    },
}


def refused(services: dict[str, Any]) -> list[FieldError]:
    resource = {"metadata": {"name": "shop"}, "spec": {"securityProfile": "baseline", "services": services}}
    stack = parse_stack({"apiVersion": "ailtire.io/v1alpha1", "kind": "AiltireStack", **resource})
    with pytest.raises(InvalidStack) as error:
        plan(stack, SETTINGS, Observed())
    return error.value.problems


@pytest.mark.parametrize(("path", "fields"), [*GATED.items(), *WRONG.items()])
def test_each_problem_is_one_and_says_whether_a_permission_lacks(path: str, fields: dict[str, Any]) -> None:
    found = refused({"web": {"image": "web:1", **fields}})
    assert [(each.path, each.gated) for each in found] == [(f"spec.services.web.{path}", path in GATED)]


def test_all_of_them_are_found_at_once_and_each_as_if_it_were_alone() -> None:
    services = {
        f"s{index}": {"image": "x:1", **fields} for index, fields in enumerate([*GATED.values(), *WRONG.values()])
    }
    alone = [problem for key, service in services.items() for problem in refused({key: service})]
    assert sorted(map(str, refused(services))) == sorted(map(str, alone))


def test_several_in_one_service_are_all_found() -> None:
    fields = {**WRONG["stopSignal"], **WRONG["platform"], **WRONG["hostname"], **GATED["capAdd[0]"]}
    found = {each.path.rpartition(".")[2] for each in refused({"web": {"image": "x:1", **fields}})}
    assert found == {"stopSignal", "platform", "hostname", "capAdd[0]"}


def test_no_part_of_a_plan_ends_it() -> None:
    """But for a tree that is too large, which nobody can afford to plan; and a child's trouble, which is its own."""
    raising = []
    for path in sorted((ROOT / "operator" / "ailtire_operator" / "plan").glob("*.py")):
        nodes = ast.walk(ast.parse(path.read_text()))
        raising += [path.name for node in nodes if isinstance(node, ast.Raise) and node.exc is not None]
    assert set(raising) <= {"budget.py", "children.py"}
