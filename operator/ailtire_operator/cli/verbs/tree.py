"""``tree``: the whole application at a glance, and why it is not ready."""

import asyncio
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ailtire_operator.cli import options, output
from ailtire_operator.cli.helping import help_text

if TYPE_CHECKING:
    from ailtire_operator.cli.live import Live
    from ailtire_operator.cli.trees import StackNode
    from ailtire_operator.cli.treeview import Look

_HELP = help_text(
    "Show a stack and everything below it, and what is not ready.",
    "Every line starts with a mark: ready, under way, in trouble, suspended, being deleted, missing. What is in trouble"
    " says why, in the words of the cluster. In a pipe there are no colours, and no line is cut.",
    examples=[
        ("the application", "kubectl ailtire tree shop -n shop"),
        ("with routes, objects and notices of every level", "kubectl ailtire tree shop -n shop -o wide"),
        ("as it changes, until Ctrl-C", "kubectl ailtire tree shop -n shop --watch"),
        ("the names of all stacks, by a program",
         "kubectl ailtire tree shop -n shop -o json | jq -r '.. | objects | select(.state?) | .name'"),
    ],
)  # fmt: skip
_PAUSE: Final = 1.0
"""Seconds between two looks."""


class Form(StrEnum):
    """How the tree is printed."""

    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("tree", help=_HELP)(_tree)


def _tree(
    context: typer.Context,
    name: options.Name,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    form: Annotated[Form | None, typer.Option("--output", "-o", help="More of it, or data.")] = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Keep it up to date until Ctrl-C.")] = False,
) -> None:
    from ailtire_operator.cli import live

    target = options.target(context, namespace, cluster, kubeconfig)
    if watch:
        live.run(target, lambda cluster: _follow(cluster, name, form))
    else:
        _show(live.run(target, lambda cluster: _look(cluster, name)), form)


async def _look(cluster: "Live", name: str) -> "StackNode":
    from ailtire_operator.cli.trees import build

    node = build(name, await cluster.tree(name))
    assert node is not None, "the stack itself is always in its tree"
    return node


def _show(node: "StackNode", form: Form | None) -> None:
    from ailtire_operator.cli.trees import to_json
    from ailtire_operator.cli.treeview import draw

    if form is Form.JSON:
        output.data(output.to_json(to_json(node)))
    elif form is Form.YAML:
        output.data(output.to_yaml(to_json(node)))
    else:
        output.screen().print(draw(node, _look_of(form)))


def _look_of(form: Form | None) -> "Look":
    from ailtire_operator.cli.treeview import Look

    return Look(wide=form is Form.WIDE, unicode=output.unicode())


async def _follow(cluster: "Live", name: str, form: Form | None) -> None:
    """On a terminal one picture that changes; in a pipe each new state as it comes."""
    from rich.live import Live as Picture

    from ailtire_operator.cli.treeview import draw

    if form in (Form.JSON, Form.YAML) or not output.screen().is_terminal:
        async for node in _states(cluster, name):
            _show(node, form)
        return
    look = _look_of(form)
    with Picture(console=output.screen(), auto_refresh=False) as picture:
        async for node in _states(cluster, name):
            picture.update(draw(node, look), refresh=True)


async def _states(cluster: "Live", name: str) -> AsyncIterator["StackNode"]:
    """The tree each time it is another one. An outage is sat out, but not before the first look."""
    from ailtire_operator.cluster.errors import Unavailable

    shown = None
    while True:
        try:
            node = await _look(cluster, name)
        except Unavailable:
            if shown is None:
                raise
            node = shown
        if node != shown:
            yield node
            shown = node
        await asyncio.sleep(_PAUSE)
