"""The cluster itself: `kind create cluster`, and what turns it into one that workloads can use."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from kindlab import addons, engine, kube, network, nodeimage, parts, workloads
from kindlab.places import CLUSTER, HERE, KUBECONFIG, STATE
from lab import binaries, commands
from lab.report import Say, say, step

_VOLUMES = STATE / "volumes"
"""The nodes' shared disk."""
_CONFIGURATION = STATE / "kind.yaml"


def exists() -> bool:
    """Say whether the cluster was made, running or not."""
    return engine.running() and CLUSTER in kube.kind("get", "clusters").split()


def ready() -> bool:
    """Say whether the cluster answers, and has what a cluster has: its memory does not outlive its containers."""
    asking = ("get", "daemonset/kube-proxy", "-n", "kube-system", "--request-timeout=10s")
    return KUBECONFIG.exists() and commands.succeeds(kube.command(*asking))


def _of_the_tests(tell: Say) -> Sequence[str]:
    return workloads.ensure(tell).all()


def up(tell: Say = say, wanted: Callable[[Say], Sequence[str]] = _of_the_tests) -> None:
    """Start the cluster and bring it the images that are wanted; where it runs, only what is missing is done."""
    engine.up(tell)
    with ThreadPoolExecutor(1) as meanwhile:
        # Debian's packages come over the network while Go computes.
        images = meanwhile.submit(wanted, tell)
        if not engine.pulls():
            binaries.ensure([*parts.ADDONS, *parts.NODE_IMAGE], tell)  # what takes longest comes first
        _start(tell)
        addons.install(tell)
    kube.load(*images.result())


def _start(tell: Say) -> None:
    if exists() and not KUBECONFIG.exists():
        # Another checkout of this project made it.
        kube.kind("export", "kubeconfig", "--name", CLUSTER, "--kubeconfig", KUBECONFIG)
    if exists() and not ready():
        tell("the cluster that is there does not answer: making it anew")
        kube.kind("delete", "cluster", "--name", CLUSTER)
    if not exists():
        local = not engine.pulls()
        node_image = nodeimage.ensure(tell) if local else None
        configuration = _configuration(disable_cni=local)
        with step(tell, "creating the cluster"):
            _create(configuration, node_image)
            if local:
                network.connect(configuration["networking"])
            kube.kubectl("wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s", timeout=130)


def down(tell: Say = say) -> None:
    """Delete the cluster and what it stored."""
    if exists():
        with step(tell, "deleting the cluster"):
            kube.kind("delete", "cluster", "--name", CLUSTER, "--kubeconfig", KUBECONFIG)
    for leftover in (KUBECONFIG, _CONFIGURATION):
        leftover.unlink(missing_ok=True)
    if _VOLUMES.exists():
        commands.output(["rm", "-rf", "--one-file-system", _VOLUMES])


def _create(configuration: dict[str, Any], node_image: str | None) -> None:
    _VOLUMES.mkdir(parents=True, exist_ok=True)
    _CONFIGURATION.write_text(yaml.safe_dump(configuration))
    command: list[str | Path] = [
        "create",
        "cluster",
        "--name",
        CLUSTER,
        "--config",
        _CONFIGURATION,
        "--kubeconfig",
        KUBECONFIG,
    ]
    kube.kind(*command, *(["--image", node_image] if node_image else []))


def _configuration(disable_cni: bool) -> dict[str, Any]:
    configuration: dict[str, Any] = yaml.safe_load((HERE / "kind.yaml").read_text())
    configuration["networking"]["disableDefaultCNI"] = disable_cni
    for node in configuration["nodes"]:
        node["extraMounts"] = [{"hostPath": str(_VOLUMES), "containerPath": "/var/local-volumes"}]
    return configuration
