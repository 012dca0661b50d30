"""What an import works out for itself is what Docker Compose does, or is told."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.compose.compose_file import docker_compose
from ailtire_operator.compose.compose_file.container import BUILD
from support.compose.compose_cases import convert_text


def kind(folder: Path, service: str, rest: str = "") -> tuple[str, str]:
    """The workload that a service becomes, and what is told."""
    found = convert_text(folder, f"name: p\nservices:\n  web: {{image: w, {service}}}\n{rest}")
    kinds = [each for each in ("Deployment", "DaemonSet", "Job") if found.of(f"{each}/web")]
    return kinds[0], found.told


@pytest.mark.parametrize(
    ("service", "place"),
    [
        ("restart: on-failure", "services.web.restart"),
        ('restart: "on-failure:5"', "services.web.restart"),
        ("deploy: {restart_policy: {condition: on-failure}}", "services.web.deploy.restart_policy.condition"),
        ("deploy: {replicas: 2, restart_policy: {condition: on-failure, max_attempts: 3}}", "condition"),
    ],
)
def test_a_restart_on_failure_does_not_say_that_a_service_ends(tmp_path: Path, service: str, place: str) -> None:
    made, told = kind(tmp_path, service)
    assert made == "Deployment"
    assert f"{place}: approximate: it is not a job, so it is restarted whenever it ends" in told


WAITING = "  other: {image: o, depends_on: {web: {condition: service_completed_successfully}}}\n"


@pytest.mark.parametrize(
    ("service", "rest"),
    [
        ('restart: "no"', ""),
        ("restart: on-failure", WAITING),
        ("command: [a]", WAITING),
        ("deploy: {mode: replicated-job}", ""),
        ("deploy: {mode: replicated-job, restart_policy: {condition: on-failure}}", ""),
        ("deploy: {restart_policy: {condition: none}}", ""),
    ],
)
def test_a_service_that_ends_says_so(tmp_path: Path, service: str, rest: str) -> None:
    made, told = kind(tmp_path, service, rest)
    assert made == "Job"
    assert "is not a job" not in told


def test_a_condition_that_is_none_is_told(tmp_path: Path) -> None:
    made, told = kind(tmp_path, "deploy: {restart_policy: {condition: on_failure}}")
    assert made == "Deployment"
    assert "'on_failure' is not a condition" in told
    assert "is not a condition" not in kind(tmp_path, "deploy: {restart_policy: {condition: unless-stopped}}")[1]


def images(folder: Path) -> list[str]:
    """What Docker Compose says."""
    command = [*docker_compose._command(), "-f", str(folder / "compose.yaml"), "config", "--images"]
    return sorted(subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout.split())


@pytest.mark.parametrize("project", ["my_app-2024", "p", "a__b", "9lives"])
def test_an_image_that_is_built_is_called_as_docker_compose_calls_it(tmp_path: Path, project: str) -> None:
    text = f"name: {project}\nservices:\n  web: {{build: .}}\n  my_api.v2: {{build: .}}\n  x-y: {{build: .}}\n"
    found = convert_text(tmp_path, text)
    assert sorted(each["image"] for each in found.services.values()) == images(tmp_path)
    assert found.told.count("which is what Docker Compose calls it") == 3


def test_what_no_registry_takes_is_called_otherwise_and_told(tmp_path: Path) -> None:
    found = convert_text(tmp_path, "name: my_app\nservices:\n  Web: {build: .}\n")
    assert images(tmp_path) == ["my_app-Web"]
    assert found.services["Web"]["image"] == "my-app-web"
    assert "'my-app-web' runs; Docker Compose calls it 'my_app-Web'" in found.told


def test_a_registry_goes_before_it_and_is_no_guess(tmp_path: Path) -> None:
    options: dict[str, Any] = {"registry": "registry.example/team", "tag": "1.4"}
    found = convert_text(tmp_path, "name: my_app\nservices:\n  web: {build: .}\n", **options)
    assert found.services["web"]["image"] == "registry.example/team/my_app-web:1.4"
    assert "which is what Docker Compose calls it" not in found.told


def test_what_is_to_be_done_is_a_class_of_its_own(tmp_path: Path) -> None:
    text = """
name: p
services:
  web:
    build: .
    environment: {X: "${UNKNOWN_HERE}"}
    secrets: [own]
    configs: [theirs]
    volumes: ["data:/d"]
    expose: [80]
    labels: ["traefik.http.routers.a.rule=Host(`a.example`)"]
  other: {build: ., image: registry.example/other}
secrets: {own: {environment: S}}
configs: {theirs: {external: true}}
volumes: {data: {external: true, name: kept}}
"""
    found = convert_text(tmp_path, text)
    required = {each.subject: each.message for each in found.notices if each.classification == "required"}
    assert set(required) == {
        "p-web", "registry.example/other", "UNKNOWN_HERE", "p-own (key data)", "ConfigMap theirs (key theirs)",
        "PersistentVolumeClaim kept", "a.example",
    }  # fmt: skip
    assert required["p-web"] == required["registry.example/other"] == BUILD
    done = convert_text(tmp_path / "done", "name: p\nservices: {web: {image: w}}\n")
    assert "required" not in {each.classification for each in done.notices}
