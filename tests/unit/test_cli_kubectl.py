"""What kubectl is handed, and what is said where there is none."""

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
