"""Helm 4 waits by kstatus for the chart of an application that holds an AiltireStack."""

import subprocess
import time
from pathlib import Path

import pytest

from cluster.conftest import control_plane as control_plane
from cluster.conftest import installed_operator as installed_operator
from lab import ControlPlane, Operator, binaries
from lab.client import environment
from packages.helming import APPLICATION

NAMESPACE = "helm-wait"


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    """An application whose image is a value."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: portal\nversion: 1.0.0\n")
    (tmp_path / "values.yaml").write_text("image: web:1\nbroken: false\n")
    (tmp_path / "templates" / "stack.yaml").write_text(APPLICATION)
    return tmp_path


@pytest.mark.timeout(600)
def test_helm_waits_until_the_stack_is_ready_and_ends_where_it_is_stalled(
    chart: Path, control_plane: ControlPlane, installed_operator: Operator
) -> None:
    installed_operator.start()

    def helm(*arguments: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
        command = [str(binaries.path("helm4")), *arguments, "-n", NAMESPACE]
        given = environment(control_plane.kubeconfig)
        return subprocess.run(command, env=given, input=stdin, capture_output=True, text=True, check=False)

    def image() -> str:
        path = "jsonpath={.spec.template.spec.containers[0].image}"
        return control_plane.kubectl("get", "deployment", "portal-web", "-n", NAMESPACE, "-o", path)

    wait = ("--wait=watcher", "--timeout", "3m")
    done = helm("install", "portal", str(chart), "--create-namespace", *wait)
    assert done.returncode == 0, done.stderr
    assert image() == "web:1"
    done = helm("upgrade", "portal", str(chart), "--set", "image=web:2", *wait)
    assert done.returncode == 0, done.stderr
    assert image() == "web:2"
    manifest = helm("get", "manifest", "portal").stdout
    same = subprocess.run(
        [str(binaries.path("kubectl")), "diff", "--server-side", "--force-conflicts", "-n", NAMESPACE, "-f", "-"],
        env=environment(control_plane.kubeconfig), input=manifest, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (same.returncode, same.stdout) == (0, "")

    begun = time.monotonic()
    broken = helm("upgrade", "portal", str(chart), "--set", "image=web:2,broken=true", *wait)
    assert broken.returncode != 0
    assert time.monotonic() - begun < 170, "it waited until its time was up, though the stack was Stalled"
    assert "InvalidSpec" in broken.stderr or "Failed" in broken.stderr, broken.stderr

    installed_operator.stop()
    try:
        unseen = helm("install", "unseen", str(chart), "--set", "image=web:1", "--wait=watcher", "--timeout", "10s")
        assert unseen.returncode != 0, "a stack that no operator has seen is taken for ready"
    finally:
        installed_operator.start()
