"""``logs`` against a real API server, as far as one without kubelets goes: what is chosen, and what is said."""

from pathlib import Path

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit
from cluster.program import Cli, kubeconfig_of
from lab import ControlPlane
from support.kube.rights import account, until_may
from support.kube.trees import Trees, tree

STACKS = f"{naming.PLURAL}.{naming.GROUP}"


def test_what_cannot_be_read_is_said_in_plain_words(
    cli: Cli, trees: Trees, control_plane: ControlPlane, tmp_path: Path
) -> None:
    assert cli("logs", "shop").code == Exit.MISSING
    trees.apply("shop", tree())
    trees.until_ready("shop")
    assert "Did you mean web?" in cli("logs", "shop/wbe").err
    trees.kubectl("create", "serviceaccount", "nobody")
    nobody = kubeconfig_of("view", control_plane, trees.namespace, tmp_path)
    trees.kubectl("delete", "rolebinding", "view")
    until_may(control_plane, trees.namespace, account(trees.namespace, "view"), "get", STACKS, may=False)
    refused = cli("logs", "shop", "--kubeconfig", nobody)
    assert refused.code == Exit.TROUBLE
    assert 'cannot get resource "ailtirestacks"' in refused.err


def test_the_containers_of_a_subtree_are_asked_for_and_each_failure_is_named(cli: Cli, trees: Trees) -> None:
    trees.apply("shop", tree())
    trees.until_ready("shop")
    result = cli("logs", "shop/cpl")
    # A simulated node has no kubelet to ask, which is what makes every one of them fail here.
    told = {line.split()[0] for line in result.err.splitlines() if "the log cannot be read" in line}
    assert told == {"shop/cpl/web", "shop/cpl/dm/db", "shop/cpl/dm/api"}, result.err
    assert (result.code, result.out) == (Exit.TROUBLE, "")
    with_gateway = cli("logs", "shop/cpl/dm", "--gateways", "-c", "gateway").err
    assert {line.split()[0] for line in with_gateway.splitlines()} == {"shop/cpl/dm"}
    assert cli("logs", "shop", "-q").err == ""
    limited = cli("logs", "shop", "-f", "--max-log-requests", "1")
    assert limited.code == Exit.TROUBLE
    assert "these are 4 containers, and 1 are followed at once" in limited.err
