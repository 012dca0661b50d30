"""A release: the same each time, complete, and installed by krew and pip."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from lab import binaries
from lab.paths import ROOT, tool
from packages.conftest import VERSION, release
from release.bundles import sha256

pytestmark = pytest.mark.timeout(3600)
PYTHON_VERSION = "0.1.1rc1"
FILES = {
    "SHA256SUMS",
    "ailtire.yaml",
    f"ailtire-operator-{VERSION}.tgz",
    f"ailtire-operator-{VERSION}-wheel.cdx.json",
    f"ailtire_operator-{PYTHON_VERSION}-py3-none-any.whl",
    f"ailtire_operator-{PYTHON_VERSION}.tar.gz",
    "ailtirestack-patch.schema.json",
    "ailtirestack_v1alpha1.json",
    "install.yaml",
    f"kubectl-ailtire-{VERSION}-linux-amd64.tar.gz",
    f"kubectl-ailtire-{VERSION}-linux-arm64.tar.gz",
}


def run(*command: str | Path, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_everything_is_there_and_has_its_checksum(dist: Path) -> None:
    there = {path.name for path in dist.iterdir() if not path.name.endswith(("-image.tar", "-image.cdx.json"))}
    assert there == FILES
    lines = [line.split("  ") for line in (dist / "SHA256SUMS").read_text().splitlines()]
    sums = {name: digest for digest, name in lines}
    assert sums == {path.name: sha256(path) for path in dist.iterdir() if path.name != "SHA256SUMS"}


def test_a_second_release_is_the_same(dist: Path, tmp_path: Path) -> None:
    done = release(tmp_path, "--url", "https://releases.example/v1", "--image", "registry.example/ailtire-operator")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "SHA256SUMS").read_text() == (dist / "SHA256SUMS").read_text()


def test_it_has_the_version_and_the_image_everywhere(dist: Path) -> None:
    objects = yaml.load_all((dist / "install.yaml").read_text(), Loader=yaml.CSafeLoader)
    (deployment,) = [each for each in objects if each["kind"] == "Deployment"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"registry.example/ailtire-operator:{VERSION}"
    with tarfile.open(dist / f"ailtire-operator-{VERSION}.tgz") as chart:
        told = {name: chart.extractfile(f"ailtire-operator/{name}") for name in ("Chart.yaml", "values.yaml")}
        head, values = (yaml.safe_load(file.read()) for file in told.values() if file)
    assert head["version"] == head["appVersion"] == VERSION
    assert head["annotations"]["artifacthub.io/prerelease"] == "true"
    assert values["image"]["repository"] == "registry.example/ailtire-operator"
    with zipfile.ZipFile(dist / f"ailtire_operator-{PYTHON_VERSION}-py3-none-any.whl") as wheel:
        assert f'"{VERSION}"' in wheel.read("ailtire_operator/__init__.py").decode()


def test_an_archive_names_nobody_and_no_other_time(dist: Path) -> None:
    for path in dist.glob("*gz"):
        with tarfile.open(path) as archive:
            members = archive.getmembers()
        assert members
        assert {(each.uid, each.gid, each.uname, each.gname) for each in members} == {(0, 0, "", "")}
        assert len({each.mtime for each in members}) == 1


def test_krew_takes_the_manifest_and_installs_the_plugin(dist: Path, tmp_path: Path) -> None:
    manifest = dist / "ailtire.yaml"
    run(binaries.path("validate-krew-manifest"), "-manifest", manifest, "-skip-install")
    archive = dist / f"kubectl-ailtire-{VERSION}-linux-amd64.tar.gz"
    environment = {**os.environ, "KREW_ROOT": str(tmp_path)}
    run(binaries.path("krew"), "install", "--manifest", manifest, "--archive", archive, env=environment)
    # Nothing of this environment: the archive brings all that it needs.
    bare = {"PATH": f"{tmp_path / 'bin'}{os.pathsep}/usr/bin:/bin", "HOME": str(tmp_path)}
    plugin = tmp_path / "bin" / "kubectl-ailtire"
    told = run(sys.executable, "-I", plugin, "version", "--client", env=bare)
    assert f"kubectl-ailtire {VERSION} " in told


def test_each_archive_has_the_compiled_modules_of_its_platform(dist: Path) -> None:
    for machine, name in {"amd64": "x86_64", "arm64": "aarch64"}.items():
        with tarfile.open(dist / f"kubectl-ailtire-{VERSION}-linux-{machine}.tar.gz") as archive:
            compiled = [each for each in archive.getnames() if each.endswith(".so")]
        assert compiled
        assert [each for each in compiled if "-linux-" in each and f"-{name}-" not in each] == []
        for python in ("3.11", "3.12", "3.13", "3.14"):
            assert any(each.startswith(f"lib/{python}/pydantic_core/") for each in compiled)


def test_the_wheel_installs_and_answers(dist: Path, tmp_path: Path) -> None:
    """Its requirements are those of this environment, which are the locked ones."""
    (wheel,) = dist.glob("*.whl")
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", tmp_path, wheel)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    told = run(sys.executable, tmp_path / "bin" / "kubectl-ailtire", "version", "--client", env=environment)
    assert f"kubectl-ailtire {VERSION} " in told


def test_the_page_is_in_the_wheel_and_in_each_archive(dist: Path) -> None:
    folder = ROOT / "operator" / "ailtire_operator" / "cli" / "ui" / "static"
    page = {
        f"ailtire_operator/cli/ui/static/{path.relative_to(folder)}" for path in folder.rglob("*") if path.is_file()
    }
    assert "ailtire_operator/cli/ui/static/index.html" in page
    with zipfile.ZipFile(dist / f"ailtire_operator-{PYTHON_VERSION}-py3-none-any.whl") as wheel:
        assert page - set(wheel.namelist()) == set()
    for machine in ("amd64", "arm64"):
        with tarfile.open(dist / f"kubectl-ailtire-{VERSION}-linux-{machine}.tar.gz") as archive:
            names = archive.getnames()
        assert [each for each in page if not any(name.endswith(f"/{each}") for name in names)] == []


def test_the_bill_of_materials_names_what_of_python_and_of_npm_is_in_it(dist: Path) -> None:
    bill = json.loads((dist / f"ailtire-operator-{VERSION}-wheel.cdx.json").read_text())
    subject = bill["metadata"]["component"]
    (wheel,) = dist.glob("*.whl")
    assert (subject["version"], subject["hashes"]) == (VERSION, [{"alg": "SHA-256", "content": sha256(wheel)}])
    named = {each["purl"].partition("@")[0] for each in bill["components"]}
    assert named >= {"pkg:pypi/kopf", "pkg:pypi/pydantic-core", "pkg:npm/preact", "pkg:npm/%40preact/signals"}
    assert named & {"pkg:npm/vite", "pkg:npm/typescript", "pkg:pypi/pytest"} == set()


def test_the_schemas_are_those_that_the_program_prints(dist: Path) -> None:
    for name, options in {"ailtirestack_v1alpha1.json": [], "ailtirestack-patch.schema.json": ["--patch"]}.items():
        printed = run(tool("kubectl-ailtire"), "schema", *options)
        assert json.loads((dist / name).read_text()) == json.loads(printed)


def test_what_is_missing_is_said_and_an_error_where_that_is_wanted(tmp_path: Path) -> None:
    done = release(tmp_path / "dist", "--strict")
    assert done.returncode == 1
    assert f"error: CHANGELOG.md has no section '## {VERSION}'" in done.stderr
    assert "and not 0.1.1-rc.1" in done.stderr
    assert not (tmp_path / "dist").exists()
