"""Runs a plan: by ``docker buildx bake`` where there is buildx, else by ``docker build`` and ``docker push``."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ailtire_operator.cli import output
from ailtire_operator.cli.build_plan import Attestations, Made, bake, needs_buildx, plain_build
from ailtire_operator.cli.failures import Failure

_STDERR: Final = 2
"""Docker's own words go there: standard output is for what is built."""
_PLAN: Final = "kubectl ailtire build --print > bake.json; docker buildx bake -f bake.json"


def run(made: Sequence[Made], attestations: Attestations, folder: Path, *, push: bool) -> None:
    """Build what the tree runs, and what that is built upon, in the application's folder. Raises Failure.

    ``push``: what the tree runs is pushed.
    """
    wanted = [each for each in made if each.is_built]
    docker = shutil.which("docker")
    if docker is None:
        raise Failure("there is no docker on the PATH", f"Install Docker with buildx, or take the plan to it: {_PLAN}")
    if _has_buildx(docker):
        plan = json.dumps(bake(made, attestations, push=push))
        _run([docker, "buildx", "bake", "--file=-", *([] if push else ["--load"])], folder, plan)
        return
    if why := needs_buildx(wanted, attestations):
        hint = f"Install buildx (docker buildx version), or take the plan to it: {_PLAN}"
        raise Failure(f"docker has no buildx here, which is needed for {why}", hint)
    for each in wanted:
        words = plain_build(each)
        _run([docker, *words[1:]], folder, each.target.inline)
    for each in wanted if push else ():
        if each.is_used:
            _run([docker, "push", each.reference], folder, "")


def _has_buildx(docker: str) -> bool:
    try:
        return subprocess.run([docker, "buildx", "version"], capture_output=True, check=False).returncode == 0
    except OSError as error:
        raise Failure(f"cannot run {docker}: {error.strerror}") from None


def _run(words: list[str], folder: Path, given: str) -> None:
    """One command, without a shell; its output is seen as it comes."""
    name = " ".join(words[1:3] if words[1] == "buildx" else words[1:2])
    output.flush()
    try:
        done = subprocess.run(words, cwd=folder, input=given.encode(), stdout=_STDERR, check=False)
    except OSError as error:
        raise Failure(f"cannot run {words[0]}: {error.strerror}") from None
    if done.returncode:
        raise Failure(f"docker {name} has failed with exit code {done.returncode}; what it said stands above")
