"""Argo CD's own code on manifests/argocd: upstream's tests of such a folder, the scripts in argocd-cm, and its diff."""

import json
import os
import re
import shutil
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.conftest import control_plane as control_plane
from cluster.conftest import installed_operator as installed_operator
from lab import ControlPlane, Operator, eventually, toolchain
from lab.paths import ROOT
from lab.report import say
from support import argocd_files

MODULE = "github.com/argoproj/argo-cd/v3"
VERSION = "v3.2.0"
SUM = "h1:m2eGAV+nXQGgzZbH5SyJD5laaPW27mzWXBrgisUHY/0="
GO = (1, 25, 0)
COPY = ROOT / "build" / "argocd" / VERSION
NOW = """	case "AiltireStack":
		if _, asked, _ := unstructured.NestedString(un.Object, "spec", "restartedAt"); asked {
			return unstructured.SetNestedField(un.Object, "0001-01-01T00:00:00Z", "spec", "restartedAt")
		}
"""
"""What upstream's tests need for an action that writes the time: they have the same for Rollouts."""
BEFORE = '	case "ExternalSecret", "PushSecret":\n'


@pytest.fixture(scope="session")
def copy() -> Path:
    """Argo CD's module with our folder in it, as a contribution would have it."""
    go = toolchain.go(GO, say)
    command = [go, "mod", "download", "-json", f"{MODULE}@{VERSION}"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert found["Sum"] == SUM
    if not COPY.exists():
        partial = COPY.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(found["Dir"], partial)
        for path in (partial, *partial.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        tests = partial / "util" / "lua" / "custom_actions_test.go"
        text = tests.read_text()
        assert text.count(BEFORE) == 1
        tests.write_text(text.replace(BEFORE, NOW + BEFORE))
        partial.rename(COPY)
    ours = COPY / "resource_customizations" / "ailtire.io"
    shutil.rmtree(ours, ignore_errors=True)
    shutil.copytree(argocd_files.SCRIPTS.parent, ours)
    (COPY / "ailtire").mkdir(exist_ok=True)
    shutil.copy(Path(__file__).parent / "argocd" / "settings_test.go", COPY / "ailtire" / "settings_test.go")
    return COPY


def passed(copy: Path, package: str, tests: str, **variables: str) -> set[str]:
    """The tests that have passed, each of which has to."""
    environment = {**os.environ, "GOFLAGS": "-p=1 -buildvcs=false", "CGO_ENABLED": "0", **variables}
    command = [toolchain.go(GO, say), "test", "-count=1", "-v", "-run", tests, package]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    return set(re.findall(r"--- PASS: (\S+)", done.stdout))


@pytest.mark.timeout(3600)
def test_upstreams_own_tests_of_such_a_folder(copy: Path) -> None:
    found = passed(copy, "./util/lua", "TestLuaHealthScript/ailtire.io|TestLuaResourceActionsScript")
    health = yaml.safe_load((argocd_files.SCRIPTS / "health_test.yaml").read_text())["tests"]
    for each in health:
        assert f"TestLuaHealthScript/ailtire.io/AiltireStack/{each['inputPath']}" in found
    actions = yaml.safe_load((argocd_files.SCRIPTS / "actions" / "action_test.yaml").read_text())
    for each in actions["discoveryTests"]:
        assert f"TestLuaResourceActionsScript/discovery/{each['inputPath']}" in found
    for each in actions["actionTests"]:
        assert f"TestLuaResourceActionsScript/actions/{each['action']}/{each['inputPath']}" in found


def settings(**more: str) -> dict[str, str]:
    return {
        "ARGOCD_CM": str(argocd_files.FOLDER / "argocd-cm.yaml"),
        "STACK_FOLDER": str(argocd_files.SCRIPTS),
        "APPLICATION_SET": str(ROOT / "examples" / "11-gitops" / "argocd" / "applicationset.yaml"),
        **more,
    }


@pytest.mark.timeout(3600)
def test_an_installed_argocd_finds_the_same_in_its_config_map(copy: Path) -> None:
    found = passed(copy, "./ailtire", "TestHealth|TestActions|TestApplicationSet", **settings())
    health = yaml.safe_load((argocd_files.SCRIPTS / "health_test.yaml").read_text())["tests"]
    assert {f"TestHealth/{each['inputPath']}" for each in health} <= found
    assert {f"TestActions/{each}" for each in ("stop", "start", "suspend", "resume")} <= found
    assert "TestApplicationSet" in found


@pytest.mark.timeout(3600)
def test_argocd_sees_no_difference_once_a_stack_is_ready(
    copy: Path, control_plane: ControlPlane, installed_operator: Operator, tmp_path: Path
) -> None:
    installed_operator.start()
    control_plane.kubectl("create", "namespace", "argocd-diff")
    stacks: dict[str, dict[str, Any]] = {}
    for name in ("01-minimal", "02-tree", "03-routes", "05-networks"):
        text = (ROOT / "examples" / name / "stack.yaml").read_text()
        stacks |= {each["metadata"]["name"]: each for each in yaml.safe_load_all(text) if each}
        control_plane.kubectl("apply", "--server-side", "-n", "argocd-diff", "-f", "-", stdin=text)
    for name, stack in stacks.items():
        eventually(partial(ready, control_plane, name), 180, f"{name} to be ready")
        stack["metadata"]["namespace"] = "argocd-diff"
        live = control_plane.kubectl(
            "get", "ailtirestack", name, "-n", "argocd-diff", "-o", "yaml", "--show-managed-fields"
        )
        (tmp_path / f"{name}.target.yaml").write_text(yaml.safe_dump(stack))
        (tmp_path / f"{name}.live.yaml").write_text(live)
    found = passed(copy, "./ailtire", "TestDifferences", **settings(PAIRS=str(tmp_path)))
    assert {f"TestDifferences/{name}" for name in stacks} <= found


def ready(plane: ControlPlane, name: str) -> bool:
    path = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
    return plane.kubectl("get", "ailtirestack", name, "-n", "argocd-diff", "-o", path) == "True"
