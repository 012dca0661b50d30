"""``tree`` and ``wait`` on paths, and ``version`` beside an operator, against a real API server."""

import json
from pathlib import Path

from ailtire_operator import __version__, naming
from ailtire_operator.cli.failures import Exit
from cluster.program import Cli, kubeconfig_of
from lab import ControlPlane, eventually
from support.kube.trees import Trees, tree


def test_tree_and_wait_take_paths(cli: Cli, trees: Trees) -> None:
    trees.apply("shop", tree())
    for path in ("shop/cpl/dm/db", "shop/cpl"):
        waited = cli("wait", path, "--timeout", "180s")
        assert waited.code == Exit.DONE, waited.err
    assert cli("tree", "shop/cpl/dm").out.splitlines()[0] == "✓ shop-cpl-dm  2/2 services"
    assert json.loads(cli("tree", "shop/cpl", "-o", "json").out)["name"] == "shop-cpl"
    assert cli("tree", "shop/cpl", "--usage").out.splitlines()[1].split()[1] == "shop-cpl"
    service = cli("tree", "shop/web")
    assert (service.code, "is a service" in service.err) == (Exit.TROUBLE, True)
    for verb in ("tree", "wait"):
        assert cli(verb, "shop/nobody").code == Exit.MISSING
    spec = tree()
    del spec["services"]["cpl"]
    trees.apply("shop", spec)
    gone = cli("wait", "shop/cpl", "--for", "deleted", "--timeout", "180s")
    assert gone.code == Exit.DONE, gone.err
    assert [each["metadata"]["name"] for each in trees.all_of(naming.KIND)] == ["shop"]


def test_all_namespaces_are_listed_by_whoever_may(
    cli: Cli, trees: Trees, control_plane: ControlPlane, tmp_path: Path
) -> None:
    trees.apply("shop", tree())
    trees.until_ready("shop")
    lines = cli("tree", "-A").out.splitlines()
    assert f"✓ {trees.namespace}/shop  4/4 services, 2/2 stacks" in lines
    assert sum(f"{trees.namespace}/" in line for line in lines) == 1, "a line for each tree"
    data = json.loads(cli("tree", "-A", "-n", "ignored", "-o", "json").out)
    (shop,) = [each for each in data if each["namespace"] == trees.namespace]
    assert (shop["name"], [each["key"] for each in shop["stacks"]]) == ("shop", ["cpl"])
    noted = json.loads(cli("notices", "-A", "-o", "json").out)["notices"]
    assert all(each["namespace"] for each in noted)
    viewer = kubeconfig_of("view", control_plane, trees.namespace, tmp_path)
    for verb in ("tree", "notices"):
        refused = cli(verb, "-A", "--kubeconfig", viewer)
        assert (refused.code, refused.out) == (Exit.TROUBLE, "")
        assert 'cannot list resource "ailtirestacks" in API group "ailtire.io" at the cluster scope' in refused.err
    # TAB waits for no slow cluster: on a busy machine it may take more than one try.
    eventually(lambda: completed(cli, "shop/cp") == ["shop/cpl", "shop/cpl/dm", "shop/cpl/web", ":4"])


def completed(cli: Cli, begun: str) -> list[str]:
    """What TAB offers behind ``tree``."""
    asked = cli("tree", begun, _KUBECTL_AILTIRE_COMPLETE="complete_kubectl")
    return [line.partition("\t")[0] for line in asked.out.splitlines()]


def test_version_asks_the_operator_and_says_when_they_differ(cli: Cli, control_plane: ControlPlane) -> None:
    assert "operator's version is not known: there is no Deployment" in cli("version").err
    labels = {naming.LABEL_NAME: naming.OPERATOR_NAME}
    container = {"name": "operator", "image": "registry.example:5000/ailtire-operator:9.9.9"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": naming.OPERATOR_NAME, "labels": labels},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template},
    }
    control_plane.kubectl("apply", "-n", "default", "-f", "-", stdin=json.dumps(deployment))
    try:
        told = cli("version")
        assert "ailtire-operator 9.9.9 (registry.example:5000/ailtire-operator:9.9.9)" in told.out
        assert f"note: this program is {__version__} and the operator 9.9.9" in told.err
        assert json.loads(cli("version", "-o", "json").out)["operator"]["version"] == "9.9.9"
        assert cli("version", "--client").err == ""
    finally:
        control_plane.kubectl("delete", "deployment", naming.OPERATOR_NAME, "-n", "default")
