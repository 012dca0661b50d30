"""Import: policies, deploy, and what nothing here can keep."""

from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.compose.errors import ApplicationError
from support.compose.importing import single, spec, told, web
from support.definitions.applications import services, stack


def test_policies(tmp_path: Path) -> None:
    policies = {
        "scaling": {"min": 0, "max": 5.0},
        "timeout": {"requestTimeout": 1500},
        "retry": {"maxRetries": 9, "backoffStrategy": "exponential"},
        "accessControl": {"authentication": "jwt", "rateLimit": 100},
        "logging": {"level": "Warning"},
        "security": {"tls": True},
    }
    found, report = web(tmp_path, policies=policies)
    assert found["policies"] == {
        "scaling": {"min": 0, "max": 5},
        "timeout": {"requestTimeout": "1500ms"},
        "retry": {"maxRetries": 5},
        "accessControl": {"rateLimit": 100},
        "logging": {"level": "warn"},
    }
    for path in (
        "retry.maxRetries",
        "retry.backoffStrategy",
        "accessControl.authentication",
        "accessControl.rateLimit",
        "security",
    ):
        assert f"spec.services.web.policies.{path}: " in report


@pytest.mark.parametrize(
    "policies",
    [
        {"scaling": {"min": 5, "max": 1}},
        {"scaling": {"min": 1}},
        {"scaling": "auto"},
        {"timeout": {"requestTimeout": 0}},
        {"timeout": {"requestTimeout": "soon"}},
        {"retry": {"maxRetries": -1}},
        {"accessControl": {"rateLimit": "none"}},
        {"logging": {"level": "loud"}},
    ],
)
def test_policies_that_say_nothing_sensible_are_told(tmp_path: Path, policies: Any) -> None:
    found, report = web(tmp_path, policies=policies)
    assert "policies" not in found
    assert "rejected" in report


def test_deploy_also_where_it_is_nested_wrongly(tmp_path: Path) -> None:
    deploying = {
        "replicas": 2,
        "mode": "replicated",
        "placement": {
            "constraints": ["node.role==manager"],
            "resources": {
                "limits": {"cpus": "0.50", "memory": "50M"},
                "reservations": {"cpus": 0.25, "memory": "1.5g"},
            },
        },
        "max_replicas_per_node": 1,
        "update_config": {"order": "stop-first", "parallelism": 2, "delay": "10s", "failure_action": "rollback"},
        "restart_policy": {"condition": "on-failure"},
        "endpoint_mode": "dnsrr",
    }
    found, report = web(tmp_path, deploy=deploying)
    assert found["deploy"] == {
        "replicas": 2,
        "resources": {"limits": {"cpu": "500m", "memory": "50Mi"}},
        "placement": {"maxReplicasPerNode": 1},
        "restartPolicy": {"condition": "onFailure"},
        "updateConfig": {"order": "stopFirst", "parallelism": 2, "delay": "10s", "failureAction": "rollback"},
        "endpointMode": "dnsrr",
    }
    base = "spec.services.web.deploy"
    for start in (
        f"{base}.placement.constraints: ignored",
        f"{base}.placement.resources: resolved",
        f"{base}.resources.reservations: rejected",
        f"{base}.max_replicas_per_node: resolved",
    ):
        assert start in report


def test_a_container_of_deployments_runs_where_there_is_no_image(tmp_path: Path) -> None:
    container = {"image": "svc", "cmd": "node 'my app.js'", "environment": {"A": "1"}, "volumes": {"d": "data:/d"}}
    result = single(tmp_path, services(web={"deployments": {"container": container, "external": {"url": "http://x"}}}))
    found = spec(result)["services"]["web"]
    assert (found["image"], found["command"], found["environment"]) == ("svc", ["node", "my app.js"], {"A": "1"})
    assert found["volumes"] == {"d": {"source": "data", "target": "/d"}}
    assert "spec.services.web.deployments.external: ignored" in told(result)


def test_unknown_keys_are_told_wherever_they_stand(tmp_path: Path) -> None:
    data = {
        **services(web={"image": "w", "healthcheck": {"test": "x"}, "baseDir": "."}),
        "policies": {"a": 1},
        "zones": {"a": 1},
    }
    report = told(single(tmp_path, data))
    for path in ("spec.services.web.healthcheck", "spec.services.web.baseDir", "spec.policies.a", "spec.zones"):
        assert f"{path}: ignored" in report


def test_a_stack_service_says_what_it_cannot_keep(tmp_path: Path) -> None:
    member = stack(
        "gone",
        deploy={"replicas": 2},
        policies={"scaling": {"max": 3}, "retry": {"maxRetries": 1}},
        environment={"A": "1"},
    )
    member["volumes"]["conf"] = "/etc/x:/etc/x"
    result = single(tmp_path, services(sub=member))
    assert spec(result)["services"]["sub"] == {
        "type": "stack",
        "policies": {"retry": {"maxRetries": 1}},
        "stackRef": {"name": "gone", "optional": True},
    }
    for path in ("deploy", "policies.scaling", "environment.A", "volumes.docker", "volumes.conf"):
        assert f"spec.services.sub.{path}: ignored" in told(result)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"a_b": {"image": "x"}, "a-b": {"image": "x"}}, "both become the name 'a-b'"),
        ({"___": {"image": "x"}}, "spec.services.___"),
        ({"k" * 64: {"image": "x"}}, "spec.services.kkk"),
        ({f"s{number}": {"image": "x"} for number in range(600)}, "spec.services"),
    ],
)
def test_what_no_resource_can_hold_is_refused_with_its_path(tmp_path: Path, members: Any, message: str) -> None:
    with pytest.raises(ApplicationError, match="cannot be an AiltireStack") as caught:
        single(tmp_path, services(**members))
    assert message in str(caught.value)


@pytest.mark.parametrize("data", [{"services": []}, {"services": "x"}])
def test_services_that_are_no_map_are_refused(tmp_path: Path, data: Any) -> None:
    with pytest.raises(ApplicationError, match=r"spec\.services is .* not a map"):
        single(tmp_path, data)
