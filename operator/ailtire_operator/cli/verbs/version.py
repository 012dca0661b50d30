"""``version``: what to name in a report of a problem."""

import platform
from typing import Annotated

import typer

from ailtire_operator import __version__, naming
from ailtire_operator.cli import output
from ailtire_operator.cli.helping import help_text
from ailtire_operator.cli.options import DataFormat

_HELP = help_text(
    "Print the version of this program and its API.",
    examples=[("for people", "kubectl ailtire version"), ("for programs", "kubectl ailtire version -o json")],
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("version", help=_HELP)(_version)


def _version(
    form: Annotated[DataFormat | None, typer.Option("--output", "-o", help="Format of the output.")] = None,
) -> None:
    facts = {"version": __version__, "apiVersion": naming.API_VERSION, "python": platform.python_version()}
    if form is DataFormat.JSON:
        output.data(output.to_json(facts))
    elif form is DataFormat.YAML:
        output.data(output.to_yaml(facts))
    else:
        output.data(f"kubectl-ailtire {__version__} ({naming.API_VERSION}, Python {facts['python']})")
