"""Completion: typer's own for the shells, and an answer in the form in which kubectl asks its plugins.

Both go through typer's documented environment variables, in this process: nothing here knows typer's insides.
"""

import contextlib
import io
import os
import shlex
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import typer
from typer.completion import get_completion_inspect_parameters

VARIABLE: Final = "_KUBECTL_AILTIRE_COMPLETE"
EXECUTABLE: Final = "kubectl-ailtire"
_DEFAULT: Final = 0
_NO_FILES: Final = 4
"""What a plugin tells kubectl to do beside: what the shell does anyway, or no completion of files."""


_FOR_KUBECTL: Final = "complete_kubectl"
_SHIM: Final = f"""#!/bin/sh
{VARIABLE}={_FOR_KUBECTL} exec {EXECUTABLE} "$@"
"""


class Shell(StrEnum):
    """The shells that typer knows and kubectl too; and kubectl itself, which asks on behalf of any shell."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    KUBECTL = "kubectl"


def prepare() -> None:
    """Let typer know its shells, which it learns only with options of its own (--install-completion) otherwise."""
    get_completion_inspect_parameters()


def script(shell: Shell) -> str:
    """What a shell sources to complete the executable's own name; or what kubectl runs to complete the plugin's."""
    if shell is Shell.KUBECTL:
        return _SHIM
    return _answer({VARIABLE: f"source_{shell}"})


def asked_by_kubectl() -> bool:
    """Whether this process is to complete and not to run a command."""
    return os.environ.get(VARIABLE) == _FOR_KUBECTL


def answer_kubectl() -> None:
    """Let this process complete, as its shell script would."""
    os.environ[VARIABLE] = _FOR_KUBECTL


def kubectl_completions(arguments: Sequence[str]) -> str:
    """The answer to kubectl: ``value<TAB>help`` lines and a directive. The last argument is the incomplete one."""
    *before, incomplete = arguments or [""]
    words = [shlex.quote(word) for word in (EXECUTABLE, *before)]
    # An empty last word is what follows a blank; a word with a blank in it cannot be completed anyway.
    line = f"{' '.join(words)} {incomplete}"
    asked = {VARIABLE: "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args", "_TYPER_COMPLETE_ARGS": line}
    entries = [entry for entry in _answer(asked).splitlines() if entry.strip()]
    found = list({entry.partition("\t")[0]: entry for entry in entries}.values())
    return "\n".join([*found, f":{_NO_FILES if found else _DEFAULT}", ""])


def _answer(variables: dict[str, str]) -> str:
    from ailtire_operator.cli.app import build

    prepare()
    kept = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    captured = io.StringIO()
    try:
        with contextlib.redirect_stdout(captured), contextlib.suppress(SystemExit):
            typer.main.get_command(build()).main([], prog_name=EXECUTABLE, complete_var=VARIABLE)
    finally:
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    return captured.getvalue()
