"""The operator in the cluster, from its own image, as `kubectl apply -k manifests/overlays/kind` installs it."""

from collections.abc import Iterator
from contextlib import contextmanager

from kindlab import engine, kube, workloads
from kindlab.places import REPOSITORY
from lab.paths import ROOT
from lab.report import Say, say, step

NAMESPACE = "ailtire-system"
NAME = "deployment/ailtire-operator"
_OVERLAY = ROOT / "manifests" / "overlays" / "kind"


def install(tell: Say = say) -> None:
    """Build the operator's image, bring it and the gateways' to the nodes, and apply the overlay."""
    made = {"operator": workloads.operator(tell), "nginx": workloads.nginx(tell)}
    with step(tell, "installing the operator"):
        for name, reference in made.items():
            engine.docker("tag", reference, f"{REPOSITORY}/{name}:lab")
        kube.load(*made.values(), *(f"{REPOSITORY}/{name}:lab" for name in made))
        # The tag `lab` is for people who apply the overlay by hand; here the content's own tag makes new pods.
        text = kube.kubectl("kustomize", str(_OVERLAY))
        for name, reference in made.items():
            text = text.replace(f"{REPOSITORY}/{name}:lab", reference)
        kube.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=text)
        kube.kubectl("rollout", "status", NAME, "-n", NAMESPACE, "--timeout=120s", timeout=130)


@contextmanager
def stopped() -> Iterator[None]:
    """No replica of the operator runs for as long as the block lasts."""
    count = kube.kubectl("get", NAME, "-n", NAMESPACE, "-o", "jsonpath={.spec.replicas}")
    _scale("0")
    selector = f"app.kubernetes.io/name={NAME.partition('/')[2]}"
    kube.kubectl("wait", "--for=delete", "pod", "-l", selector, "-n", NAMESPACE, "--timeout=120s", timeout=130)
    try:
        yield
    finally:
        _scale(count)
        kube.kubectl("rollout", "status", NAME, "-n", NAMESPACE, "--timeout=120s", timeout=130)


def _scale(count: str) -> None:
    kube.kubectl("scale", NAME, f"--replicas={count}", "-n", NAMESPACE)


def remove() -> None:
    """Take the operator away and leave everything else: what it wrote keeps running."""
    kube.kubectl("delete", NAME, "-n", NAMESPACE, "--ignore-not-found")
