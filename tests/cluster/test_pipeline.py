"""A deployment as a pipeline makes it: applied, waited for with an exit code, and without a difference afterwards."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.program import Cli
from lab.client import environment, kubectl_path
from lab.paths import ROOT
from support.kube.trees import Trees, service

EXAMPLE = ROOT / "examples" / "11-gitops"


def kubectl(trees: Trees, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [str(kubectl_path()), *arguments, "-n", trees.namespace]
    return subprocess.run(command, env=environment(trees.plane.kubeconfig), capture_output=True, text=True, check=False)


@pytest.fixture
def overlay(trees: Trees, tmp_path: Path) -> Path:
    """The overlay of qa, without what needs another controller, and in the namespace of the test."""
    folder = tmp_path / "qa"
    folder.mkdir()
    for name in ("stack.yaml", "images.yaml"):
        (folder / name).write_text((EXAMPLE / "overlays" / "qa" / name).read_text())
    (folder / "base.yaml").write_text((EXAMPLE / "base" / "stack.yaml").read_text())
    kustomization: dict[str, Any] = {
        "namespace": trees.namespace,
        "resources": ["base.yaml"],
        "patches": [{"path": "stack.yaml"}, {"path": "images.yaml"}],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    kubectl(trees, "create", "secret", "generic", "portal-database", "--from-literal=password=x")
    return folder


def test_it_is_applied_waited_for_and_then_there_is_no_difference(trees: Trees, cli: Cli, overlay: Path) -> None:
    assert kubectl(trees, "diff", "--server-side", "-k", str(overlay)).returncode == 1
    assert kubectl(trees, "apply", "--server-side", "-k", str(overlay)).returncode == 0
    assert cli("wait", "portal", "--timeout", "2m").code == 0
    assert trees.is_ready("portal")
    assert kubectl(trees, "wait", "ailtirestack/portal", "--for=condition=Ready", "--timeout=60s").returncode == 0
    trees.settle()
    done = kubectl(trees, "diff", "--server-side", "-k", str(overlay))
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_an_exit_code_says_what_became_of_it(trees: Trees, cli: Cli) -> None:
    trees.apply("shop", {"services": {"web": service()}})
    assert cli("wait", "shop", "--timeout", "2m").code == 0
    trees.apply("shop", {"services": {"web": service(), "orders": {"type": "stack", "stack": {"services": {"a": 7}}}}})
    assert cli("wait", "shop", "--timeout", "3m").code == 3
    late = kubectl(trees, "wait", "ailtirestack/shop", "--for=condition=Ready", "--timeout=1s")
    assert late.returncode == 1
    stalled = kubectl(trees, "wait", "ailtirestack/shop", "--for=condition=Stalled", "--timeout=120s")
    assert stalled.returncode == 0
    manifest = json.dumps({"spec": {"suspend": True}})
    trees.apply("shop", {"services": {"web": service()}})
    assert cli("wait", "shop", "--timeout", "3m").code == 0
    kubectl(trees, "patch", "ailtirestack", "shop", "--type=merge", "-p", manifest)
    trees.until("suspended", lambda: trees.condition("shop", "Suspended"))
    assert cli("wait", "shop", "--timeout", "3m").code == 7
