"""The tree on Kubernetes and in the Swarm: how to bring it there, and to each of its containers."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from e2e.applying import apply
from e2e.parity.facts import REACH, Fact, Facts, Part
from e2e.parity.tree import NAME, STACKS
from e2e.tree import pods
from kindlab import engine, kube, swarm
from kindlab.places import KUBECONFIG
from lab.waiting import eventually

_CLI = (sys.executable, "-c", "from ailtire_operator.cli import main; main()")
_STACK, _KEY = "ailtire.io/stack", "ailtire.io/service"
_KEY_AS_WRITTEN = "ailtire.io/key"


def _path(stack: str, key: str) -> str:
    return f"{STACKS[stack]}/{key}" if key else STACKS[stack]


def deploy_on_kubernetes(namespace: str, definition: Mapping[str, Any]) -> None:
    """Apply the tree and wait until it is ready."""
    apply(namespace, dict(definition))
    waiting = ("wait", "--for=condition=Ready", f"ailtirestack/{NAME}", "-n", namespace, "--timeout=180s")
    kube.kubectl(*waiting, timeout=190)


def kubernetes(namespace: str) -> list[Part]:
    """The parts on Kubernetes."""
    services = json.loads(kube.kubectl("get", "services", "-n", namespace, "-o", "json"))["items"]
    return sorted((_pod(each, services) for each in pods(namespace).values()), key=lambda part: part.path)


def _pod(pod: Mapping[str, Any], services: list[Mapping[str, Any]]) -> Part:
    metadata = pod["metadata"]
    namespace, name, labels = metadata["namespace"], metadata["name"], metadata["labels"]
    key = (metadata.get("annotations") or {}).get(_KEY_AS_WRITTEN) or labels.get(_KEY, "")
    selecting = [
        each["spec"]
        for each in services
        if each["spec"].get("selector") and each["spec"]["selector"].items() <= labels.items()
    ]
    own = {each["ip"] for each in pod["status"]["podIPs"]}
    return Part(
        path=_path(labels[_STACK], key),
        key=key,
        stack=labels[_STACK],
        run=partial(kube.kubectl, "exec", "-n", namespace, name, "--"),
        addresses=frozenset(own | {each["clusterIP"] for each in selecting} - {"None"}),
        log=tuple(kube.command("logs", "-f", "-n", namespace, name)),
        stop=partial(kube.kubectl, "delete", "pod", name, "-n", namespace, "--wait=false"),
        host=name,
        called={"⟨pod⟩": name, "⟨namespace⟩": namespace},
    )


def evaluated(namespace: str, parts: list[Part]) -> Facts:
    """Who reaches whom by the NetworkPolicies in the cluster, as ``kubectl ailtire reach`` evaluates them."""
    asked = ("reach", "--matrix", "-o", "json", "-n", namespace, "--kubeconfig", str(KUBECONFIG))
    told = subprocess.run([*_CLI, *asked], capture_output=True, text=True, check=True, timeout=60).stdout
    open_ports = {(each["from"], each["to"]): each["ports"] for each in json.loads(told)["reach"]}
    found = {}
    for source in (each for each in parts if each.probe):
        for target in (each for each in parts if each != source):
            ports = open_ports.get((source.path, target.path), [])
            reached = "all" in ports or f"{target.port}/TCP" in ports
            found[Fact(REACH, source.path, target.path)] = "open" if reached else "closed"
    return found


@contextmanager
def in_swarm(definition: Mapping[str, Any], folder: Path) -> Iterator[list[Part]]:
    """Export the tree, run what the exporter wrote, and take the stacks away in the end."""
    (folder / "tree.json").write_text(json.dumps(definition))
    written = folder / "swarm"
    # Nodes without ip_vs have no virtual addresses.
    options = ("-f", str(folder / "tree.json"), "-o", str(written), "--endpoint-mode", "dnsrr")
    subprocess.run([*_CLI, "export", *options], capture_output=True, text=True, check=True, timeout=60)
    try:
        script = [str(written / "deploy.sh"), "--resolve-image", "never"]
        subprocess.run(script, check=True, capture_output=True, text=True, timeout=120)
        for stack in STACKS:
            eventually(partial(swarm.settled, stack), seconds=120, what=f"every task of {stack} running")
        found = [_task(each) for stack in STACKS for each in swarm.containers(stack)]
        yield sorted(found, key=lambda part: part.path)
    finally:
        swarm.remove(*reversed(STACKS))


def _task(container: swarm.Container) -> Part:
    # A key that another service has in a network of this one has its stack's name before it.
    key = container.service.removeprefix(f"{container.stack}-").removeprefix("stack-gateway")
    settings = json.loads(engine.docker("inspect", "--format", "{{json .NetworkSettings.Networks}}", container.id))
    service = f"{container.stack}_{container.service}"
    return Part(
        path=_path(container.stack, key),
        key=key,
        stack=container.stack,
        run=container.run,
        addresses=frozenset(each["IPAddress"] for each in settings.values() if each["IPAddress"]),
        log=("docker", "logs", "-f", container.id),
        stop=partial(engine.docker, "service", "scale", "--detach", f"{service}=0"),
        host=container.id[:12],
        called={"⟨container⟩": container.id[:12]},
    )
