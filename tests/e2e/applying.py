"""Applies objects to the cluster and waits for what becomes of them."""

import json
from collections.abc import Iterable
from typing import Any

import yaml

from kindlab import kube

Manifest = dict[str, Any]


def apply(namespace: str, *manifests: Manifest) -> None:
    """Apply objects by server-side apply."""
    text = yaml.safe_dump_all(manifests)
    kube.kubectl("apply", "--server-side", "--force-conflicts", "-n", namespace, "-f", "-", stdin=text)


def ready(namespace: str, *references: str, seconds: int = 180) -> None:
    """Wait until Deployments and StatefulSets have rolled out, and pods are ready."""
    for reference in references:
        if reference.startswith("pod/"):
            waiting: Iterable[str] = ("wait", "--for=condition=Ready", reference)
        else:
            waiting = ("rollout", "status", reference)
        kube.kubectl(*waiting, f"--timeout={seconds}s", "-n", namespace, timeout=seconds + 5)


def get(namespace: str, reference: str) -> Manifest:
    """Return a live object, by kind/name."""
    found: Manifest = json.loads(kube.kubectl("get", reference, "-n", namespace, "-o", "json"))
    return found


def pods(namespace: str, app: str) -> list[str]:
    """Return the names of the pods of an app."""
    listed = kube.kubectl("get", "pods", "-n", namespace, "-l", f"app={app}", "-o", "name")
    return [name.removeprefix("pod/") for name in listed.split()]
