"""Installs what an operator needs in a cluster: the CRD, and its namespace, account and rights."""

from lab.controlplane import ControlPlane
from lab.paths import ROOT

NAMESPACE = "ailtire-system"
SERVICE_ACCOUNT = "ailtire-operator"
_OVERLAY = ROOT / "manifests" / "overlays" / "lab"
_CRD = "crd/ailtirestacks.ailtire.io"


def install(plane: ControlPlane) -> None:
    """Apply all of it; doing it again changes nothing."""
    plane.kubectl("apply", "--server-side", "--force-conflicts", "-k", str(_OVERLAY))
    plane.kubectl("wait", "--for=condition=Established", "--timeout=30s", _CRD)
