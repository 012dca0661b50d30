"""``python -m release VERSION``: everything that users download, into one folder. Nothing is pushed.

The files are made of a copy of the project with that version in it, so that the checkout stays as it is.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from lab.errors import LabError
from lab.paths import ROOT
from release import image, versions
from release.bundles import sha256
from release.chart import IMAGE
from release.versions import NO_ADDRESS, Release
from supplychain import tools

SUMS = "SHA256SUMS"


def main(
    version: Annotated[str, typer.Argument(help="0.2.0; that of the checkout if empty.")] = "",
    image_name: Annotated[str, typer.Option("--image", help="The operator's image, without a tag.")] = IMAGE,
    address: Annotated[str, typer.Option("--url", help="Where the files will be downloaded from.")] = NO_ADDRESS,
    strict: Annotated[bool, typer.Option(help="Take what is missing for an error.")] = False,
    folder: Annotated[Path, typer.Option(help="Where it is written, in place of an earlier one.")] = ROOT / "dist",
) -> None:
    """Make a release. Exit code 1 where it could not be made, or, if strict, where something is missing."""
    release = Release(versions.checked(version or versions.written(ROOT)), image_name, address.rstrip("/"), _seconds())
    complaints = versions.complaints(ROOT, release, is_clean=not _git("status", "--porcelain"))
    without_images = image.obstacle()
    complaints += [without_images] if without_images else []
    for each in complaints:
        print(f"{'error' if strict else 'warning'}: {each}", file=sys.stderr)
    if complaints and strict:
        raise typer.Exit(1)
    emptied(folder)
    with TemporaryDirectory() as name:
        copy = Path(name)
        _copied(copy, release.version)
        _made(copy, release, folder.resolve())
        if not without_images:
            image.make(copy, release, folder, revision=_git("rev-parse", "HEAD"))
    made = sorted(path for path in folder.iterdir() if path.name != SUMS)
    (folder / SUMS).write_text("".join(f"{sha256(path)}  {path.name}\n" for path in made))
    print((folder / SUMS).read_text(), end="")
    print(
        f"{len(made)} files of {release.version} are in {folder}, with their checksums in {SUMS}. Nothing was pushed."
    )


def emptied(folder: Path) -> None:
    """Make the folder, without what an earlier release has left there. Raises LabError where it holds anything else."""
    if folder.exists() and any(folder.iterdir()) and not (folder / SUMS).is_file():
        raise LabError(f"{folder} holds files and no {SUMS}, so it is no release: name another folder, or empty it")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / SUMS).touch()  # so that one that could not be finished is known for a release


def _seconds() -> int:
    """Return the time of the last commit, or what SOURCE_DATE_EPOCH says."""
    return int(os.environ.get("SOURCE_DATE_EPOCH") or _git("log", "-1", "--format=%ct"))


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


def _copied(target: Path, version: str) -> None:
    """Copy what git knows of, as it is on disk: a file that lies about here is in no release."""
    for name in filter(None, _git("ls-files", "-z").split("\0")):
        if (source := ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target / name)
    versions.write(target, version)
    # The programs that write the bill of materials are no part of the project.
    (target / "build").mkdir(exist_ok=True)
    (target / tools.FOLDER.relative_to(ROOT)).symlink_to(tools.FOLDER)


def _made(copy: Path, release: Release, folder: Path) -> None:
    """Have the copy make its files: its modules read themselves where they are."""
    arguments = (release.version, release.image, release.address, str(release.seconds), str(folder))
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(copy / "operator"), str(copy / "tests")]),
        "SOURCE_DATE_EPOCH": str(release.seconds),
    }
    done = subprocess.run([sys.executable, "-m", "release.making", *arguments], cwd=copy, env=environment, check=False)
    if done.returncode:
        raise LabError("the release was not made")


if __name__ == "__main__":
    try:
        typer.run(main)
    except LabError as error:
        raise SystemExit(f"release: {error}") from None
