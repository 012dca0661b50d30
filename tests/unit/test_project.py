"""What must hold for the project's own files to work together."""

import re
import tomllib

from lab.paths import ROOT
from lab.versions import GOBUILD, PROGRAMS, go_needed, go_version

LOCK = (ROOT / "requirements.lock").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_source_root_does_not_shadow_the_standard_library() -> None:
    assert not (ROOT / "operator" / "__init__.py").exists(), "`import operator` would find it"


def test_every_dependency_is_locked_with_hashes() -> None:
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    names = {re.split(r"[^A-Za-z0-9-]", each)[0].lower() for each in wanted}
    locked = re.findall(r"^([a-z0-9.-]+)==\S+.*\\\n +--hash=sha256:", LOCK, re.MULTILINE)
    assert names <= set(locked), "run 'make lock'"


def test_the_lock_names_no_place_to_download_from() -> None:
    assert "://" not in LOCK
    assert not re.search(r"^\s*-(i|-index|-extra-index|-find-links)", LOCK, re.MULTILINE)


def test_the_parts_of_kubernetes_are_of_one_version() -> None:
    version = PROGRAMS["kube-apiserver"].version
    parts = re.findall(r"^\t(k8s\.io/\S+) => (\S+) (v\S+)$", (GOBUILD / "kubernetes/go.mod").read_text(), re.MULTILINE)
    assert len(parts) > 25
    assert {(name == target, part) for name, target, part in parts} == {(True, version.replace("v1.", "v0."))}


def test_the_toolchain_that_we_bring_builds_every_program() -> None:
    brought = go_version((GOBUILD / "go-toolchain.txt").read_text())
    assert brought >= max(go_needed(program.folder) for program in PROGRAMS.values())
