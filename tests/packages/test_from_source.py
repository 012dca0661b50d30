"""From source to running: definitions are pushed beside images, imported by digest and applied, twice in one namespace.

What stands for the builder pushes images without content, as no pod of this cluster pulls one.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ailtire_operator.cli import app
from cluster.conftest import audit as audit
from cluster.conftest import control_plane as control_plane
from cluster.conftest import installed_operator as installed_operator
from cluster.conftest import namespace as namespace
from cluster.conftest import operator as operator
from cluster.conftest import trees as trees
from lab import ControlPlane
from packages.registries import SHOP, image, registry
from support.definitions.applications import write
from support.kube.trees import Trees

KINDS = ("AiltireStack", "Deployment", "Service", "ConfigMap", "NetworkPolicy")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with registry(tmp_path) as address:
        yield address


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code = app.run(arguments)
    told = capsys.readouterr()
    assert code == 0, told.err
    return told.out


@pytest.mark.timeout(600)
def test_an_application_is_pushed_imported_by_digest_and_installed_twice(
    host: str, trees: Trees, control_plane: ControlPlane, namespace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # The images of an imported application expect Docker's defaults, which `restricted` forbids.
    label = "pod-security.kubernetes.io/enforce=baseline"
    control_plane.kubectl("label", "--overwrite", "namespace", namespace, label)
    write(Path("shop"), SHOP)
    web, api = image(host, "shop_web", "1.4"), image(host, "shop_api", "2")
    options = ("--env", "prod", "--registry", f"{host}/team", "--tag", "1.4")
    pushed = json.loads(run(capsys, "build", "shop", *options, "--push", "--no-images", "-o", "json"))
    address = next(each["reference"] for each in pushed["definitions"] if each["package"] == "shop")

    for name in ("shop", "second"):
        trees.kubectl("apply", "-f", "-", stdin=run(capsys, "import", address, "--name", name, "-n", namespace))
    trees.until_ready("shop", "second")
    assert trees.names("AiltireStack") == {"shop", "shop-orders", "second", "second-orders"}
    for name in ("shop", "second"):
        assert containers(trees, f"{name}-web") == [f"{host}/team/shop_web:1.4@{web}"]
        assert containers(trees, f"{name}-orders-api") == [f"{host}/team/shop_api:2@{api}"]

    image(host, "shop_web", "other")
    again = run(capsys, "import", address, "--name", "shop", "-n", namespace)
    assert "shop_web:1.4@" + web in str(yaml.safe_load(again)), "what a digest names never changes"

    before = {kind: {each for each in trees.names(kind) if each.startswith("second")} for kind in KINDS}
    trees.delete("AiltireStack", "shop")
    trees.until("the end of the first", lambda: not {each for each in trees.names("Deployment") if "shop" in each})
    assert {kind: {each for each in trees.names(kind) if each.startswith("second")} for kind in KINDS} == before
    assert len(before["Deployment"]) >= 3
    assert trees.is_ready("second")


def containers(trees: Trees, deployment: str) -> list[str]:
    return [each["image"] for each in trees.must("Deployment", deployment)["spec"]["template"]["spec"]["containers"]]
