"""What an import leaves out of a stack so that the operator takes it."""

from copy import deepcopy
from typing import Any

import pytest

from ailtire_operator.cli.import_filter import filtered
from ailtire_operator.model.settings import Settings
from ailtire_operator.model.stack import Stack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed, Plan
from support.compose.compose_cases import SETTINGS


def resource(services: dict[str, Any], **spec: Any) -> dict[str, Any]:
    metadata = {"name": "p"}
    return {
        "apiVersion": "ailtire.io/v1alpha1", "kind": "AiltireStack", "metadata": metadata,
        "spec": {"securityProfile": "baseline", "services": services, **spec},
    }  # fmt: skip


def test_everything_that_is_refused_is_left_out_however_much_it_is() -> None:
    wanting = {"image": "a", "privileged": True, "capAdd": ["SYS_ADMIN", "CHOWN", "NET_ADMIN"]}
    result, notices = filtered(resource({f"s{index}": deepcopy(wanting) for index in range(200)}), SETTINGS)
    assert result["spec"]["services"] == {f"s{index}": {"image": "a", "capAdd": ["CHOWN"]} for index in range(200)}
    assert len([each for each in notices if each.classification == "gated"]) == 600


def test_what_wants_a_permission_is_not_known_by_the_words_of_its_author() -> None:
    service = {
        "image": "a",
        "capAdd": ["SYS_ADMIN"],
        "deploy": {"placement": {"constraints": ["settings of this operator", "securityProfile"]}},
    }
    result, notices = filtered(
        resource({"settings": service, "securityProfile": {"image": "b", "stopSignal": "settings"}}), SETTINGS
    )
    assert result["spec"]["services"] == {"settings": {"image": "a"}, "securityProfile": {"image": "b"}}
    told = {(each.path, each.classification) for each in notices if each.classification in ("gated", "rejected")}
    assert told == {
        ("spec.services.settings.capAdd[0]", "gated"),
        ("spec.services.settings.deploy.placement.constraints[0]", "rejected"),
        ("spec.services.settings.deploy.placement.constraints[1]", "rejected"),
        ("spec.services.securityProfile.stopSignal", "rejected"),
    }


def test_what_a_service_says_of_others_is_judged_with_them() -> None:
    services = {
        "a": {"image": "a", "privileged": True, "dependsOn": {"b": {}}, "interface": {"/": {"port": 80}}},
        "b": {"image": "b"},
    }
    result, _ = filtered(resource(services, edge={"hosts": ["a.example"]}), Settings(nameservers=["10.96.0.10"]))
    assert result["spec"]["services"]["a"]["dependsOn"] == {"b": {}}
    assert "privileged" not in result["spec"]["services"]["a"]
    assert result["spec"]["edge"] == {"hosts": ["a.example"]}


def test_a_mount_goes_as_a_whole_and_nothing_else_goes_with_it() -> None:
    volumes = {"a": {"target": "/data"}, "b": {"target": "/data/"}, "target": {"target": "/other"}}
    service = {"image": "a", "volumes": volumes, "extraHosts": {"target": ["no address"], "b.target": ["::1", "no"]}}
    result, notices = filtered(resource({"s": service}), SETTINGS)
    assert result["spec"]["services"]["s"]["volumes"] == {"a": volumes["a"], "target": volumes["target"]}
    assert result["spec"]["services"]["s"]["extraHosts"] == {"b.target": ["::1"]}
    assert "spec.services.s.volumes.b.target" in [each.path for each in notices]


def test_a_stack_is_planned_once_more_than_something_is_left_out_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    planned: list[str] = []

    def counted(stack: Stack, settings: Settings, observed: Observed) -> Plan:
        planned.append(stack.name)
        return plan(stack, settings, observed)

    monkeypatch.setattr("ailtire_operator.cli.rendering.plan", counted)
    wanting = {"image": "a", "capAdd": ["SYS_ADMIN", "NET_ADMIN"]}
    filtered(resource({f"s{index}": wanting for index in range(50)}), SETTINGS)
    assert planned == ["p", "p"]
