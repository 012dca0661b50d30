"""CustomResourceDefinitions that the Go modules of other projects' controllers bring along."""

from pathlib import Path

from kindlab.gomodules import folder_of
from lab import kubectl
from lab.versions import Program


def install(kubeconfig: Path, folder: str, *programs: Program) -> None:
    """Apply those in this folder of each program's module, and wait until all are established."""
    for program in programs:
        definitions = folder_of(program.folder, program.module) / folder
        kubectl(kubeconfig, "apply", "--server-side", "-f", str(definitions))
    kubectl(kubeconfig, "wait", "crd", "--all", "--for=condition=Established", "--timeout=60s")
