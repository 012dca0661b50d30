"""What a control plane is furnished with: fake nodes and a default StorageClass."""

from typing import Any

from lab.api import Api
from lab.components import FIRST_NODE_NET, NODE_POD_CIDR
from lab.versions import PROGRAMS

_CAPACITY = {"cpu": "1000", "memory": "4Ti", "pods": "60000", "ephemeral-storage": "4Ti"}
_OF_A_NAMESPACE = ("serviceaccounts/default", "configmaps/kube-root-ca.crt")
"""What a pod of any namespace needs, and the controllers create."""


def install(api: Api, nodes: int) -> None:
    """Create nodes and StorageClass."""
    for number in range(nodes):
        api.create("/api/v1/nodes", _node(number))
    api.create("/apis/storage.k8s.io/v1/storageclasses", _storage_class())


def complete(api: Api, nodes: int) -> bool:
    """Say whether a pod could be created and run now."""
    if any(api.find(f"/api/v1/namespaces/default/{each}") is None for each in _OF_A_NAMESPACE):
        return False
    items = api.get("/api/v1/nodes")["items"]
    return len(items) == nodes and all(_usable(node) for node in items)


def _usable(node: dict[str, Any]) -> bool:
    conditions = node["status"].get("conditions", [])
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return ready and not node["spec"].get("taints")


def _node(number: int) -> dict[str, Any]:
    name = f"node-{number}"
    cidr = NODE_POD_CIDR.format(FIRST_NODE_NET + number)
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"podCIDR": cidr, "podCIDRs": [cidr]},
        "status": {"capacity": _CAPACITY, "allocatable": _CAPACITY, "nodeInfo": _node_info()},
    }


def _node_info() -> dict[str, str]:
    """Return what `kubectl get nodes` shows of a node's programs."""
    unknown = dict.fromkeys(("machineID", "systemUUID", "bootID", "kubeProxyVersion"), "")
    played = f"kwok://{PROGRAMS['kwok'].version.removeprefix('v')}"
    kubelet = PROGRAMS["kube-apiserver"].version
    system = {"operatingSystem": "linux", "architecture": "amd64", "kernelVersion": "none", "osImage": "none (fake)"}
    return {**unknown, **system, "kubeletVersion": kubelet, "containerRuntimeVersion": played}


def _storage_class() -> dict[str, Any]:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "ailtire.io/lab",
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "Immediate",
        "allowVolumeExpansion": True,
    }
