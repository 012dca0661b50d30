"""What kubectl is handed, and what is said where there is none."""

import subprocess
import sys
from pathlib import Path

import pytest

from ailtire_operator.cli import kubectl
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.options import Target


def test_kubectl_works_with_the_same_cluster_identity_and_namespace() -> None:
    words = ["kubectl", "exec", "--kubeconfig=/k", "--context=prod", "--namespace=shop", "pod"]
    assert kubectl.command("exec", Target("other", "prod", "/k"), "shop", ["pod"]) == words
    assert kubectl.command("exec", Target(), "shop", []) == ["kubectl", "exec", "--namespace=shop"]


def test_without_kubectl_the_user_is_told_what_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Failure, match="cannot run kubectl: No such file or directory") as failed:
        kubectl.become(["kubectl", "port-forward"])
    assert failed.value.hint == "port-forward needs kubectl on the PATH."


def test_kubectl_takes_the_place_of_the_program_with_its_signals_and_its_exit_code(tmp_path: Path) -> None:
    stand_in = tmp_path / "kubectl"
    stand_in.write_text("#!/bin/sh\necho $$\ngrep SigIgn /proc/$$/status\nexit 42\n")
    stand_in.chmod(0o755)
    code = "from ailtire_operator.cli import kubectl; kubectl.become(['kubectl', 'exec'])"
    program = [sys.executable, "-c", code]
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)}
    with subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, text=True) as process:
        out, _ = process.communicate(timeout=180)
    pid, ignored = out.splitlines()
    assert (int(pid), process.returncode) == (process.pid, 42)
    assert not int(ignored.split()[1], 16) & 1 << 12, "SIGPIPE, which Python ignores"
