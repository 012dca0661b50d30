"""An imported application runs: every package becomes a ready stack, what is missing shows in the status."""

from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.compose.importing import import_application
from lab import ControlPlane
from support.definitions.applications import SOCKET, deploy, services, stack, write
from support.kube.trees import Trees

APPLICATION: dict[str, Any] = {
    "deploy/deploy.js": deploy("Shop_App", "local", "dev"),
    "deploy/services.js": {
        **services(
            cpl=stack("shop_cpl", interface={"cpl": {"path": "/cpl", "port": 3000}}),
            web={
                "image": "_shop_Web",
                "volumes": {**SOCKET, "home": {"source": "/var/lib/home", "target": "/home"}},
                "interface": {"/web": {"path": "/web", "port": 3000, "protocol": "http"}},
                "environment": {"CPL": "http://cpl:3000/x", "NUMBER": 3, "AILTIRE_PORT": 3000},
                "policies": {"scaling": {"min": 0, "max": 3}, "timeout": {"requestTimeout": 5000}},
                "deploy": {"replicas": 2, "placement": {"resources": {"limits": {"cpus": "0.50", "memory": "50M"}}}},
            },
            broker={"image": "broker", "interface": {"/broker/": {"path": "/", "port": 6650}}},
        ),
        "networks": {"telemetry": {"driver": "overlay", "attachable": True, "name": "shop_telemetry"}},
        "interface": {"ports": {"80": 3000, "443": 3000, "6650": 6650}},
    },
    "api/Physical/deploy/deploy.js": deploy("shop_cpl", "dev"),
    "api/Physical/deploy/services.js": services(
        policy_engine={
            "image": "engine",
            "environment": {"PEER": "tasks.store:9000"},
            "networks": {"siblings": {"aliases": ["PE"]}, "telemetry": {}, "parent": {}},
        },
        store=stack("shop_cpl_store:latest", interface={"/store": {"path": "/"}}),
        gone=stack("shop_gone", interface={"/gone": {"path": "/"}}),
    ),
    "api/Physical/Store/deploy/deploy.js": deploy("shop_cpl_store", "prod"),
    "api/Physical/Store/deploy/services.js": services(
        db={"image": "db", "volumes": {"data": {"source": "records", "target": "/data"}}, "interface": {"db": {}}}
    ),
}


@pytest.fixture
def trees(trees: Trees, control_plane: ControlPlane, namespace: str) -> Trees:
    # The images of an imported application expect Docker's defaults, which `restricted` forbids.
    label = "pod-security.kubernetes.io/enforce=baseline"
    control_plane.kubectl("label", "--overwrite", "namespace", namespace, label)
    return trees


def test_an_imported_application_becomes_ready_and_tells_what_it_lacks(trees: Trees, tmp_path: Path) -> None:
    imported = import_application(write(tmp_path, APPLICATION), env="dev", registry="registry.example/shop")
    (resource,) = imported.resources
    trees.apply(resource["metadata"]["name"], resource["spec"])
    trees.until_ready("shop-app")
    assert trees.names("AiltireStack") == {"shop-app", "shop-app-cpl", "shop-app-cpl-store"}
    pods = trees.must("Deployment", "shop-app-cpl-policy-engine")["spec"]["template"]["spec"]
    container = pods["containers"][0]
    assert container["image"] == "registry.example/shop/engine"
    variables = {each["name"]: each.get("value") for each in container["env"]}
    assert (variables["PEER"], variables["AILTIRE_APPNAME"]) == ("store:9000", "shop_app")
    notices = trees.status("shop-app")["translation"]["notices"]
    dropped = [each["path"] for each in notices if "container runtime's socket" in each["message"]]
    assert dropped == ["spec.services.web.volumes.docker"]
    assert "shop-gone" in str(trees.status("shop-app-cpl"))


def test_the_report_and_the_server_agree_on_what_can_be_applied(trees: Trees, tmp_path: Path) -> None:
    """A second environment, whose packages all lack its context, beside the first one in spirit."""
    imported = import_application(write(tmp_path, APPLICATION), env="local", registry=None, name="other")
    (resource,) = imported.resources
    assert [each for each in imported.notices if "there is no context 'local'" in each.message]
    trees.apply("other", resource["spec"])
    trees.until_ready("other")
    assert len(trees.names("AiltireStack")) == 3
