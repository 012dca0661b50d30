"""What a volume and a kubelet decide: the data of a claim that is taken over, and a container's host name."""

from typing import Any

import pytest

from e2e import applying, objects
from e2e.asking import Pod
from e2e.conftest import Lab
from kindlab import kube

pytestmark = pytest.mark.usefixtures("operator")
CLAIM = "ledger"
OWNER = "12345"
"""The user of the pods that wrote the data before."""
NAME = "db.example.com"
WEB = "deploy/shop-web"


def mounting(name: str, image: str) -> dict[str, Any]:
    """A pod of somebody else that has the claim at /data."""
    mount = {"name": "data", "mountPath": "/data"}
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": CLAIM}}]
    return objects.pod(name, objects.container(image, volumeMounts=[mount]), volumes=volumes)


def stack(image: str) -> dict[str, Any]:
    """A stack that takes the claim over, and whose one service has a host name with a domain."""
    web = {"image": image, "user": OWNER, "hostname": NAME, "volumes": {"rows": {"source": "rows", "target": "/rows"}}}
    data = {"rows": {"claim": CLAIM, "adopt": True, "retain": True, "size": "16Mi"}}
    spec = {"securityProfile": "restricted", "services": {"web": web}, "data": data}
    return {"apiVersion": "ailtire.io/v1alpha1", "kind": "AiltireStack", "metadata": {"name": "shop"}, "spec": spec}


def test_a_claim_is_taken_over_with_its_data_and_a_container_has_its_whole_name(lab: Lab, namespace: str) -> None:
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "16Mi"}}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": CLAIM}, "spec": wanted}
    applying.apply(namespace, claim, mounting("theirs", lab.images.probe))
    applying.ready(namespace, "pod/theirs")
    Pod(namespace, "theirs").run("sh", "-c", "echo kept > /data/file")
    before = applying.get(namespace, f"pvc/{CLAIM}")
    kube.kubectl("delete", "pod", "theirs", "-n", namespace)

    applying.apply(namespace, stack(lab.images.probe))
    kube.ailtire("wait", "shop", "-n", namespace, "--timeout", "50s")
    web = Pod(namespace, WEB)
    assert web.run("cat", "/rows/file") == "kept\n"
    web.run("sh", "-c", "echo and more >> /rows/file")
    assert web.run("cat", "/proc/sys/kernel/hostname") == f"{NAME}\n"
    addresses = web.run("getent", "hosts", NAME).split()[0], web.run("hostname", "-i").strip()
    assert addresses[0] == addresses[1], "its own name is its own address"

    kube.kubectl("delete", "ailtirestack", "shop", "-n", namespace, "--cascade=foreground")
    now = applying.get(namespace, f"pvc/{CLAIM}")
    assert (now["metadata"]["uid"], now["spec"]["volumeName"]) == (
        before["metadata"]["uid"],
        before["spec"]["volumeName"],
    )
    applying.apply(namespace, mounting("again", lab.images.probe))
    applying.ready(namespace, "pod/again")
    assert Pod(namespace, "again").run("cat", "/data/file") == "kept\nand more\n"
