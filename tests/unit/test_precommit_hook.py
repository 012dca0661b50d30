"""The hook that this repository offers to pre-commit: ``validate`` on the files of a commit, whatever else is in it."""

import importlib
import json
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from ailtire_operator.cli.failures import Exit
from lab.paths import ROOT
from support.checks.commands import Run

WRONG = """apiVersion: ailtire.io/v1alpha1
kind: AiltireStack
metadata: {name: wrong}
spec: {services: {web: {imag: x}}}
"""
OTHERS = {
    "values.yaml": "replicas: 2\n",
    "chart/deployment.yaml": "kind: Deployment\n{{- if .Values.x }}\n  a: b\n{{ end }}\n",
    "function.yaml": "Resources: {Table: !Ref Name}\n",
    "package.json": '{"name": "x"}',
    "kustomization.yaml": "resources: [shop.yaml]\npatches: [{target: {kind: AiltireStack}, path: p.yaml}]\n",
    "list.yaml": "- AiltireStack\n",
    "empty.yaml": "",
}


@pytest.fixture(scope="module")
def hook() -> dict[str, Any]:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert isinstance(hook, dict)
    return hook


@pytest.fixture
def others(tmp_path: Path) -> list[str]:
    for name, text in OTHERS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return list(OTHERS)


def test_its_entry_is_a_program_that_the_install_brings(hook: dict[str, Any]) -> None:
    assert (hook["id"], hook["language"], hook["require_serial"]) == ("ailtire-validate", "python", True)
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, function = scripts[shlex.split(hook["entry"])[0]].partition(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_it_passes_over_what_is_no_stack_and_checks_what_is(
    hook: dict[str, Any], run: Run, others: list[str], tmp_path: Path
) -> None:
    arguments = shlex.split(hook["entry"])[1:]
    none = run(*arguments, *others)
    assert (none.code, none.out, none.err) == (Exit.DONE, "", "note: none of the files holds an AiltireStack\n")
    right = run(*arguments, *others, "shop.yaml", "payment.yaml")
    assert (right.code, right.err) == (Exit.DONE, "")
    (tmp_path / "wrong.yaml").write_text(WRONG)
    wrong = run(*arguments, *others, "shop.yaml", "payment.yaml", "wrong.yaml")
    assert wrong.code == Exit.NO
    assert wrong.err.startswith("error: wrong.yaml:4:")


def test_a_file_that_may_hold_a_stack_has_to_be_yaml(hook: dict[str, Any], run: Run, tmp_path: Path) -> None:
    (tmp_path / "stack.yaml").write_text("kind: AiltireStack\n{{ if .x }}\n")
    result = run(*shlex.split(hook["entry"])[1:], "stack.yaml")
    assert result.code == Exit.NO
    assert "this is not YAML" in result.err


@pytest.mark.parametrize(
    "kind", ['"AiltireStack"', "'AiltireStack'", r'"Ailtire\x53tack"', '"Ailtire\\\n  Stack"', r'"\u0041iltireStack"']
)
def test_a_stack_is_one_however_its_kind_is_spelled(run: Run, kind: str, tmp_path: Path) -> None:
    (tmp_path / "spelled.yaml").write_text(WRONG.replace("AiltireStack", kind, 1))
    (tmp_path / "chart.yaml").write_text('name: "a\\x41"\n{{ if .x }}\n')
    result = run("validate", "--ignore-others", "chart.yaml", "spelled.yaml")
    assert result.code == Exit.NO
    assert result.err.startswith("error: spelled.yaml:")
    assert run("validate", "--ignore-others", "chart.yaml").code == Exit.DONE, "what is no YAML may be anything"


def test_what_is_no_yaml_hides_nothing_of_the_other_files(run: Run, tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(WRONG)
    (tmp_path / "broken.yaml").write_text("kind: AiltireStack\n{{ if .x }}\n")
    result = run("validate", "wrong.yaml", "broken.yaml", "shop.yaml", "payment.yaml")
    assert result.code == Exit.NO
    assert [line.split(":")[1] for line in result.err.splitlines()] == [" broken.yaml", " wrong.yaml"]
    problems = json.loads(run("validate", "-o", "json", "wrong.yaml", "broken.yaml").out)["problems"]
    assert [each["file"] for each in problems] == ["broken.yaml", "wrong.yaml"]


def test_without_the_option_what_is_no_stack_is_refused(run: Run, others: list[str]) -> None:
    assert run("validate", "values.yaml").code == Exit.NO
    assert run("validate", "empty.yaml").code == Exit.TROUBLE
    found = json.loads(run("validate", "--ignore-others", "-o", "json", *others).out)
    assert found == {"valid": True, "stacks": [], "problems": [], "notes": [], "trees": []}


def test_it_runs_as_a_program_of_its_own(hook: dict[str, Any], others: list[str], tmp_path: Path) -> None:
    program = [sys.executable, "-c", "from ailtire_operator.cli import main; main()"]
    (tmp_path / "wrong.yaml").write_text(WRONG)
    done = subprocess.run(
        [*program, *shlex.split(hook["entry"])[1:], *others, "wrong.yaml"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT / "operator"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (Exit.NO, "")
    assert "wrong.yaml:4:" in done.stderr
