"""The ways in which people and tools apply a definition, and a tree for the commands that write."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ailtire_operator import naming
from support.kube.trees import Manifest, Trees, service, tree

Apply = Callable[[Trees, Manifest, Path], None]


def client_side(trees: Trees, manifest: Manifest, folder: Path) -> None:
    _kubectl(trees, manifest, folder)


def server_side(trees: Trees, manifest: Manifest, folder: Path) -> None:
    _kubectl(trees, manifest, folder, "--server-side")


def like_flux(trees: Trees, manifest: Manifest, folder: Path) -> None:
    labels = {"kustomize.toolkit.fluxcd.io/name": "shop"}
    labelled = {**manifest, "metadata": {**manifest["metadata"], "labels": labels}}
    manager = ("--field-manager=kustomize-controller", "--force-conflicts")
    _kubectl(trees, labelled, folder, "--server-side", *manager)


def _kubectl(trees: Trees, manifest: Manifest, folder: Path, *options: str) -> None:
    file = folder / f"{manifest['metadata']['name']}.json"
    file.write_text(json.dumps(manifest))
    trees.kubectl("apply", *options, "-f", str(file))


def like_argo(trees: Trees, manifest: Manifest, folder: Path) -> None:
    """Argo CD's default: kubectl's own client-side apply, with its annotation, under the controller's name."""
    _kubectl(trees, manifest, folder, "--field-manager=argocd-controller")


WAYS = {"client-side": client_side, "server-side": server_side, "flux": like_flux, "argo": like_argo}
TOOLS: dict[Apply, str] = {like_flux: "Flux", like_argo: "Argo CD"}
"""Who keeps what was applied so."""
IMAGE = "docker.io/library/web:2"


def shop() -> Manifest:
    """A root with a service, an inline child and grandchild, and a child by a template."""
    spec: dict[str, Any] = tree()
    spec["services"]["web"]["environment"] = {"LOG": "info"}
    spec["services"]["pay"] = {"type": "stack", "stackRef": {"name": "payments"}}
    return spec


PAYMENTS: Manifest = {"templateOnly": True, "services": {"api": service()}}


def apply_shop(apply: Apply, trees: Trees, folder: Path) -> None:
    """Both resources, as they were the first time."""
    apply(trees, trees.manifest("payments", PAYMENTS), folder)
    apply(trees, trees.manifest("shop", shop()), folder)


def container(trees: Trees, deployment: str) -> Manifest:
    found: Manifest = trees.must("Deployment", deployment)["spec"]["template"]["spec"]["containers"][0]
    return found


def variables(trees: Trees, deployment: str) -> dict[str, str]:
    return {each["name"]: each.get("value", "") for each in container(trees, deployment)["env"]}


def restarted(trees: Trees, deployment: str) -> str:
    metadata = trees.must("Deployment", deployment)["spec"]["template"]["metadata"]
    text: str = (metadata.get("annotations") or {}).get(naming.ANNOTATION_RESTARTED_AT, "")
    return text


def definitions(trees: Trees) -> list[Manifest]:
    return [trees.must(naming.KIND, name)["spec"] for name in ("shop", "payments")]
