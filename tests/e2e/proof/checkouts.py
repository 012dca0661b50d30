"""examples/12-source in a folder of a test's own: built and pushed, imported by digest, applied."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from kindlab import kube
from kindlab.places import KUBECONFIG
from lab import commands
from lab.paths import ROOT, tool

_EXAMPLE = "examples/12-source"
_NAME = "helpdesk"


@dataclass(frozen=True)
class Source:
    """A checkout of the example, where its images go, and where it runs."""

    folder: Path
    namespace: str
    below: str
    """What is named with --registry."""
    variables: Mapping[str, str]
    """With which `docker` builds."""

    @property
    def overlay(self) -> Path:
        """The folder of what is this cluster's own."""
        return self.folder / "overlays" / "prod"

    def ailtire(self, *arguments: str, seconds: float = 120) -> str:
        """What a command of the plugin prints, run in the checkout."""
        env = {**os.environ, **self.variables, "KUBECONFIG": str(KUBECONFIG)}
        return commands.output([tool("kubectl-ailtire"), *arguments], timeout=seconds, cwd=self.folder, env=env)

    def push(self, tag: str) -> str:
        """Build and push images and definitions; the address of the application's definition."""
        options = ("--push", "--registry", self.below, "--tag", tag, "--provenance")
        printed = self.ailtire("build", ".", "--env", "prod", *options, seconds=240)
        addresses = [line for line in printed.splitlines() if line.startswith("oci://")]
        assert len(addresses) == 2, printed
        assert all("@sha256:" in each for each in addresses)
        (address,) = (each for each in addresses if each.startswith(f"oci://{self.below}/{_NAME}@"))
        return address

    def apply(self, address: str) -> None:
        """What is behind an address, with what is this cluster's own, applied and waited for."""
        (self.overlay / "definition.yaml").write_text(self.ailtire("import", address))
        kube.kubectl("apply", "--server-side", "-n", self.namespace, "-k", str(self.overlay))
        self.ailtire("wait", _NAME, "-n", self.namespace, "--timeout", "100s")

    def edit(self, path: str, old: str, new: str) -> None:
        """Change a file of the application."""
        file = self.folder / path
        text = file.read_text()
        assert text.count(old) == 1
        file.write_text(text.replace(old, new))

    def publish(self, host: str) -> None:
        """Have the edge answer by the ingress controller of these nodes, under a host name."""
        file = self.overlay / "stack.yaml"
        patch = yaml.safe_load(file.read_text())
        patch["spec"]["edge"] = {"className": "traefik", "hosts": [host]}
        file.write_text(yaml.safe_dump(patch))


def checkout(folder: Path) -> Path:
    """The example as it is in this checkout, without what Git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", _EXAMPLE],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        target = folder / Path(name).relative_to(_EXAMPLE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    return folder
