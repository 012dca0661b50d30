"""What every cluster of the tests has: an ingress controller (Traefik), the definitions of the Gateway API, and a DNS
that tells what it was asked.
"""

from kindlab import engine, gomodules, images, kube, nodeimage, parts
from kindlab.places import HERE, REPOSITORY
from lab.report import Say, say, step

_GATEWAY_API = "config/crd/standard"


def install(tell: Say = say) -> None:
    """Apply them; doing it again changes nothing."""
    image = _traefik_image()
    with step(tell, "installing Gateway API and Traefik"):
        definitions = gomodules.folder_of("gateway-api", "sigs.k8s.io/gateway-api") / _GATEWAY_API
        files = [
            f"--filename={path}" for path in sorted(definitions.glob("*.yaml")) if path.name != "kustomization.yaml"
        ]
        kube.kubectl("apply", "--server-side", "--force-conflicts", *files)
        kube.load(image, control_plane=True)
        for path in sorted((HERE / "manifests").glob("*.yaml")):
            text = path.read_text().replace("TRAEFIK_IMAGE", image)
            kube.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=text)
        for name, where in (("coredns", "kube-system"), ("traefik", "traefik")):
            kube.kubectl("rollout", "status", "--timeout=120s", f"deployment/{name}", "-n", where, timeout=130)


def _traefik_image() -> str:
    if engine.pulls():
        reference = f"traefik:{parts.TRAEFIK.version}"
        if not images.present(reference):
            engine.docker("pull", "--quiet", reference, timeout=300)
        return reference
    reference = f"{REPOSITORY}/traefik:{parts.TRAEFIK.version}"
    if not images.present(reference):
        nodeimage.scratch_image(reference, parts.binary(parts.TRAEFIK))
    return reference
