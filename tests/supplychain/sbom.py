"""``python -m supplychain.sbom``: bills of materials of the wheel and of the operator's image, into build/sbom."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from kindlab import engine, workloads
from lab.errors import LabError
from supplychain import archives, image, wheel
from supplychain.packages import Package
from supplychain.subjects import FOLDER, write

WHEEL = "wheel.cdx.json"
IMAGE = "image.cdx.json"


def main(
    image_reference: Annotated[str, typer.Option("--image", help="An image, instead of one that is built here.")] = "",
    folder: Annotated[Path, typer.Option(help="Where they are written.")] = FOLDER,
) -> None:
    """Write both as CycloneDX 1.6 in JSON. 1: one of them could not be made; that of the image wants Docker Engine."""
    of_wheel(folder / WHEEL)
    (folder / IMAGE).unlink(missing_ok=True)  # one of another image would be a lie
    if engine.running():
        _of_image(folder / IMAGE, image_reference or workloads.operator())
        return
    print(f"{folder / IMAGE}: NOT MADE, as no Docker Engine answers here.")
    print("What is in the image beside the wheel and its requirements is not listed: Python itself, Debian's packages.")
    if image_reference:
        raise typer.Exit(1)


def of_wheel(file: Path) -> None:
    """Write that of a wheel that is built here."""
    with tempfile.TemporaryDirectory() as name:
        built = wheel.build(Path(name))
        found = wheel.contents(built)
        write(file, wheel.subject(built), found)
    print(f"{file}: the wheel; packages: {_counts(found)}")


def of_archive(file: Path, archive: Path, reference: str, seconds: int) -> None:
    """Write that of an image in an archive of OCI's layout, of a time in seconds since 1970."""
    files = archives.files(archive)
    found = image.contents(files)
    write(file, archives.subject(archive, reference, files), found, seconds)
    print(f"{file}: {reference}; packages: {_counts(found)}. Not listed: {image.lacking(files)}")


def _of_image(file: Path, reference: str) -> None:
    with image.exported(reference) as stream:
        files = image.files(stream)
    found = image.contents(files)
    write(file, image.subject(reference, files), found)
    print(f"{file}: {reference}; packages: {_counts(found)}. Not listed: {image.lacking(files)}")


def _counts(found: Sequence[Package]) -> str:
    counts = {name: sum(each.kind == kind for each in found) for kind, name in _KINDS.items()}
    return ", ".join(f"{count} of {name}" for name, count in counts.items() if count)


_KINDS = {"pypi": "Python", "npm": "npm", "deb": "Debian"}


if __name__ == "__main__":
    try:
        typer.run(main)
    except (LabError, LookupError) as error:
        raise SystemExit(str(error)) from None
