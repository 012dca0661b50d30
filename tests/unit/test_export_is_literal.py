"""An author's text in an export is text: to YAML, Compose, Swarm, the shell that runs deploy.sh, and the disk."""

import json
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from ailtire_operator.compose.exporting import Exported, export_tree
from ailtire_operator.model.loading import parse_stack
from support.checks.commands import Run
from support.definitions.hostile import METACHARACTERS, accepted, as_tree, every_field, strings

_RECORDER = """#!/bin/sh
printf '%s\\0' "${0##*/}" "$@" '
' >> "$RECORD"
"""
"""In one piece, as programs of a pipe run at once."""
_STAND_INS = ("docker", "kubectl", "base64", "touch")


@dataclass
class Shell:
    """A shell that knows stand-ins of the programs alone: each writes down how it was called."""

    folder: Path
    """Where it stands, and where nothing must appear."""

    def __post_init__(self) -> None:
        self._programs = self.folder.parent / "programs"
        self._programs.mkdir()
        for name in _STAND_INS:
            (self._programs / name).write_text(_RECORDER)
            (self._programs / name).chmod(0o755)
        (self._programs / "dirname").symlink_to(shutil.which("dirname") or "/usr/bin/dirname")
        self.folder.mkdir()

    def calls(self, *command: str) -> list[list[str]]:
        """Return what the command ran: each program with its arguments."""
        record = self._programs / "record"
        record.write_text("")
        surroundings = {"PATH": str(self._programs), "RECORD": str(record), "HOME": "/home-of-the-admin"}
        done = subprocess.run(command, cwd=self.folder, env=surroundings, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert list(self.folder.iterdir()) == []
        return [call.split("\0")[:-1] for call in record.read_text().split("\n\0")[:-1]]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """The shell, in a folder of its own."""
    return Shell(tmp_path / "elsewhere")


@pytest.fixture(params=list(METACHARACTERS.values()), ids=list(METACHARACTERS))
def tree(request: pytest.FixtureRequest) -> dict[str, Any]:
    """One stack with a hostile text in every field of its tree."""
    return _tree(request.param)


@cache
def _tree(text: str) -> dict[str, Any]:
    found = as_tree([spec for spec in every_field(text, accepted) if _is_exported(spec)])
    assert len(found["spec"]["services"]) > 5  # texts without bounds take anything, in every place where they stand
    assert text in "".join(strings(found))
    return found


def _is_exported(spec: dict[str, Any]) -> bool:
    """Whether it is no template with a placeholder that nothing can fill."""
    try:
        _exported(as_tree([spec]))
    except ValueError:
        return False
    return True


def _exported(tree: dict[str, Any]) -> Exported:
    stack = parse_stack(tree)
    return export_tree(stack.name, stack.spec, {})


def _values(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _values(each)
    elif isinstance(value, list):
        for each in value:
            yield from _values(each)
    elif isinstance(value, str):
        yield value


def test_nothing_but_the_deployment_is_run(tree: dict[str, Any], shell: Shell, run: Run, tmp_path: Path) -> None:
    file, folder = tmp_path / "shop.json", tmp_path / "out"
    file.write_text(json.dumps(tree))
    there = {each.name for each in tmp_path.iterdir()}
    done = run("export", "-f", str(file), "-o", str(folder))
    assert done.code == 0, done.err
    result = _exported(tree)
    named = {f"{stack}.yaml" for stack in result.files} | set(result.beside)
    assert {str(each.relative_to(folder)) for each in folder.rglob("*")} == {*named, "deploy.sh"}
    assert {each.name for each in tmp_path.iterdir()} == {*there, "out"}
    for stack, document in result.files.items():
        assert yaml.safe_load((folder / f"{stack}.yaml").read_text()) == document
    deploy = ["docker", "stack", "deploy", "--prune", "--with-registry-auth"]
    expected = [[*deploy, "--quiet", "-c", f"{stack}.yaml", stack] for stack in result.files]
    assert shell.calls("/bin/sh", str(folder / "deploy.sh"), "--quiet") == expected


def test_what_must_be_there_before_is_made_by_its_name(tree: dict[str, Any], shell: Shell) -> None:
    result = _exported(tree)
    assert result.needed
    for command in result.needed:
        found = shell.calls("/bin/sh", "-c", command)
        assert sorted(found) == sorted(_split(shlex.split(command)))
        assert {call[0] for call in found} <= {"docker", "kubectl", "base64"}


def _split(words: list[str]) -> Iterator[list[str]]:
    """Yield the words between the pipes, each a call."""
    call: list[str] = []
    for word in words:
        if word == "|":
            yield call
            call = []
        else:
            call.append(word)
    yield call


def test_compose_finds_no_variable(tree: dict[str, Any]) -> None:
    for document in _exported(tree).files.values():
        assert [text for text in _values(document) if "$" in text.replace("$$", "")] == []


def test_upstreams_files_ask_for_upstreams_variables_alone(tree: dict[str, Any]) -> None:
    stack = parse_stack(tree)
    for document in export_tree(stack.name, stack.spec, {}, profile="ailtire").files.values():
        for text in _values(document):
            rest = text.replace("$$", "").replace("${AILTIRE_APPNAME}", "").replace("${AILTIRE_PARENT_NETWORK}", "")
            assert "$" not in rest


def test_a_line_of_a_command_never_leaves_its_comment() -> None:
    """Were a name with a line end ever to come this far, it would be inside of the comment."""
    from ailtire_operator.compose.swarm.script import script

    text = script(["shop"], ["docker network create 'x\ntouch ./PWNED\n#'"])
    assert [line for line in text.splitlines() if "PWNED" in line] == ["#   touch ./PWNED"]


def test_a_link_in_the_folder_is_replaced_and_not_followed(run: Run, tmp_path: Path) -> None:
    file, folder, target = tmp_path / "shop.json", tmp_path / "out", tmp_path / "target"
    file.write_text(json.dumps(as_tree([{"services": {"web": {"image": "web"}}}])))
    folder.mkdir()
    target.write_text("mine")
    (folder / "deploy.sh").symlink_to(target)
    assert run("export", "-f", str(file), "-o", str(folder)).code == 0
    assert target.read_text() == "mine"
    assert "docker stack deploy" in (folder / "deploy.sh").read_text()
