"""``notices``: what of a tree that runs does not run exactly as it is written, and what to do about it."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ailtire_operator.cli import options, output
from ailtire_operator.cli.help_text import help_text

if TYPE_CHECKING:
    from ailtire_operator.cli.trees import Resource

_HELP = help_text(
    "Tell what of a stack and everything below it does not run exactly as written.",
    "Each deviation is listed once, with what to do about it, and below it the places: the stack and the path in its"
    " definition. 'kubectl ailtire tree -o wide' shows how many each stack has.",
    examples=[
        ("the whole application", "kubectl ailtire notices shop -n shop"),
        ("with every place", "kubectl ailtire notices shop -n shop -o full"),
        ("every stack of the cluster", "kubectl ailtire notices -A"),
        ("what wants a permission, by a program",
         "kubectl ailtire notices shop -n shop -o json | jq '.notices[] | select(.classification == \"gated\")'"),
    ],
)  # fmt: skip


class Form(StrEnum):
    """How they are printed."""

    TEXT = "text"
    FULL = "full"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("notices", help=_HELP)(_notices)


def _notices(
    context: typer.Context,
    name: options.OptionalName = None,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    all_namespaces: options.AllNamespaces = False,
    form: Annotated[Form, typer.Option("--output", "-o", help="full lists every place.")] = Form.TEXT,
) -> None:
    from ailtire_operator.cli import live
    from ailtire_operator.cli.notices import findings, reservations
    from ailtire_operator.cli.report import PLACES, as_json, summary, text
    from ailtire_operator.cli.wait_conditions import subtree

    target = options.target(context, namespace, cluster, kubeconfig)
    if (stack := options.one_or_all(name, everywhere=all_namespaces)) is None:
        tree: Sequence[Resource] = live.run(target, lambda each: each.everywhere())
    else:
        resources = live.run(target, lambda each: each.tree(stack))
        tree = subtree(resources[0], resources)
    found = findings(tree, namespaces=all_namespaces)
    if form is Form.JSON:
        output.data(output.to_json(as_json(found)))
    else:
        output.data(text(found, places=None if form is Form.FULL else PLACES) or summary(found))
    for line in reservations(tree, namespaces=all_namespaces):
        output.say(f"note: {line}")
