"""The application of the tests: a tree of three levels, with a service called web on each of them."""

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from e2e.applying import Manifest, apply
from kindlab import kube
from lab.waiting import eventually

QUIET = {"logging": {"level": "warn"}}
"""What succeeds is not worth a line in the log of every gateway on its way, hundreds of times a second."""
RESERVED = {"reservations": {"cpu": "50m"}}
"""Who reserves nothing has no share of a processor on which containers start."""
HEALTH = {"http": "/ready", "port": 3000, "interval": "1s"}


def web(image: str, **more: Any) -> dict[str, Any]:
    """A service below /web, which it does not see."""
    interface = {"/web": {"path": "/", "port": 3000}, "/web/socket.io": {"path": "/socket.io", "port": 3000}}
    made = {"image": image, "user": "1000", "interface": interface, "policies": QUIET, "deploy": {}, **more}
    return {**made, "deploy": {"resources": RESERVED, **made["deploy"]}}


def child(services: dict[str, Any], interface: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A stack within a stack."""
    return {"type": "stack", "interface": interface, "policies": QUIET, "stack": {"services": services, **more}}


def root(services: dict[str, Any], host: str, name: str = "shop", **more: Any) -> Manifest:
    """A stack that the world reaches under a host name, by the cluster's ingress controller."""
    return {
        "apiVersion": "ailtire.io/v1alpha1",
        "kind": "AiltireStack",
        "metadata": {"name": name},
        "spec": {"services": services, "edge": {"className": "traefik", "hosts": [host]}, **more},
    }


def shop(glibc: str, musl: str, host: str, deepest: dict[str, Any] | None = None) -> Manifest:
    """Both dialects of routes, both C libraries; ``deepest`` changes the innermost service."""
    rolling = {"replicas": 2, "updateConfig": {"order": "startFirst"}}
    innermost = {"web": web(glibc, healthcheck=HEALTH, deploy=rolling) | (deepest or {})}
    middle = {"web": web(musl), "dm": child(innermost, {"dm": {"path": "/dm"}})}
    return root({"web": web(glibc), "cpl": child(middle, {"/cpl": {"path": "/"}})}, host)


PASSWORD = "right"
"""Of ann, who may call /secret."""


def passwords() -> Manifest:
    """The Secret of the routes that ask for a password."""
    digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
    content = {"auth": f"ann:{{SHA}}{digest}\n"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "users"}, "stringData": content}


def asked(glibc: str, musl: str, host: str) -> Manifest:
    """The same with policies on routes of the root, a service with volumes, and one in a dialect of its own."""

    def guarded(prefix: str, **policies: Any) -> dict[str, Any]:
        return {
            "image": glibc,
            "user": "1000",
            "interface": {prefix: {"path": "/", "port": 3000}},
            "policies": policies,
        }

    made = shop(glibc, musl, host)
    made["spec"]["services"] |= {
        "old": {"image": musl, "user": "1000", "interface": {"old": {"path": "/old", "port": 3000}}},
        "slow": guarded("/slow", timeout={"requestTimeout": "1s"}),
        "again": guarded("/again", retry={"maxRetries": 2}),
        "often": guarded("/often", accessControl={"rateLimit": 5}),
        "near": guarded("/near", accessControl={"allow": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]}),
        "far": guarded("/far", accessControl={"allow": ["203.0.113.0/24"]}),
        "secret": guarded("/secret", accessControl={"authentication": {"secret": "users"}}),
    }
    return made


def await_tree(namespace: str, name: str = "shop", seconds: int = 240) -> None:
    """Wait until a root and everything below it is ready."""
    stack = f"ailtirestack/{name}"
    kube.kubectl("wait", "--for=condition=Ready", stack, "-n", namespace, f"--timeout={seconds}s", timeout=seconds + 5)


def up(namespace: str, *manifests: Manifest, name: str = "shop") -> None:
    """Apply a tree and wait for it."""
    apply(namespace, *manifests)
    await_observed(namespace, name)
    await_tree(namespace, name)


def await_observed(namespace: str, name: str = "shop", seconds: int = 180) -> None:
    """Wait until the operator has seen the newest definition of a root, so that its readiness speaks of that one."""
    generation = kube.kubectl("get", f"ailtirestack/{name}", "-n", namespace, "-o", "jsonpath={.metadata.generation}")
    seen = f"--for=jsonpath={{.status.observedGeneration}}={generation}"
    stack = f"ailtirestack/{name}"
    kube.kubectl("wait", seen, stack, "-n", namespace, f"--timeout={seconds}s", timeout=seconds + 5)


def patch(namespace: str, spec: dict[str, Any], name: str = "shop") -> None:
    """Change a root's definition as `kubectl patch --type merge` does, and wait until the operator has seen it."""
    kube.kubectl("patch", f"ailtirestack/{name}", "-n", namespace, "--type=merge", "-p", json.dumps({"spec": spec}))
    await_observed(namespace, name)


def pods(namespace: str, *labels: str) -> dict[str, Manifest]:
    """Return the pods that live and have these labels, by name."""
    found = _listed("-n", namespace, "-l", ",".join(labels))
    return {each["metadata"]["name"]: each for each in found if not _leaves(each)}


def deployments(names: Iterable[str]) -> set[str]:
    """Return the names of the Deployments that pods of these names are of."""
    return {name.rsplit("-", 2)[0] for name in names}


def await_gone(namespace: str | None = None) -> None:
    """Wait until no pod of a namespace, or of any, is about to leave: until then it serves whoever still calls it."""
    where = ("-n", namespace) if namespace else ("--all-namespaces",)
    eventually(lambda: not any(_leaves(each) for each in _listed(*where)), 240, "the end of all pods that leave")


def _listed(*arguments: str) -> list[Manifest]:
    found: list[Manifest] = json.loads(kube.kubectl("get", "pods", *arguments, "-o", "json"))["items"]
    return found


def _leaves(pod: Manifest) -> bool:
    return "deletionTimestamp" in pod["metadata"]
