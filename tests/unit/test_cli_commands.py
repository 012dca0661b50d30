"""The commands as a user types them, without a cluster: output, streams, exit codes."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from ailtire_operator import __version__
from ailtire_operator.cli import app, manual, shell
from ailtire_operator.cli.failures import Exit
from lab.paths import ROOT
from support.checks.commands import Result, Run


def test_without_arguments_it_explains_itself(run: Run) -> None:
    result = run()
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("Usage: kubectl ailtire ")
    assert "Exit codes:" in result.out


def test_version(run: Run) -> None:
    assert re.match(r"kubectl-ailtire \d+\.\d+\.\d+ \(ailtire.io/v1alpha1", run("version").out)
    assert json.loads(run("version", "-o", "json").out)["apiVersion"] == "ailtire.io/v1alpha1"
    assert run("version", "-o", "yaml").documents[0]["apiVersion"] == "ailtire.io/v1alpha1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tre"], "No such command 'tre'. Did you mean 'tree'?"),
        (["tree"], "no stack is named"),
        (["notices"], "no stack is named"),
        (["tree", "shop", "-A"], "a stack cannot be named across all namespaces"),
        (["notices", "shop", "-A"], "a stack cannot be named across all namespaces"),
        (["tree", "-A", "--watch"], "for one tree"),
        (["tree", "shop", "-o", "xml"], "'xml' is not one of 'wide', 'json', 'yaml'."),
        (["render", "shop.yaml", "--frobnicate"], "No such option: --frobnicate"),
        (["render", "nothing.yaml"], "there is no file or folder nothing.yaml"),
        (["wait", "shop", "--timeout", "soon"], "--timeout: 'soon' is not a duration"),
        (["tree", "shop"], "no usable configuration for the cluster"),
        (["diff", "shop.yaml"], "no usable configuration for the cluster"),
        (["wait", "shop"], "no usable configuration for the cluster"),
        (["export", "shop"], "no usable configuration for the cluster"),
        (["completion", "tcsh"], "'tcsh' is not one of"),
    ],
)
def test_trouble_is_a_plain_sentence(run: Run, arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert (result.code, result.out) == (Exit.TROUBLE, "")
    assert message in result.err
    assert result.err.startswith("error: ")


def test_a_fault_of_the_program_is_told_as_such(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr("ailtire_operator.cli.sources.read", broken)
    result = run("validate", "shop.yaml")
    assert (result.code, result.out) == (Exit.TROUBLE, "")
    assert "error: internal error: KeyError: 'x'" in result.err
    with pytest.raises(KeyError):
        app.run(["--debug", "validate", "shop.yaml"])


def test_interruption_ends_quietly(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ailtire_operator.cli.sources.read", interrupted)
    assert run("validate", "shop.yaml") == Result(Exit.INTERRUPTED, "", "")


def test_a_closed_pipe_ends_quietly(run: Run, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from ailtire_operator.cli import main; main()", "render", "shop.yaml"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "operator")}
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, stdout=writer, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writer)
    assert done.stderr.startswith(b"note: shop: the stack 'pay' is left out")
    assert len(done.stderr.splitlines()) == 1


def test_completion_of_commands_and_options(run: Run) -> None:
    assert "tree\t" in shell.kubectl_completions(["tr"])
    assert shell.kubectl_completions(["tree", "--na"]).splitlines() == ["--namespace\tThe namespace.", ":4"]
    assert shell.kubectl_completions(["tree", ""]) == ":0\n", "no cluster, no names, no noise"
    assert shell.kubectl_completions(["export", "--profile", "s"]).splitlines()[0].startswith("swarm")


def test_completion_of_contexts(run: Run, tmp_path: Path) -> None:
    (tmp_path / "no-cluster").write_text("contexts: [{name: kind-a}, {name: prod}]")
    assert shell.kubectl_completions(["tree", "--context", "k"]).splitlines() == ["kind-a", ":4"]


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_executable(run: Run, name: str) -> None:
    result = run("completion", name)
    assert result.code == Exit.DONE
    assert "kubectl-ailtire" in result.out
    assert shell.VARIABLE in result.out


def test_kubectl_asks_through_a_shim(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    script = run("completion", "kubectl").out
    variable, _, value = script.splitlines()[1].partition(" ")[0].partition("=")
    monkeypatch.setenv(variable, value)
    assert run("tree", "--na").out == "--namespace\tThe namespace.\n:4\n"


def test_the_manual_is_current() -> None:
    said = (ROOT / "docs" / "cli.md").read_text()
    assert said == manual.manual(), "run: python -m ailtire_operator.cli.manual > docs/cli.md"


def command_lines() -> list[str]:
    """Every command line of this program in the help texts."""
    text = manual.manual()
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    parts = [part.strip() for line in lines if not line.startswith("#") for part in re.split(r"[|>]|<\(|\)", line)]
    return sorted({part for part in parts if part.startswith("kubectl ailtire ")})


@pytest.mark.parametrize("line", command_lines())
def test_every_example_is_understood(line: str) -> None:
    group: Any = typer.main.get_command(app.build())
    _, _, name, *arguments = shlex.split(line)
    command = group.commands[name]
    command.make_context(name, arguments, parent=typer.Context(group, info_name="kubectl ailtire"))


def test_the_version_is_an_option_too(run: Run) -> None:
    assert run("--version").out == f"kubectl-ailtire {__version__}\n"
    assert run("version", "--client").err == ""


def test_kubectl_completes_by_an_executable_of_the_package_without_doubles() -> None:
    """What pip installs under the name that kubectl looks for; an answer holds each value once."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts["kubectl_complete-ailtire"] == "ailtire_operator.cli:complete"
    code = "import sys; from ailtire_operator.cli import complete; sys.argv[1:] = ['']; complete()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *found, directive = [line.partition("\t")[0] for line in done.stdout.splitlines()]
    assert (directive, "tree" in found, len(found)) == (":4", True, len(set(found)))


@pytest.mark.parametrize(
    ("arguments", "verbs"),
    [
        (["tree", "x"], ["tree"]),
        (["-n", "tree", "wait", "x"], ["tree", "wait"]),
        (["wait", "import", "--help"], ["import", "wait"]),
        (["--help"], list(app.VERBS)),
        (["--help", "tree"], list(app.VERBS)),
        (["tre"], list(app.VERBS)),
        ([], list(app.VERBS)),
    ],
)
def test_only_the_commands_that_may_be_meant_are_imported(arguments: list[str], verbs: list[str]) -> None:
    assert list(app.asked_for(arguments)) == verbs


def test_every_module_of_a_command_is_a_command() -> None:
    folder = ROOT / "operator" / "ailtire_operator" / "cli" / "verbs"
    modules = {path.stem.rstrip("_").replace("_", "-") for path in folder.glob("[a-z]*.py")}
    assert modules == set(app.VERBS)
