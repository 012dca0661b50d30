"""``completion``: for those who type."""

from typing import Annotated

import typer

from ailtire_operator.cli import output, shell
from ailtire_operator.cli.helping import help_text

_HELP = help_text(
    "Print a script for completion in a shell.", "It completes commands, options, and the names of stacks.",
    "That is for the executable kubectl-ailtire. After 'kubectl ailtire', kubectl's own completion asks the executable"
    " kubectl_complete-ailtire, which is installed beside it: nothing more is to be done.",
    examples=[
        ("in this shell", "source <(kubectl ailtire completion bash)"),
        ("in every shell to come",
         "kubectl ailtire completion fish > ~/.config/fish/completions/kubectl-ailtire.fish"),
    ],
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("completion", help=_HELP)(_completion)


def _completion(kind: Annotated[shell.Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]) -> None:
    output.data(shell.script(kind))
