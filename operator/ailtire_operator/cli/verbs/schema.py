"""``schema``: the resource as a JSON Schema, for editors."""

from typing import Annotated

import typer

from ailtire_operator.cli import output
from ailtire_operator.cli.help_text import help_text

_HELP = help_text(
    "Print a JSON Schema of the AiltireStack, for editors.",
    "An editor that knows it completes fields at any depth, inline child stacks included, shows what each means, and"
    " marks unknown fields, wrong types and values out of bounds while you type. It needs no cluster and is of the"
    " version of this program. Editors with yaml-language-server (VS Code with Red Hat's YAML extension, Neovim, Helix,"
    " Emacs) take it from a comment on the first line of a file:",
    "\b\n  # yaml-language-server: $schema=ailtirestack.schema.json",
    "Rules between fields (never two sources of one value) and between resources (names that collide, references) are"
    " not in it: 'validate' checks them too. Files that a kustomize overlay merges into another hold only a part of a"
    " resource: --patch prints the schema for those, which requires nothing.",
    examples=[
        ("beside the definitions", "kubectl ailtire schema > ailtirestack.schema.json"),
        ("for the patches of overlays", "kubectl ailtire schema --patch > ailtirestack-patch.schema.json"),
        ("which fields a service has",
         "kubectl ailtire schema | jq '.definitions.services.additionalProperties.properties | keys'"),
    ],
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("schema", help=_HELP)(_schema)


def _schema(
    patch: Annotated[
        bool, typer.Option("--patch/--whole", help="For parts of resources that kustomize merges, or for whole ones.")
    ] = False,
) -> None:
    from ailtire_operator.model.editor_schema import editor_schema

    output.data(output.to_json(editor_schema(patch=patch)))
