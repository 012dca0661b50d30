"""Installs what an operator needs in a cluster: the CRDs, and its namespace, account and rights from manifests/."""

from typing import Any

import yaml

from lab.controlplane import ControlPlane
from lab.errors import LabError
from lab.paths import ROOT

NAMESPACE = "ailtire-system"
SERVICE_ACCOUNT = "ailtire-operator"
_OVERLAYS = ("manifests/overlays/lab", "manifests/base")
_RUN_BY_US = frozenset({"Deployment", "PodDisruptionBudget"})
"""Kinds that would start an operator in the cluster: the lab runs it as a process, fake nodes run nothing."""


def install(plane: ControlPlane) -> None:
    """Apply CRDs and rights; doing it again changes nothing."""
    crds = sorted(path for path in (ROOT / "crds").glob("*.yaml") if path.name != "kustomization.yaml")
    if not crds:
        raise LabError("crds/ is empty: run 'make crds'")
    documents = [document for path in crds for document in yaml.safe_load_all(path.read_text())]
    _apply(plane, documents)
    names = [f"crd/{document['metadata']['name']}" for document in documents]
    plane.kubectl("wait", "--for=condition=Established", "--timeout=30s", *names)
    _apply(plane, _rights(plane))


def _rights(plane: ControlPlane) -> list[dict[str, Any]]:
    for overlay in _OVERLAYS:
        if (ROOT / overlay).is_dir():
            rendered = plane.kubectl("kustomize", str(ROOT / overlay))
            return [each for each in yaml.safe_load_all(rendered) if each["kind"] not in _RUN_BY_US]
    raise LabError(f"the operator's rights are not there: neither {' nor '.join(_OVERLAYS)} exists")


def _apply(plane: ControlPlane, documents: list[dict[str, Any]]) -> None:
    text = yaml.safe_dump_all(documents, sort_keys=False)
    plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=text)
