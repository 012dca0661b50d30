"""``kubectl ailtire`` in a process of its own, as kubectl starts it, and users with less than all rights."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from lab import ControlPlane
from lab.client import environment
from lab.paths import ROOT


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


class Cli:
    """The program on one control plane, in the test's namespace."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self._plane = plane
        self._namespace = namespace

    def __call__(self, *arguments: str, stdin: str = "", **variables: str) -> Result:
        done = subprocess.run(
            [sys.executable, "-c", "from ailtire_operator.cli import main; main()", "-n", self._namespace, *arguments],
            env={**environment(self._plane.kubeconfig), "PYTHONPATH": str(ROOT / "operator"), **variables},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert "Traceback" not in done.stderr
        assert "internal error" not in done.stderr, done.stderr
        return Result(done.returncode, done.stdout, done.stderr)


def kubeconfig_of(role: str, plane: ControlPlane, namespace: str, folder: Path) -> str:
    """The kubeconfig of somebody who has no more than one of Kubernetes' own roles in the namespace."""
    plane.kubectl("create", "serviceaccount", role, "-n", namespace)
    binding = ["create", "rolebinding", role, f"--clusterrole={role}", f"--serviceaccount={namespace}:{role}"]
    plane.kubectl(*binding, "-n", namespace)
    token = plane.kubectl("create", "token", role, "-n", namespace).strip()
    config = yaml.safe_load(plane.kubeconfig.read_text())
    config["users"] = [{"name": each["name"], "user": {"token": token}} for each in config["users"]]
    path = folder / f"{role}.kubeconfig"
    path.write_text(json.dumps(config))
    return str(path)
