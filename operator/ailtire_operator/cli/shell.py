"""Completion: typer's own for the shells, and an answer in the form in which kubectl asks its plugins.

The shells' go through typer's documented environment variables, in this process.
"""

import contextlib
import io
import os
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import typer
from typer.completion import get_completion_inspect_parameters

VARIABLE: Final = "_KUBECTL_AILTIRE_COMPLETE"
EXECUTABLE: Final = "kubectl-ailtire"
_DEFAULT: Final = 0
_NO_FILES: Final = 4
"""What a plugin asks kubectl to do beside: what the shell does anyway, or no completion of files."""


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
    from ailtire_operator.cli.app import VERBS, asked_for, build
    from ailtire_operator.cli.words import candidates

    *before, incomplete = arguments or [""]
    verbs = asked_for(before)
    entries = candidates(typer.main.get_command(build(verbs)), before, incomplete)
    if len(verbs) < len(VERBS) and {value for value, _ in entries} & set(VERBS):
        # What stands there is the value of an option: the command is still to come.
        entries = candidates(typer.main.get_command(build()), before, incomplete)
    found = dict(entries)
    lines = [f"{value}\t{text}" if text else value for value, text in found.items()]
    return "\n".join([*lines, f":{_NO_FILES if found else _DEFAULT}", ""])


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
