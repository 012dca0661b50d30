"""What may follow the words of a line is what typer's own completion says of it."""

import contextlib
import io
import shlex

import pytest
import typer

from ailtire_operator.cli import shell
from ailtire_operator.cli.app import build
from ailtire_operator.cli.words import candidates
from support.checks.commands import Run

LINES = [
    [""],
    ["tr"],
    ["-"],
    ["--n"],
    ["-n", "x", "t"],
    ["-nx", "t"],
    ["-n", "tree", ""],
    ["--namespace=x", "t"],
    ["tree", "-"],
    ["tree", "--na"],
    ["tree", "-n", "x", "--"],
    ["tree", "-o", ""],
    ["tree", "-o", "j"],
    ["tree", "--watch", "-o", "j"],
    ["tree", "shop", "-o", "w"],
    ["tree", "--", "-"],
    ["export", "--profile", "s"],
    ["export", "-f", "a", "--p"],
    ["wait", "--for", ""],
    ["wait", "--for=d"],
    ["completion", ""],
    ["completion", "bash", ""],
    ["validate", "a.yaml", "b.yaml", "-o", ""],
    ["import", "--report", "j"],
    ["nothing", "x"],
    ["tree", "--nothing", "-o", ""],
]


def by_typer(words: list[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    *before, incomplete = words
    line = f"{' '.join(map(shlex.quote, [shell.EXECUTABLE, *before]))} {incomplete}"
    shell.prepare()
    for name, value in {
        shell.VARIABLE: "complete_fish",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_ARGS": line,
    }.items():
        monkeypatch.setenv(name, value)
    captured = io.StringIO()
    with contextlib.redirect_stdout(captured), contextlib.suppress(SystemExit):
        typer.main.get_command(build()).main([], prog_name=shell.EXECUTABLE, complete_var=shell.VARIABLE)
    return [each.partition("\t")[0] for each in captured.getvalue().splitlines() if each.strip()]


@pytest.mark.parametrize("words", LINES, ids=" ".join)
def test_it_is_what_typer_says(words: list[str], run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    *before, incomplete = words
    found = candidates(typer.main.get_command(build()), before, incomplete)
    assert sorted({value for value, _ in found}) == sorted(set(by_typer(words, monkeypatch)))
    monkeypatch.delenv(shell.VARIABLE)
    answered = [line.partition("\t")[0] for line in shell.kubectl_completions(words).splitlines()[:-1]]
    assert sorted(answered) == sorted({value for value, _ in found}), "also where one command alone is built"


def test_help_is_one_line() -> None:
    found = dict(candidates(typer.main.get_command(build(["tree"])), ["tree"], "--n"))
    assert found == {"--namespace": "The namespace."}
