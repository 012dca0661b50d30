"""Real Kubernetes control planes on this machine, without root, a hypervisor or a registry."""

from lab.audit import Audit
from lab.client import ailtire, kubectl
from lab.commands import CommandError
from lab.controlplane import ControlPlane
from lab.errors import LabError
from lab.operator_process import Operator
from lab.waiting import eventually

__all__ = ["Audit", "CommandError", "ControlPlane", "LabError", "Operator", "ailtire", "eventually", "kubectl"]
