"""Import: variables, and what stands in them."""

from pathlib import Path
from typing import Any

import pytest

from support.compose.importing import imported, single, spec, told, web
from support.definitions.applications import deploy, services, stack


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (True, "true"),
        (3.0, "3"),
        (0.1, "0.1"),
        (1e21, "1e+21"),
        (1.5e-7, "1.5e-7"),
        (None, ""),
        ("a&b\"'", "a&b\"'"),
        ("$$5", "$5"),
        ("tasks.pulsar:6650", "pulsar:6650"),
        ("tasks.pulsar", "pulsar"),
        ("http://policy_engine:8080/x?y=policy_engine", "http://policy-engine:8080/x?y=policy_engine"),
        ("policy_engine:1,policy_engine:2", "policy-engine:1,policy-engine:2"),
        ("amqp://me:secret@childStack:5672/", "amqp://me:secret@childstack:5672/"),
        ("web:80", "web:80"),
        ("${AILTIRE_APPNAME}/x", "shop/x"),
        ("${NOT_SET:-fallback}", "fallback"),
        ("${NOT_SET-}", ""),
        ("${AILTIRE_APPNAME:+yes}", "yes"),
    ],
)
def test_environment_values(tmp_path: Path, written: Any, expected: str) -> None:
    members = {key: {"image": "x"} for key in ("policy_engine", "pulsar", "childStack")}
    result = single(tmp_path, services(web={"image": "web", "environment": {"VALUE": written}}, **members))
    assert spec(result)["services"]["web"]["environment"] == {"VALUE": expected}
    changed = isinstance(written, str) and written not in (expected, "$$5")
    kind = "approximate" if str(written).startswith("tasks.") else "resolved"
    assert (f"environment.VALUE: {kind}" in told(result)) == changed


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("tasks.gone:80", "'tasks.gone' does not resolve"),
        ("http://other_stack:3000/", "'other_stack' does not resolve"),
        ("policy_engine", "it stays, as it may not be meant as a host name"),
        ("${HOME}/x", "'${HOME}' is not known at import"),
        ("${NEEDED:?say it}", "is not known at import"),
        ("{{.Node.Hostname}}", "templates ({{...}}) are not expanded"),
    ],
)
def test_environment_values_that_stay_are_told(tmp_path: Path, written: str, word: str) -> None:
    members = {"policy_engine": {"image": "x"}}
    result = single(tmp_path, services(web={"image": "web", "environment": {"VALUE": written}}, **members))
    assert spec(result)["services"]["web"]["environment"] == {"VALUE": written}
    assert word in told(result)


@pytest.mark.parametrize("written", ["SABR:1", "path/to_file", "a_b", "./streams.js", "x_y=1", "Mozilla/5.0"])
def test_values_that_are_no_hosts_are_left_alone(tmp_path: Path, written: str) -> None:
    found, report = web(tmp_path, environment={"VALUE": written})
    assert found["environment"] == {"VALUE": written}
    assert "environment" not in report


def test_environment_entries_that_no_container_can_have(tmp_path: Path) -> None:
    variables = {"AILTIRE_PORT": 3000, "OBJECT": {"a": 1}, "A=B": "x", "": "x", "NUL": "\0", "FINE": "x"}
    found, report = web(tmp_path, environment=variables)
    assert found["environment"] == {"FINE": "x"}
    for path in (
        ".AILTIRE_PORT: ignored",
        ".OBJECT: rejected",
        '["A=B"]: rejected',
        '[""]: rejected',
        ".NUL: rejected",
    ):
        assert f"spec.services.web.environment{path}" in report


def test_environment_as_a_list(tmp_path: Path) -> None:
    found, report = web(tmp_path, environment=["A=1", "B=x=y", "C", 3])
    assert found["environment"] == {"A": "1", "B": "x=y"}
    assert "environment[2]: rejected" in report


def test_the_stack_containers_environment_fills_the_childs_values(tmp_path: Path) -> None:
    files = {
        "deploy/deploy.js": deploy("shop", "dev"),
        "deploy/services.js": services(a=stack("shop_a", environment={"NETWORK": "net", "OTHER": "x"})),
        "api/A/deploy/deploy.js": deploy("shop_a", "dev"),
        "api/A/deploy/services.js": services(
            web={
                "image": "w",
                "environment": {"N": "${NETWORK}", "S": "$AILTIRE_SERVICENAME", "A": "${AILTIRE_APPNAME}"},
            }
        ),
    }
    result = imported(tmp_path, files)
    child = spec(result)["services"]["a"]["stack"]["services"]["web"]
    assert child["environment"] == {"N": "net", "S": "a", "A": "shop"}
    assert "spec.services.a.environment.NETWORK: resolved" in told(result)
    assert "spec.services.a.environment.OTHER: ignored" in told(result)
