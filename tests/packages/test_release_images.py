"""The images of `make release`, built by BuildKit: the same twice, no root's, and with what is in them told."""

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import urllib3

from ailtire_operator.oci.reference import parse
from ailtire_operator.oci.registry import Registry
from kindlab import engine
from kindlab.builder import buildkit, prepare, python_in
from lab import binaries
from lab.paths import ROOT
from lab.versions import PROGRAMS, REGISTRY
from packages.registries import program_image, registry
from release.bundles import sha256
from supplychain import archives, tools

VERSION = "0.1.1-rc.1"
IMAGE = "registry.example/ailtire-operator"
NAMES = {"operator": "ailtire-operator", "ci": "ailtire-operator-ci"}
KUBECTL = "kubectl"
"""Where registry.k8s.io, and so what stands in for it, has kubectl's image."""


@pytest.fixture(scope="module")
def container_engine() -> Iterator[None]:
    """It makes what stands in for Python's image where none can be pulled, and runs what was built."""
    is_ours = not engine.running()
    engine.up()
    yield
    if is_ours:
        engine.down()


@pytest.fixture(scope="module")
def mirror(container_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a registry with the images that the Dockerfile starts from."""
    prepare()
    binaries.ensure([REGISTRY])
    with registry(tmp_path_factory.mktemp("mirror")) as host:
        tag = PROGRAMS["kubectl"].version
        program_image(host, f"{KUBECTL}:{tag}", binaries.path("kubectl"), "bin/kubectl")
        with python_in(host):
            yield host


def _made(folder: Path, variables: Mapping[str, str]) -> Path:
    """Make a release as `make release` does, by a BuildKit."""
    command = [sys.executable, "-m", "release", VERSION, "--folder", str(folder), "--image", IMAGE]
    environment = {**os.environ, **variables}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "the images are left out" not in done.stderr
    return folder


@pytest.fixture(scope="module")
def releases(mirror: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two of them, by a BuildKit each that has nothing in its cache."""
    tools.install()
    folders = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    for folder in folders:
        with buildkit(mirror) as variables:
            _made(folder / "dist", variables)
    first, second = folders
    return first / "dist", second / "dist"


def _archive(folder: Path, image: str) -> Path:
    return folder / f"{NAMES[image]}-{VERSION}-image.tar"


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("image", list(NAMES))
def test_a_second_build_has_the_same_digest(releases: tuple[Path, Path], image: str) -> None:
    first, second = (archives.manifest(_archive(folder, image))[0] for folder in releases)
    assert first == second
    for folder in releases:
        sums = (folder / "SHA256SUMS").read_text()
        for file in (_archive(folder, image), _archive(folder, image).with_suffix(".cdx.json")):
            assert f"{sha256(file)}  {file.name}\n" in sums


@pytest.mark.parametrize("image", list(NAMES))
def test_it_is_no_roots_and_says_what_it_is(releases: tuple[Path, Path], image: str) -> None:
    told = archives.configuration(_archive(releases[0], image))
    assert told["config"]["User"] == "65532:65532"
    labels = {key.removeprefix("org.opencontainers.image."): value for key, value in told["config"]["Labels"].items()}
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (labels["version"], labels["revision"]) == (VERSION, head.stdout.strip())
    assert labels["licenses"] == "Apache-2.0"
    assert told["created"] == labels["created"]


@pytest.mark.parametrize("image", list(NAMES))
def test_its_bill_names_what_is_in_it(releases: tuple[Path, Path], image: str) -> None:
    archive = _archive(releases[0], image)
    bill = json.loads(archive.with_suffix(".cdx.json").read_text())
    told = {
        each["name"].removeprefix("ailtire:"): each["value"] for each in bill["metadata"]["component"]["properties"]
    }
    assert told["digest"] == archives.manifest(archive)[0]
    named = {each["purl"].partition("@")[0] for each in bill["components"]}
    assert named >= {"pkg:pypi/ailtire-operator", "pkg:pypi/kopf", "pkg:npm/preact", "pkg:deb/debian/libc6"}
    assert named & {"pkg:pypi/pytest", "pkg:pypi/hatchling", "pkg:npm/vite"} == set()


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("image", "entrypoint", "arguments", "answer"),
    [
        ("operator", "id", ["-u"], "65532"),
        ("operator", "kubectl-ailtire", ["version", "--client"], f"kubectl-ailtire {VERSION} "),
        ("operator", "ailtire-operator", ["--help"], "Usage"),
        ("ci", "id", ["-u"], "65532"),
        ("ci", "kubectl", ["ailtire", "version", "--client"], f"kubectl-ailtire {VERSION} "),
    ],
)
def test_it_runs(
    releases: tuple[Path, Path], mirror: str, image: str, entrypoint: str, arguments: list[str], answer: str
) -> None:
    name = _pushed(_archive(releases[0], image), f"{mirror}/{NAMES[image]}")
    try:
        assert answer in engine.docker("run", "--rm", f"--entrypoint={entrypoint}", name, *arguments, timeout=300)
    finally:
        engine.docker("rmi", "--force", name)


def _pushed(archive: Path, repository: str) -> str:
    """Push an image as it is in its archive, and return its name by digest."""
    digest, manifest = archives.manifest(archive)
    target = Registry(parse(f"{repository}:{VERSION}"))
    with tarfile.open(archive) as blobs:
        for entry in (manifest["config"], *manifest["layers"]):
            target.write_blob(_blob(blobs, entry["digest"]))
        content = _blob(blobs, digest)
    host, _, path = repository.partition("/")
    with urllib3.PoolManager() as pool:
        headers = {"Content-Type": manifest["mediaType"]}
        answer = pool.request("PUT", f"http://{host}/v2/{path}/manifests/{digest}", body=content, headers=headers)
    assert answer.status == 201
    return f"{repository}@{digest}"


def _blob(blobs: tarfile.TarFile, digest: str) -> bytes:
    found: Any = blobs.extractfile(f"blobs/{digest.replace(':', '/')}")
    content: bytes = found.read()
    return content
