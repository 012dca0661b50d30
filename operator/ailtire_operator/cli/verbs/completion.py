"""``completion``: for those who type."""

from typing import Annotated

import typer

from ailtire_operator.cli import output, shell
from ailtire_operator.cli.help_text import help_text

_HELP = help_text(
    "Print a script for completion in a shell.", "It completes commands, options, and the names of stacks.",
    "bash, zsh and fish complete the executable's own name, kubectl-ailtire. For 'kubectl ailtire <TAB>', kubectl's own"
    " completion asks an executable kubectl_complete-ailtire, which is installed with this program. Where only this one"
    " is on the PATH, put what 'completion kubectl' prints under that name beside it.",
    examples=[
        ("in this shell", "source <(kubectl ailtire completion bash)"),
        ("for 'kubectl ailtire', in every shell that completes kubectl",
         "kubectl ailtire completion kubectl > ~/.local/bin/kubectl_complete-ailtire\n"
         "chmod +x ~/.local/bin/kubectl_complete-ailtire"),
        ("in every fish to come",
         "kubectl ailtire completion fish > ~/.config/fish/completions/kubectl-ailtire.fish"),
    ],
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("completion", help=_HELP)(_completion)


def _completion(kind: Annotated[shell.Shell, typer.Argument(metavar="SHELL", help="Who is to complete.")]) -> None:
    output.data(shell.script(kind))
