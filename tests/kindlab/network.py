"""Connects the nodes: each gets its plugin configuration and a route to the others' pods, as kind's kindnet does it."""

import json
from collections.abc import Mapping
from typing import Any

from kindlab import engine, kube

_CONFLIST = "/etc/cni/net.d/10-lab.conflist"


def connect(networking: Mapping[str, Any]) -> None:
    """Let pods reach each other on all nodes by their own addresses; beyond the cluster they wear the node's.

    ``networking`` is that part of kind's configuration: it has the ranges of pods and of services.
    """
    items = json.loads(kube.kubectl("get", "nodes", "-o", "json"))["items"]
    ranges = {node["metadata"]["name"]: node["spec"]["podCIDR"] for node in items}
    addresses = {node["metadata"]["name"]: _address(node) for node in items}
    for node, own in ranges.items():
        lines = ["set -e", "iptables -t nat -A POSTROUTING -s $1 ! -d $1 -o eth0 -j MASQUERADE"]
        # A Service that the node's proxy does not know yet leads nowhere. Else a call to it leaves the cluster, and
        # where somebody out there answers everything, the caller stays with that: the API server did, for metrics.
        lines += [f"iptables -A {chain} -d {networking['serviceSubnet']} -j REJECT" for chain in ("OUTPUT", "FORWARD")]
        lines += [f"ip route replace {ranges[other]} via {addresses[other]}" for other in ranges if other != node]
        lines += ["mkdir -p /etc/cni/net.d", f"cat > {_CONFLIST}"]
        script = "\n".join(lines)
        configuration = json.dumps(_plugins(own))
        engine.docker("exec", "-i", node, "sh", "-c", script, "sh", networking["podSubnet"], stdin=configuration)


def _address(node: dict[str, Any]) -> str:
    addresses: list[dict[str, str]] = node["status"]["addresses"]
    return next(each["address"] for each in addresses if each["type"] == "InternalIP")


def _plugins(pod_range: str) -> dict[str, Any]:
    ipam = {"type": "host-local", "ranges": [[{"subnet": pod_range}]], "routes": [{"dst": "0.0.0.0/0"}]}
    return {
        "cniVersion": "0.4.0",
        "name": "lab",
        "plugins": [
            {"type": "ptp", "ipMasq": False, "mtu": 1500, "ipam": {"dataDir": "/run/cni-ipam-state", **ipam}},
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }
