"""``python -m release.making …``: all files of a release but the images, of the checkout that this module lies in."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import typer
import yaml

from ailtire_operator.cli import output
from ailtire_operator.model.editor_schema import editor_schema
from lab import client
from lab.errors import LabError
from lab.paths import ROOT
from release import bundles, chart, krew, plugin
from release.versions import Release
from supplychain import sbom

_SCHEMA: Final = "ailtirestack_v1alpha1.json"
_PATCH_SCHEMA: Final = "ailtirestack-patch.schema.json"


@dataclass(frozen=True)
class Maker:
    """Where a release is written."""

    release: Release
    folder: Path

    def all(self) -> None:
        """Write everything."""
        self.install_file()
        self.chart()
        self.schemas()
        own = self.python_packages()
        self.plugin(own)
        sbom.of_wheel(self.folder / f"ailtire-operator-{self.release.version}-{sbom.WHEEL}")

    def install_file(self) -> None:
        """install.yaml: what kustomize makes of the default overlay, with the image of this release."""
        with TemporaryDirectory(dir=ROOT / "manifests" / "overlays") as name:
            overlay = Path(name)
            image = {"name": chart.IMAGE, "newName": self.release.image, "newTag": self.release.version}
            kustomization: dict[str, Any] = {"kind": "Kustomization", "resources": ["../default"], "images": [image]}
            (overlay / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
            command = [str(client.kubectl_path()), "kustomize", name]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise LabError(f"kubectl kustomize: {done.stderr.strip()}")
        head = f"# ailtire-operator {self.release.version}:  kubectl apply --server-side -f install.yaml\n"
        self._write("install.yaml", (head + done.stdout).encode())

    def chart(self) -> None:
        """The chart's package, as `helm package` makes it."""
        chart.write(chart.CHART, self.release.image)
        files = {f"{chart.NAME}/{name}": file for name, file in bundles.read(chart.CHART).items()}
        self._write(f"{chart.NAME}-{self.release.version}.tgz", bundles.tar_gz(files, self.release.seconds))

    def schemas(self) -> None:
        """What `kubectl ailtire schema` prints: for whole resources, named as in catalogs, and for patches."""
        for name, patch in ((_SCHEMA, False), (_PATCH_SCHEMA, True)):
            self._write(name, output.to_json(editor_schema(patch=patch)).encode())

    def python_packages(self) -> Path:
        """Wheel and source distribution; returns the wheel. hatchling itself sees to the times in them."""
        command = [sys.executable, "-m", "hatchling", "build", "--directory", str(self.folder)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise LabError(f"hatchling: {done.stderr.strip()}")
        (own,) = self.folder.glob("*.whl")
        return own

    def plugin(self, own: Path) -> None:
        """The archives for krew, and the manifest that names them."""
        checksums = {}
        for machine in plugin.MACHINES:
            name = krew.archive_name(self.release.version, machine)
            self._write(name, bundles.tar_gz(plugin.contents(own, machine), self.release.seconds))
            checksums[machine] = bundles.sha256(self.folder / name)
        self._write(krew.FILE, krew.manifest(self.release, checksums).encode())

    def _write(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)


def main(version: str, image: str, address: str, seconds: int, folder: Path) -> None:
    """Make them; all of it is checked by who starts this."""
    Maker(Release(version, image, address, seconds), folder).all()


if __name__ == "__main__":
    try:
        typer.run(main)
    except (LabError, LookupError) as error:
        raise SystemExit(f"release: {error}") from None
