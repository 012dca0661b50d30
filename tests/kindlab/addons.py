"""What every cluster of the tests has: an ingress controller (Traefik), the definitions of the Gateway API, a DNS that
tells what it was asked, metrics-server, which tells autoscalers and people what pods use, and proxies with a share of
their nodes.
"""

from kindlab import engine, gomodules, images, kube, nodeimage, parts
from kindlab.places import HERE, REPOSITORY
from lab.report import Say, say, step
from lab.versions import Program

_GATEWAY_API = "config/crd/standard"
_PULLED = {parts.TRAEFIK: "traefik", parts.METRICS_SERVER: "registry.k8s.io/metrics-server/metrics-server"}
"""What is published where."""
_WORKLOADS = {
    "daemonset/kube-proxy": "kube-system",
    "deployment/coredns": "kube-system",
    "deployment/traefik": "traefik",
    "deployment/metrics-server": "kube-system",
}
_METRICS = "apiservice/v1beta1.metrics.k8s.io"


def install(tell: Say = say) -> None:
    """Apply them; doing it again changes nothing."""
    made = {part: _image(part) for part in parts.ADDONS}
    with step(tell, "installing Gateway API, Traefik and metrics-server"):
        definitions = gomodules.folder_of("gateway-api", "sigs.k8s.io/gateway-api") / _GATEWAY_API
        files = [
            f"--filename={path}" for path in sorted(definitions.glob("*.yaml")) if path.name != "kustomization.yaml"
        ]
        kube.kubectl("apply", "--server-side", "--force-conflicts", *files)
        kube.load(*made.values(), control_plane=True)
        for path in sorted((HERE / "manifests").glob("*.yaml")):
            text = path.read_text()
            for part, image in made.items():
                text = text.replace(f"{part.name.upper().replace('-', '_')}_IMAGE", image)
            kube.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=text)
        for workload, where in _WORKLOADS.items():
            kube.kubectl("rollout", "status", "--timeout=120s", workload, "-n", where, timeout=130)
        # An API that is announced and not served keeps namespaces from going away.
        kube.kubectl("wait", "--for=condition=Available", _METRICS, "--timeout=60s", timeout=70)


def _image(part: Program) -> str:
    if engine.pulls():
        reference = f"{_PULLED[part]}:{part.version}"
        if not images.present(reference):
            engine.docker("pull", "--quiet", reference, timeout=300)
        return reference
    reference = f"{REPOSITORY}/{part.name}:{part.version}"
    if not images.present(reference):
        nodeimage.scratch_image(reference, parts.binary(part))
    return reference
