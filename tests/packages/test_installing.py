"""From dist/ alone, on a real API server: install, upgrade, uninstall, by each way; stacks stay, and no pod restarts.

The nodes are simulated, so the operator of the Deployment runs as a process here, under the account that was installed.
"""

import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import ControlPlane, Operator, client, kubeconfig, sessions
from lab.manifests import NAMESPACE, SERVICE_ACCOUNT
from lab.paths import ROOT
from packages.conftest import VERSION
from support.checks.archives import unpack

pytestmark = pytest.mark.timeout(1800)
CRD = "crd/ailtirestacks.ailtire.io"
RELEASE = ("ailtire-operator", "-n", NAMESPACE)
EXAMPLE = ROOT / "examples" / "02-tree"


@pytest.fixture
def plane() -> Iterator[ControlPlane]:
    with sessions.started(ControlPlane(sessions.new_home("installing"), nodes=2)) as plane:
        yield plane


def run(plane: ControlPlane, *command: str | Path, code: int = 0) -> str:
    environment = client.environment(plane.kubeconfig)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, f"{command}: {done.stderr}{done.stdout}"
    return done.stdout + done.stderr


def started(plane: ControlPlane) -> Operator:
    """Return a running operator with the rights that were installed, and no others."""
    operator = Operator(plane)
    plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", CRD)
    token = plane.kubectl("create", "token", SERVICE_ACCOUNT, "-n", NAMESPACE, "--duration=24h")
    kubeconfig.write(operator.kubeconfig, plane.url, plane.ca, token.strip())
    operator.start()
    return operator


def deploy(plane: ControlPlane) -> None:
    """Apply the example, and wait until all of it is ready."""
    plane.kubectl("create", "namespace", "app")
    plane.kubectl("apply", "--server-side", "-n", "app", "-f", str(EXAMPLE / "stack.yaml"))
    plane.kubectl("wait", "ailtirestacks", "--all", "-n", "app", "--for=condition=Ready", "--timeout=180s", timeout=200)


def pods(plane: ControlPlane, namespace: str = "app") -> str:
    return plane.kubectl("get", "pods", "-n", namespace, "-o", "jsonpath={range .items[*]}{.metadata.uid} {end}")


def older(dist: Path, folder: Path) -> Path:
    """Return the chart of a version before: its CRD lacks a field that came later."""
    with tarfile.open(dist / f"ailtire-operator-{VERSION}.tgz") as archive:
        unpack(archive, folder)
    chart = folder / "ailtire-operator"
    head = yaml.safe_load((chart / "Chart.yaml").read_text())
    (chart / "Chart.yaml").write_text(yaml.safe_dump({**head, "version": "0.0.1"}))
    crd = chart / "files" / "crds" / "ailtirestacks.yaml"
    told = yaml.load(crd.read_text(), Loader=yaml.CSafeLoader)
    del spec_of(told)["restartedAt"]
    crd.write_text(yaml.safe_dump(told))
    return chart


def spec_of(crd: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    return found


def fields(plane: ControlPlane) -> set[str]:
    return set(spec_of(yaml.load(plane.kubectl("get", CRD, "-o", "yaml"), Loader=yaml.CSafeLoader)))


def test_helm_installs_upgrades_and_uninstalls_and_stacks_stay(
    plane: ControlPlane, helm: Path, dist: Path, tmp_path: Path
) -> None:
    before, chart = older(dist, tmp_path), dist / f"ailtire-operator-{VERSION}.tgz"
    plane.kubectl("create", "namespace", NAMESPACE)
    run(plane, helm, "install", *RELEASE, str(chart), "--dry-run=server")
    notes = run(plane, helm, "install", *RELEASE, str(before))
    assert '"helm uninstall" keeps the CRD' in notes
    operator = started(plane)
    deploy(plane)
    assert "restartedAt" not in fields(plane)
    running = pods(plane)
    assert running

    run(plane, helm, "upgrade", *RELEASE, str(chart))
    assert "restartedAt" in fields(plane)
    operator.restart()
    assert operator_works(plane, tmp_path)
    assert pods(plane) == running

    operator.stop()
    run(plane, helm, "uninstall", *RELEASE)
    assert plane.kubectl(
        "get", "deployments,serviceaccounts,networkpolicies", "-n", NAMESPACE, "-o", "name"
    ).split() == ["serviceaccount/default"]
    assert "ailtire" not in plane.kubectl("get", "validatingadmissionpolicies,clusterroles", "-o", "name")
    assert plane.kubectl("get", CRD, "-o", "name")
    assert len(plane.kubectl("get", "ailtirestacks", "-n", "app", "-o", "name").split()) > 1
    assert pods(plane) == running

    run(plane, helm, "install", *RELEASE, str(chart))
    started(plane)
    plane.kubectl("wait", "ailtirestacks", "--all", "-n", "app", "--for=condition=Ready", "--timeout=120s", timeout=140)
    assert pods(plane) == running


def operator_works(plane: ControlPlane, folder: Path) -> bool:
    """Run what the pod of `helm test` runs, with the files that Kubernetes would mount."""
    account = folder / "account"
    shutil.rmtree(account, ignore_errors=True)
    account.mkdir()
    (account / "namespace").write_text(NAMESPACE)
    (account / "token").write_text(plane.kubectl("create", "token", SERVICE_ACCOUNT, "-n", NAMESPACE))
    shutil.copy(plane.ca, account / "ca.crt")
    host, _, port = plane.url.removeprefix("https://").partition(":")
    environment = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port, "AILTIRE_TEST_SECONDS": "0"}
    script = ROOT / "manifests" / "helm" / "ailtire-operator" / "files" / "test.py"
    return subprocess.run([sys.executable, script, account], env=environment, check=False).returncode == 0


def test_install_yaml_installs_and_helm_takes_it_over(
    plane: ControlPlane, helm: Path, dist: Path, tmp_path: Path
) -> None:
    file, chart = dist / "install.yaml", dist / f"ailtire-operator-{VERSION}.tgz"
    plane.kubectl("apply", "--server-side", "-f", str(file))
    assert not operator_works(plane, tmp_path)
    operator = started(plane)
    deploy(plane)
    assert operator_works(plane, tmp_path)
    plane.kubectl("rollout", "status", "deployment/ailtire-operator", "-n", NAMESPACE, "--timeout=60s", timeout=80)
    running, operators = pods(plane), pods(plane, NAMESPACE)
    assert plane.kubectl("diff", "--server-side", "-f", str(file)) == ""

    options = ["--take-ownership", *(["--force-conflicts"] if "helm4" in helm.name else [])]
    run(plane, helm, "install", *RELEASE, str(chart), *options)
    operator.restart()
    assert operator_works(plane, tmp_path)
    assert (pods(plane), pods(plane, NAMESPACE)) == (running, operators)
