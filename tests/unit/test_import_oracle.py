"""Which Docker Compose reads the files, and what is said where it refuses them."""

import os
from pathlib import Path

import pytest

from ailtire_operator.compose.compose_file import docker_compose
from ailtire_operator.compose.compose_file.docker_compose import Choices
from ailtire_operator.compose.errors import ApplicationError


def program(folder: Path, text: str) -> Path:
    """A program called docker-compose."""
    folder.mkdir()
    file = folder / "docker-compose"
    file.write_text(text)
    file.chmod(0o755)
    return file


def candidates(monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[str]:
    """What is looked at where this folder is first on PATH, and Docker has no plugin."""
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    monkeypatch.setattr(docker_compose, "_PLUGINS", ())
    return list(docker_compose._candidates())


@pytest.mark.parametrize("first", ["#!/usr/bin/python3", "#!/x/.venv/bin/python", "#!/usr/bin/env python3.11"])
def test_a_wrapper_in_python_is_never_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    wrapper = program(tmp_path / "bin", f"{first}\nfrom compose import docker_compose\n")
    assert str(wrapper) not in candidates(monkeypatch, tmp_path / "bin")


def test_a_program_on_the_path_comes_before_the_one_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = program(tmp_path / "bin", "\x7fELF")
    assert candidates(monkeypatch, tmp_path / "bin")[0] == str(own)


def test_a_plugin_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "\x7fELF")
    (tmp_path / "bin/cli-plugins").mkdir()
    plugin = tmp_path / "bin/cli-plugins/docker-compose"
    plugin.write_text("")
    assert candidates(monkeypatch, tmp_path / "bin")[0] == str(plugin)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('time="x" level=error msg="services.web.image must be a string"\n', "services.web.image must be a string"),
        ("yaml: line 3: mapping values are not allowed\n", "refuses it: yaml: line 3"),
        ("", "found no project in these files"),
    ],
)
def test_what_is_said_beside_an_empty_answer_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, told: str
) -> None:
    (tmp_path / "compose.yaml").write_text("services: {}")
    monkeypatch.setattr(docker_compose, "_config", lambda *_: (None, said))
    with pytest.raises(ApplicationError, match=told):
        docker_compose.load([tmp_path / "compose.yaml"], Choices(), tmp_path)
