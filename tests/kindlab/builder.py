"""The buildx and BuildKit of pipelines, for `docker` to build images with.

Both are built from their modules, which takes minutes: so not every run has them.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kindlab import debian, engine, workloads
from lab import binaries, commands
from lab.errors import LabError
from lab.processes import spawn, until_up
from lab.report import Say, say
from lab.versions import BUILDKIT, BUILDX, DOCKER

_BUILDER = "ailtire-lab"
_START_SECONDS = 60.0
_MIRRORED = ("docker.io", "registry.k8s.io")
"""The registries of which images are built upon."""


def prepare(tell: Say = say) -> None:
    """Build what is needed for it, before any test's clock runs. Raises LabError where we can do nothing about it."""
    workloads.python(tell)
    _install(tell)


@contextmanager
def buildkit(mirror: str = "") -> Iterator[Mapping[str, str]]:
    """A BuildKit of one's own, and the variables with which `docker buildx` uses it.

    ``mirror``: address and port of a registry that is asked in place of Docker Hub and of Kubernetes's own.
    """
    _install()
    # A path that a socket may have, which one below a test's folder may be too long for.
    with tempfile.TemporaryDirectory(prefix="buildkit-") as name:
        folder = Path(name)
        process = spawn(_command(folder, mirror), folder / "log")
        try:
            until_up(process, "buildkitd", folder / "log", _socket(folder).exists, _START_SECONDS)
            yield _client(folder)
        finally:
            process.stop(grace=30)


def _install(tell: Say = say) -> None:
    """Make sure of the programs. Raises LabError where we can do nothing about it."""
    if os.geteuid() != 0:
        raise LabError("BuildKit starts containers, and has to be root for that")
    binaries.ensure([BUILDKIT, BUILDX, DOCKER], tell)
    if not shutil.which("runc"):
        debian.install("BuildKit's runc", ["runc"], tell)


def _command(folder: Path, mirror: str) -> list[str]:
    configuration = folder / "buildkitd.toml"
    asked = [f'[registry."{registry}"]\nmirrors = ["{mirror}"]\n' for registry in _MIRRORED if mirror]
    configuration.write_text("".join(asked))
    places = ["--root", str(folder / "root"), "--addr", _address(folder), "--config", str(configuration)]
    # Commands of a build have the machine's network, as `images.docker_build` has it.
    return [str(binaries.path("buildkitd")), *places, "--oci-worker-net", "host"]


def _address(folder: Path) -> str:
    return f"unix://{_socket(folder)}"


def _socket(folder: Path) -> Path:
    return folder / "socket"


def _client(folder: Path) -> Mapping[str, str]:
    """The variables of a docker whose buildx builds by this daemon; the user's own settings stay as they are."""
    for link, program in (("bin/docker", "docker"), ("docker/cli-plugins/docker-buildx", "buildx")):
        (folder / link).parent.mkdir(parents=True)
        (folder / link).symlink_to(binaries.path(program))
    variables = {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "DOCKER_CONFIG": str(folder / "docker"),
        "BUILDX_BUILDER": _BUILDER,
    }
    create = ["docker", "buildx", "create", "--name", _BUILDER, "--driver", "remote", _address(folder)]
    commands.output(create, env={**os.environ, **variables})
    return variables


@contextmanager
def python_in(registry: str) -> Iterator[str]:
    """Push the stand-in for Python's image under its path at Docker Hub; the mirror's address, empty without a need."""
    if engine.pulls():
        yield ""
        return
    name = f"{registry}/{workloads.stock_python().partition('/')[2]}"
    engine.docker("tag", workloads.python(), name)
    try:
        engine.docker("push", "--quiet", name, timeout=300)
        yield registry
    finally:
        engine.docker("rmi", name)
