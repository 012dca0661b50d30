"""The project as it was at a commit, beside this checkout."""

import io
import subprocess
import tarfile
from pathlib import Path

from lab.errors import LabError
from lab.paths import ROOT
from support.checks.archives import unpack

_PARTS = ("operator", "manifests", "crds", "examples")


def extract(commit: str, folder: Path) -> Path:
    """Write a commit's files into a folder, and return that. Raises LabError for a commit that git does not know."""
    done = subprocess.run(["git", "archive", commit, *_PARTS], cwd=ROOT, capture_output=True)
    if done.returncode:
        raise LabError(f"git archive {commit}: {done.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        unpack(archive, folder)
    return folder
