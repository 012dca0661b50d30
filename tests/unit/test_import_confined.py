"""What an import reads: the project's folder, and nothing else, whatever its files say and the system can do."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ailtire_operator.compose import files as project_files
from ailtire_operator.compose.compose_file import sandbox
from ailtire_operator.compose.errors import ComposeError
from ailtire_operator.compose.importing import compose_files, import_application, import_compose
from support.compose.compose_cases import convert

SECRET = "correct-horse-battery-staple"
PROJECT: dict[str, dict[str, str]] = {
    "include sees another folder's files": {
        "compose.yaml": "include: [{path: x.yaml, project_directory: OUT}]\nservices: {a: {image: a}}\n",
        "x.yaml": "services: {b: {image: b, env_file: secret.env}}\n",
    },
    "include takes another folder's variables": {
        "compose.yaml": "include: [{path: x.yaml, env_file: OUT/secret.env}]\nservices: {a: {image: a}}\n",
        "x.yaml": "services: {b: {image: b, environment: {A: '${WORD}'}}}\n",
    },
    "include takes the variables beside a linked folder": {
        "compose.yaml": "include: [{path: x.yaml, project_directory: linked}]\nservices: {a: {image: a}}\n",
        "x.yaml": "services: {b: {image: b, environment: {A: '${WORD}'}}}\n",
        "linked": "-> OUT",
    },
    "a variable of the project's own": {
        ".env": "WHERE=OUT/secret.env\n",
        "compose.yaml": "services: {a: {image: a, configs: [c]}}\nconfigs: {c: {file: '${WHERE}'}}\n",
    },
    "a variable of the project's own, for variables": {
        ".env": "WHERE=OUT/secret.env\n",
        "compose.yaml": "services: {a: {image: a, env_file: '${WHERE}'}}\n",
    },
    "a default in a default": {
        "compose.yaml": "services: {a: {image: a, configs: [c]}}\nconfigs: {c: {file: '${A:-${B:-OUT/secret.env}}'}}\n",
    },
    "a default in a default, for variables": {
        "compose.yaml": "services: {a: {image: a, env_file: [{path: '${A:-${B:-OUT/secret.env}}', format: raw}]}}\n",
    },
    "a default in an include": {
        "compose.yaml": "include: ['${A-OUT/base.yaml}']\nservices: {a: {image: a}}\n",
    },
    "a default in extends": {
        "compose.yaml": "services: {a: {extends: {file: '${A:-OUT/base.yaml}', service: b}}}\n",
    },
    "labels from elsewhere": {
        "compose.yaml": "services: {a: {image: a, label_file: ['${A:-OUT/secret.env}']}}\n",
    },
    ".env is a link": {
        ".env": "-> OUT/secret.env",
        "compose.yaml": "services: {a: {image: a, environment: {A: '${WORD}'}}}\n",
    },
    "the file is a link": {"compose.yaml": "-> OUT/base.yaml"},
    "the override is a link": {
        "compose.yaml": "services: {a: {image: a}}\n",
        "compose.override.yaml": "-> OUT/base.yaml",
    },
    "a linked file with variables": {
        "compose.yaml": "services: {a: {image: a, env_file: linked.env}}\n",
        "linked.env": "-> OUT/secret.env",
    },
    "a linked content": {
        "compose.yaml": "services: {a: {image: a, configs: [c]}}\nconfigs: {c: {file: linked.env}}\n",
        "linked.env": "-> OUT/secret.env",
    },
    "a mounted link": {
        "compose.yaml": "services: {a: {image: a, volumes: ['./linked.txt:/x.txt']}}\n",
        "linked.txt": "-> OUT/secret.txt",
    },
    "a mounted folder with a link": {
        "compose.yaml": "services: {a: {image: a, volumes: ['./conf:/conf']}}\n",
        "conf/linked.txt": "-> OUT/secret.txt",
    },
    "a merge of maps": {
        "compose.yaml": "x-a: &a {env_file: ['${X:-OUT/secret.env}']}\nservices: {a: {<<: *a, image: a}}\n",
    },
}
SECRETS = {
    "a secret's file": {
        "compose.yaml": "services: {a: {image: a, secrets: [c]}}\nsecrets: {c: {file: '${A:-${B:-OUT/secret.env}}'}}\n",
    },
}


def write(folder: Path, named: dict[str, str]) -> Path:
    """Write a project, and beside it what it must not read."""
    outside, project = folder / "outside", folder / "project"
    outside.mkdir()
    project.mkdir()
    (outside / "secret.env").write_text(f"WORD={SECRET}\n")
    (outside / ".env").write_text(f"WORD={SECRET}\n")
    (outside / "secret.txt").write_text(f"{SECRET}\n")
    (outside / "base.yaml").write_text(f"services: {{b: {{image: b, environment: {{A: {SECRET}}}}}}}\n")
    for name, text in named.items():
        (project / name).parent.mkdir(exist_ok=True)
        text = text.replace("OUT", str(outside))
        if text.startswith("-> "):
            (project / name).symlink_to(text.removeprefix("-> "))
        else:
            (project / name).write_text(text)
    return project


@pytest.fixture(params=[True, False], ids=["confined", "not confined"])
def _system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that confines Docker Compose, and one that cannot."""
    if request.param and not sandbox.version():
        pytest.fail("the tests need Landlock, which Linux has since 5.13")
    if not request.param:
        monkeypatch.setattr(sandbox, "version", lambda: 0)


@pytest.mark.usefixtures("_system")
@pytest.mark.parametrize("named", [*PROJECT.values(), *SECRETS.values()], ids=[*PROJECT, *SECRETS])
def test_nothing_outside_of_the_folder_is_read(named: dict[str, str], tmp_path: Path) -> None:
    project = write(tmp_path, named)
    try:
        result = convert(*compose_files(project), with_secrets=True)
    except ComposeError as error:
        told = str(error)
        assert "--root" in told or "Landlock" in told
    else:
        told = f"{result.stack}{result.notices}{result.secrets}"
    assert SECRET not in told


