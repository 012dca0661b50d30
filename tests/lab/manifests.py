"""Installs what an operator needs in a cluster: the CRD, and its namespace, account and rights."""

from pathlib import Path

from lab.controlplane import ControlPlane
from lab.paths import ROOT

NAMESPACE = "ailtire-system"
SERVICE_ACCOUNT = "ailtire-operator"
_OVERLAY = Path("manifests", "overlays", "lab")
_CRD = "crd/ailtirestacks.ailtire.io"


def install(plane: ControlPlane, source: Path = ROOT) -> None:
    """Apply all of it, from a checkout of the project; doing it again changes nothing."""
    plane.kubectl("apply", "--server-side", "--force-conflicts", "-k", str(source / _OVERLAY))
    plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", _CRD)
