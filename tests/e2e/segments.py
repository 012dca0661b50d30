"""A tree whose networks are of every kind, and the question who reaches whom in it: tried, from every pod."""

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from e2e.applying import Manifest
from e2e.tree import HEALTH, RESERVED, child, pods, root, web
from kindlab import engine, kube

OUTSIDE = "outside"
HOST_PORT = 8099
_STACK = "ailtire.io/stack"
_SERVICE = "ailtire.io/service"
_PATIENCE = "4"
"""Seconds for a connection: where packets are dropped, nobody says no."""
_LISTENERS = r"""set -eu
for task in "$@"; do
  pid=$(ctr --namespace=k8s.io tasks list | awk -v id="$task" '$1 == id { print $2 }')
  nsenter --net=/proc/$pid/ns/net ss --no-header --listening --tcp --numeric | awk -v id="$task" '{ print id, $4 }'
done
"""
_CALLS = r"""
while read -r task targets; do
  pid=$(ctr --namespace=k8s.io tasks list | awk -v id="$task" '$1 == id { print $2 }')
  space=${pid:+nsenter --net=/proc/$pid/ns/net}
  $space timeout "$1" bash -c '
    task=$1; shift
    for target; do ( exec 3<> "/dev/tcp/$target" && echo "$task $target" ) 2> /dev/null & done
    wait' bash "$task" $targets &
done
wait
"""


@dataclass(frozen=True)
class Place:
    """Something with an address: a pod, or a node as a part of the world outside."""

    path: str
    """As ``kubectl ailtire reach`` calls it."""
    node: str
    address: str
    task: str = ""
    """The container whose network it is; none for a node's own."""


def tree(glibc: str, musl: str, host: str) -> Manifest:
    """Three levels with gateways; a network that is internal, one that is shared, one that is the parent's."""
    inner = {
        "web": web(glibc, healthcheck=HEALTH, deploy={"replicas": 2}),
        "meter": _silent(musl, networks={"telemetry": {}}),
        "db": _silent(musl),
    }
    deepest = child(inner, {"dm": {"path": "/dm"}}, networks={"telemetry": {"external": True}})
    middle = {
        "web": web(musl),
        "herald": _silent(glibc, networks={"siblings": {}, "parent": {}}),
        "dm": deepest,
    }
    top = {
        "web": web(glibc, healthcheck=HEALTH),
        "collector": _silent(glibc, networks={"siblings": {}, "telemetry": {}}),
        "keeper": _silent(glibc, networks={"siblings": {}, "vault": {}}),
        "safe": _silent(glibc, networks={"vault": {}}),
        "till": web(musl, networks={"counter": {}}) | {"interface": {"/till": {"path": "/", "port": 3000}}},
        "cpl": child(middle, {"/cpl": {"path": "/"}}),
    }
    networks = {"telemetry": {"name": "telemetry"}, "vault": {"internal": True}, "counter": {}}
    return root(top, host, networks=networks)


def publishing(image: str) -> Manifest:
    """One service with a port of the node, one of every node, and one of its own."""
    ports = {
        "host": {"port": 3000, "published": HOST_PORT, "mode": "host"},
        "node": {"port": 9000, "published": 9000},
        "own": {"port": 9100},
    }
    listens = {"PROBE_PORTS": "3000,9000,9100"}
    service = {
        "image": image,
        "user": "1000",
        "environment": listens,
        "ports": ports,
        "deploy": {"resources": RESERVED},
    }
    made = root({"open": service}, "", securityProfile="privileged", exposure={"type": "NodePort"})
    del made["spec"]["edge"]
    return made


def _silent(image: str, **more: Any) -> dict[str, Any]:
    """A service without a route, which listens on two ports and declares one."""
    return {
        "image": image,
        "user": "1000",
        "ports": {"main": {"port": 3000}},
        "environment": {"PROBE_PORTS": "3000,9000"},
        "deploy": {"resources": RESERVED},
        **more,
    }


def places(namespace: str) -> list[Place]:
    """Return the living pods of a namespace."""
    return [_place(each) for each in pods(namespace).values()]


def _place(pod: Mapping[str, Any]) -> Place:
    labels, status = pod["metadata"]["labels"], pod["status"]
    task = status["containerStatuses"][0]["containerID"].removeprefix("containerd://")
    path = "pod/" + pod["metadata"]["name"]
    if stack := labels.get(_STACK):
        # In this tree no key has a hyphen, so names of stacks are paths.
        path = "/".join([*stack.split("-"), *filter(None, [labels.get(_SERVICE)])])
    return Place(path, pod["spec"]["nodeName"], status["podIP"], task)


def nodes() -> list[Place]:
    """Return the cluster's nodes; to a pod on another node, each is something outside."""
    items = json.loads(kube.kubectl("get", "nodes", "-o", "json"))["items"]
    found = {each["metadata"]["name"]: each["status"]["addresses"] for each in items}
    return [
        Place(OUTSIDE, name, next(each["address"] for each in addresses if each["type"] == "InternalIP"))
        for name, addresses in found.items()
    ]


def listeners(among: Iterable[Place]) -> dict[Place, list[int]]:
    """Return the TCP ports on which each pod really listens, but for those that only it can call."""
    by_task = {each.task: each for each in among}
    found: dict[Place, set[int]] = {each: set() for each in by_task.values()}
    for node in {each.node for each in by_task.values()}:
        tasks = [each.task for each in by_task.values() if each.node == node]
        for line in engine.docker("exec", node, "bash", "-c", _LISTENERS, "bash", *tasks).splitlines():
            task, _, socket = line.partition(" ")
            address, _, port = socket.rpartition(":")
            if not address.startswith(("127.", "[::1]")):
                found[by_task[task]].add(int(port))
    return {each: sorted(ports) for each, ports in found.items()}


def calls(callers: Iterable[Place], targets: Iterable[str]) -> set[tuple[Place, str]]:
    """Try a TCP connection from each place to each ``address/port``, but its own; return which were made."""
    everyone, wanted = list(callers), sorted(targets)
    by_node: dict[str, dict[str, Place]] = {}
    for each in everyone:
        by_node.setdefault(each.node, {})[each.task or "node"] = each

    def at(node: str) -> set[tuple[Place, str]]:
        mine = by_node[node]
        lines = [
            " ".join([task, *(each for each in wanted if each.partition("/")[0] != caller.address)])
            for task, caller in mine.items()
        ]
        command = ("exec", "-i", node, "bash", "-c", _CALLS, "bash", _PATIENCE)
        told = engine.docker(*command, stdin="\n".join([*lines, ""])).split("\n")
        return {(mine[line.split()[0]], line.split()[1]) for line in told if line}

    with ThreadPoolExecutor() as asking:
        return set().union(*asking.map(at, by_node))
