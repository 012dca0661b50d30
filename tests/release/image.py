"""The images of a release, as archives that `docker load` reads; left out where no engine answers."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from kindlab import engine, shell
from release.versions import Release

_TARGETS: Final = {"operator": "", "ci": "-ci"}
"""The stages of the Dockerfile that are images, and what comes after the image's name for each."""


def make(source: Path, release: Release, folder: Path, revision: str) -> None:
    """Build them of a copy of the project."""
    if not engine.running():
        print("no container engine answers here: the images are left out; `docker info` says why")
        return
    if not shell.succeeds(["docker", "buildx", "version"]):
        print("docker has no buildx here, without which no image is the same twice: the images are left out")
        return
    created = datetime.fromtimestamp(release.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    arguments = {"VERSION": release.version, "REVISION": revision, "CREATED": created}
    arguments["SOURCE_DATE_EPOCH"] = str(release.seconds)
    options = [option for key, value in arguments.items() for option in ("--build-arg", f"{key}={value}")]
    for target, suffix in _TARGETS.items():
        name = f"{release.image}{suffix}:{release.version}"
        archive = folder / f"{Path(release.image).name}{suffix}-{release.version}-image.tar"
        command = ["docker", "buildx", "build", "--target", target, *options, "--tag", name]
        # Times of files too; an index with an attestation would differ at each build.
        command += ["--provenance=false", "--output", f"type=oci,dest={archive},rewrite-timestamp=true", str(source)]
        shell.output(command, None, 1800)
        print(f"{archive.name}: {name}, {_digest(archive)}")


def _digest(archive: Path) -> str:
    told = json.loads(shell.output(["tar", "-xOf", str(archive), "index.json"], None, 60))
    return str(told["manifests"][0]["digest"])
