"""Builds the small Go programs of our own that the lab and its images hold; cached by the content of their source."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from kindlab.places import HERE
from lab import commands, toolchain
from lab.locking import exclusive
from lab.paths import cache
from lab.report import say

_GO = (1, 26, 0)
PROGRAMS = HERE / "programs"


def fingerprint(files: Iterable[Path], *more: str) -> str:
    """Return a short hash of files, by name and content, and of whatever else counts."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    for text in more:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()[:12]


def files_of(folder: Path) -> list[Path]:
    """Return all files in a folder and below."""
    return [path for path in folder.rglob("*") if path.is_file()]


def program(module: Path, package: str) -> Path:
    """Return the binary of a package in one of our own modules."""
    name = Path(package).name
    folder = cache() / f"{name}-{fingerprint(files_of(module))}"
    target = folder / name
    with exclusive(folder.with_suffix(".lock")):
        if not target.exists():
            folder.mkdir(parents=True, exist_ok=True)
            partial = folder / "partial"
            go = toolchain.go(_GO, say)
            build: list[str | Path] = [
                go,
                "build",
                "-trimpath",
                "-buildvcs=false",
                "-ldflags",
                "-s -w",
                "-o",
                partial,
                f"./{package}",
            ]
            commands.long(f"building {name}", build, cwd=module, env=toolchain.environment())
            partial.rename(target)
    return target