@pytest.mark.usefixtures("_system")
@pytest.mark.parametrize(
    "name", ["include sees another folder's files", "include takes another folder's variables", ".env is a link"]
)
def test_a_folder_that_holds_it_all_may_be_named(name: str, tmp_path: Path) -> None:
    project = write(tmp_path, {**PROJECT[name]})
    if name == ".env is a link":  # who means it gives the file
        (project / ".env").unlink()
        result = convert(*compose_files(project), env_files=(tmp_path / "outside/secret.env",))
    else:
        result = convert(*compose_files(project), root=tmp_path)
    assert SECRET in str(result.stack)


def test_where_nothing_confines_a_path_with_variables_is_refused_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "version", lambda: 0)
    monkeypatch.setattr(subprocess, "run", _never)
    for name in ("a default in an include", "a default in extends", "a merge of maps", "labels from elsewhere"):
        (tmp_path / name).mkdir()
        project = write(tmp_path / name, PROJECT[name])
        with pytest.raises(ComposeError, match="has no Landlock"):
            convert(*compose_files(project))


def _never(*_: object, **__: object) -> None:
    raise AssertionError("a program was run")


def test_variables_of_the_shell_go_in_only_where_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", SECRET)
    text = "services: {a: {image: a, environment: {A: '${WORD:-none}', B: '${HOME}', WORD: }, configs: [c]}}\n"
    project = write(tmp_path, {"compose.yaml": text + "configs: {c: {content: '${WORD:-none}'}}\n"})
    assert SECRET not in str(convert(*compose_files(project)).stack)
    assert str(Path.home()) not in str(convert(*compose_files(project)).stack["spec"]["services"])
    assert convert(*compose_files(project), shell_variables=True).services["a"]["environment"]["A"] == SECRET


def test_a_config_from_a_variable_asks_for_the_same_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", SECRET)
    text = "services: {a: {image: a, configs: [c]}}\nconfigs: {c: {environment: WORD}}\n"
    project = write(tmp_path, {"compose.yaml": text})
    with pytest.raises(ComposeError, match="--env-from-shell"):
        convert(*compose_files(project))
    assert SECRET in str(convert(*compose_files(project), shell_variables=True).stack)


def test_a_services_file_that_is_a_link_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.js").write_text(f"module.exports = {{services: {{a: {{image: '{SECRET}'}}}}}}")
    folder = tmp_path / "application"
    folder.mkdir()
    (folder / "services.js").symlink_to(tmp_path / "elsewhere.js")
    with pytest.raises(ComposeError, match="leads out of the folder"):
        import_application(folder / "services.js", env=None, registry=None)


def test_a_link_put_in_after_the_look_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at a path and its opening somebody exchanges a folder of it for a link."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root / "inner", outside):
        folder.mkdir(parents=True)
        (folder / "file").write_text(SECRET if folder == outside else "mine")
    located = project_files.located

    def exchanged(*arguments: Path | str) -> Path:
        found = located(*arguments)  # type: ignore[arg-type]
        (root / "inner").rename(root / "moved")
        (root / "inner").symlink_to(outside)
        return found

    monkeypatch.setattr(project_files, "located", exchanged)
    with pytest.raises(ComposeError, match="cannot read file"):
        project_files.content(root, root / "inner/file", "file")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["a pipe", "a folder"])
def test_what_is_no_file_keeps_nobody_waiting(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / "x")
    with pytest.raises(ComposeError):
        project_files.content(tmp_path, tmp_path / "x", "x")


def _program(plan: str, code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", sandbox.__file__, plan, sys.executable, "-I", "-S", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_confined_program_reads_what_it_may_and_writes_and_calls_nothing(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "file").write_text("content")
    python = [sys.prefix, sys.base_prefix, sys.exec_prefix, *sandbox.LIBRARIES]
    plan = {"limits": {}, "read": [str(inside)], "run": python, "write": ["/dev/null"], "network": False}
    code = f"""
import socket, os
def tried(what):
    try:
        what()
    except PermissionError:
        return False
    return True
def connect():
    try:
        socket.create_connection(("127.0.0.1", 1))
    except ConnectionRefusedError:
        pass
print([tried(each) for each in (
    lambda: open({str(inside / "file")!r}).read(),
    lambda: open({str(outside / "file")!r}).read(),
    lambda: os.listdir({str(outside)!r}),
    lambda: open({str(inside / "new")!r}, "w"),
    lambda: os.unlink({str(inside / "file")!r}),
    connect,
)])
"""
    import json

    done = _program(json.dumps(plan), code)
    calls = sandbox.version() < 4
    assert done.stdout.strip() == str([True, False, False, False, False, calls]), done.stderr


def test_a_program_that_cannot_be_confined_is_not_started() -> None:
    done = _program('{"limits": {}, "read": [], "run": [], "write": [], "network": false}', "print('started')")
    assert (done.returncode, done.stdout) == (sandbox.FAILED, "")
    assert "could not be started" in done.stderr


def test_remote_includes_need_the_confinement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ailtire_operator.compose.compose_file.docker_compose import Choices
    from ailtire_operator.compose.compose_file.project import ComposeOptions

    monkeypatch.setattr(sandbox, "version", lambda: 0)
    project = write(tmp_path, {"compose.yaml": "services: {a: {image: a}}\n"})
    with pytest.raises(ComposeError, match="Landlock"):
        import_compose(compose_files(project), options=ComposeOptions(Choices(remote=True)))
