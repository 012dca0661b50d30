"""``reach`` against the policies of a real namespace."""

import json
from pathlib import Path

from ailtire_operator.cli.failures import Exit
from cluster.program import Cli, kubeconfig_of
from lab import ControlPlane, eventually
from support.kube.trees import Manifest, Trees, child, service, tree


def test_live_and_rendered_say_the_same_of_a_tree(cli: Cli, trees: Trees, tmp_path: Path) -> None:
    spec = tree()
    spec["services"]["lone"] = child({"headless": service(), "peer": service()})
    trees.apply("shop", spec)
    trees.until_ready("shop")
    trees.settle()
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(trees.manifest("shop", spec)))
    live, planned = (cli("reach", *where, "--matrix", "-o", "json") for where in ([], ["-f", str(file)]))
    assert live.code == planned.code == Exit.DONE
    assert json.loads(live.out) == json.loads(planned.out)
    for pair in (("shop/web", "shop/cpl"), ("shop/lone/peer", "shop/lone/headless"), ("shop/web", "shop/cpl/dm/db")):
        answers = [json.loads(cli("reach", *pair, *where, "-o", "json").out) for where in ([], ["-f", str(file)])]
        assert answers[0] == answers[1]


def stranger(namespace: str) -> Manifest:
    """A pod that belongs to no stack, as the namespace's Pod Security Standard wants it."""
    closed = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    security = {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}}
    metadata = {"name": "debug", "namespace": namespace, "labels": {"tool": "debug"}}
    containers = [{"name": "debug", "image": "debug", "securityContext": closed}]
    spec = {"containers": containers, "securityContext": security}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def test_a_policy_of_somebody_else_and_a_stranger_count(cli: Cli, trees: Trees, control_plane: ControlPlane) -> None:
    trees.apply("shop", tree())
    trees.until_ready("shop")
    assert cli("reach", "shop/web", "shop/cpl").code == Exit.DONE
    trees.apply_object(stranger(trees.namespace))
    assert cli("reach", "pod/debug", "shop/web").code == Exit.NO
    assert cli("reach", "pod/debug", "outside").code == Exit.DONE
    spec = {
        "podSelector": {"matchLabels": {"ailtire.io/service": "web"}},
        "ingress": [{"from": [{"podSelector": {"matchLabels": {"tool": "debug"}}}], "ports": [{"port": 8080}]}],
    }
    metadata = {"name": "debugging", "namespace": trees.namespace}
    trees.apply_object(
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}
    )
    eventually(lambda: cli("reach", "pod/debug", "shop/cpl/web", "--port", "8080").code == Exit.DONE)
    assert "NetworkPolicy debugging lets in pod/debug, 8080/TCP" in cli("reach", "pod/debug", "shop/cpl/web").out


def test_a_viewer_may_ask(cli: Cli, trees: Trees, control_plane: ControlPlane, tmp_path: Path) -> None:
    trees.apply("shop", tree())
    trees.until_ready("shop")
    viewer = kubeconfig_of("view", control_plane, trees.namespace, tmp_path)
    result = cli("reach", "shop/cpl/web", "shop/cpl/dm", "--kubeconfig", viewer)
    assert result.code == Exit.DONE, result.err
    assert "as   dm  in network siblings of shop/cpl" in result.out
    assert cli("reach", "shop/cpl/web", "shop/cpl/nope", "--kubeconfig", viewer).code == Exit.MISSING
