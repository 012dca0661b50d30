"""The images of a release with their bills of materials, as archives in OCI's layout; left out where no builder is."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from lab import commands
from release.versions import Release
from supplychain import archives, sbom

_BILL: Final = "cdx.json"
_TARGETS: Final = {"operator": "", "ci": "-ci"}
"""The stages of the Dockerfile that are images, and what comes after the image's name for each."""


def obstacle() -> str:
    """Return why no image can be built here; empty if they can."""
    if not commands.succeeds(["docker", "buildx", "version"]):
        return "there is no docker with buildx, without which no image is the same twice: the images are left out"
    if not _writes_archives():
        return (
            "no builder of docker buildx answers that writes archives (`docker buildx ls` has them, and with an engine"
            " `docker buildx create --use` makes one): the images are left out"
        )
    return ""


def _writes_archives() -> bool:
    """Ask for one of an empty image: the builder that Docker Engine comes with may write none."""
    with TemporaryDirectory() as name:
        (Path(name) / "Dockerfile").write_text("FROM scratch\nLABEL empty=true\n")
        output = f"type=oci,dest={name}/empty.tar,rewrite-timestamp=true"
        return commands.succeeds(["docker", "buildx", "build", "--output", output, name], timeout=300)


def make(source: Path, release: Release, folder: Path, revision: str) -> None:
    """Build them of a copy of the project; nothing is in the way of that."""
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
        commands.output(command, None, 1800)
        print(f"{archive.name}: {name}, {archives.manifest(archive)[0]}")
        sbom.of_archive(archive.with_suffix(f".{_BILL}"), archive, name, release.seconds)
