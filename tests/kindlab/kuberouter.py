"""kube-router as the product that puts NetworkPolicies in force, in clusters whose network plugin enforces none."""

from collections.abc import Iterator
from contextlib import contextmanager

import yaml

from kindlab import engine, images, kube, parts
from kindlab.places import HERE
from lab.report import Say, say, step

NAME = "kube-router"
_FOLDER = HERE / NAME
_NAMESPACE = "kube-system"
_CHAINS = "KUBE-(ROUTER|POD-FW|NWPLCY)-"
"""The names of its chains begin so. It leaves them, and what they refuse, when it ends."""


def image(tell: Say = say) -> str:
    """Return the name of its image, after it was found or built."""
    binary = parts.binary(parts.KUBE_ROUTER)
    return images.ensure(images.Recipe(NAME, _FOLDER, {NAME: binary}, {"BASE": images.base(tell)}), tell)


@contextmanager
def running(tell: Say = say) -> Iterator[None]:
    """Run it on every node for the length of the block; nothing of it stays in force."""
    made = image(tell)
    kube.load(made, control_plane=True)
    kube.load(made)
    services = yaml.safe_load((HERE / "kind.yaml").read_text())["networking"]["serviceSubnet"]
    text = (_FOLDER / "daemonset.yaml").read_text()
    manifest = text.replace("KUBE_ROUTER_IMAGE", made).replace("SERVICE_RANGE", services)
    try:
        with step(tell, "installing kube-router"):
            kube.kubectl("apply", "--server-side", "-f", "-", stdin=manifest)
            kube.kubectl("rollout", "status", f"daemonset/{NAME}", "-n", _NAMESPACE, "--timeout=120s", timeout=130)
        yield
    finally:
        remove()


def remove() -> None:
    """Take it and its rules away, if they are there."""
    kube.kubectl("delete", "daemonset", NAME, "-n", _NAMESPACE, "--ignore-not-found", "--cascade=foreground")
    script = f"iptables-save -t filter | grep -vE '{_CHAINS}' | iptables-restore -T filter"
    for node in kube.nodes():
        engine.docker("exec", node, "sh", "-c", script)
