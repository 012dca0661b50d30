"""``tree``: the whole application at a glance, and why it is not ready."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ailtire_operator.cli import options, output
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.help_text import help_text

if TYPE_CHECKING:
    from rich.table import Table

    from ailtire_operator.cli.live import Json, Live
    from ailtire_operator.cli.top_view import Facts, Row
    from ailtire_operator.cli.tree_data import Logs
    from ailtire_operator.cli.tree_view import TreeStyle
    from ailtire_operator.cli.tree_watch import TreeWatch
    from ailtire_operator.cli.trees import StackNode

_HELP = help_text(
    "Show a stack and everything below it, and what is not ready.",
    "Every line starts with a mark: ready, under way, in trouble, suspended, stopped, being deleted, missing. What is"
    " in trouble says why, in the words of the cluster. In a pipe there are no colours, and no line is cut.",
    "--watch shows a table that changes with the cluster: what is ready, how often containers have started again, how"
    " old the youngest pod is, and what is in the way; of a stack the sum of all below it. Where it is longer than the"
    " screen, what is ready makes room. In a pipe it prints the tree as lines, and then a line for whatever changes."
    " --usage adds processor and memory, where the cluster has a metrics-server. A stack that is deleted ends it.",
    "--logs N adds the last lines of the log of what is in trouble: of the run before where a container has crashed, of"
    " an init container that fails, of what runs without becoming ready. It needs the rights to list pods and to get"
    " pods/log.",
    "-A lists the trees of all namespaces, a line for each; -o json and yaml hold them whole, with their namespaces.",
    examples=[
        ("the application", "kubectl ailtire tree shop -n shop"),
        ("with routes, objects and notices of every level", "kubectl ailtire tree shop -n shop -o wide"),
        ("one package of it", "kubectl ailtire tree shop/orders -n shop"),
        ("every tree of the cluster, a line for each", "kubectl ailtire tree -A"),
        ("why does it crash?", "kubectl ailtire tree shop -n shop --logs 10"),
        ("as it changes, until Ctrl-C", "kubectl ailtire tree shop -n shop --watch"),
        ("what uses most?", "kubectl ailtire tree shop -n shop --usage"),
        ("the names of all stacks, by a program",
         "kubectl ailtire tree shop -n shop -o json | jq -r '.. | objects | select(.state?) | .name'"),
    ],
)  # fmt: skip
_ENDLESS: Final = 1_000_000
"""Lines of what is no screen."""


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
    path: options.OptionalPath = None,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    all_namespaces: options.AllNamespaces = False,
    form: Annotated[Form | None, typer.Option("--output", "-o", help="More of it, or data.")] = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Keep it up to date until Ctrl-C.")] = False,
    usage: Annotated[bool, typer.Option("--usage", "-u", help="With processor and memory, as a table.")] = False,
    logs: options.BlockerLogs = 0,
) -> None:
    from ailtire_operator.cli import live

    target = options.target(context, namespace, cluster, kubeconfig)
    if usage and form is not None:
        raise Failure("--usage is for the table; it goes with no --output")
    if logs and (watch or usage or all_namespaces):
        raise Failure("--logs is for one look at one tree; it goes with no --watch, --usage or -A")
    if (stack := options.one_or_all(path, everywhere=all_namespaces)) is None:
        if watch or usage:
            raise Failure("--watch and --usage are for one tree, not for those of all namespaces")
        _list(live.run(target, lambda cluster: cluster.everywhere()), form)
    elif watch:
        live.run(target, lambda cluster: _follow(cluster, stack, form, usage))
    elif usage:
        live.run(target, lambda cluster: _measure(cluster, stack))
    else:
        _show(*live.run(target, lambda cluster: _poll(cluster, stack, logs)), form)


def _list(resources: "Sequence[Json]", form: Form | None) -> None:
    """All trees, each in a line or whole as data."""
    from ailtire_operator.cli.tree_data import to_json
    from ailtire_operator.cli.tree_view import draw_line
    from ailtire_operator.cli.trees import build_all

    trees = build_all(resources)
    if form in (Form.JSON, Form.YAML):
        found = [{"namespace": namespace, **to_json(node)} for namespace, node in trees]
        output.data(output.to_json(found) if form is Form.JSON else output.to_yaml(found))
        return
    if not trees:
        output.say("No resources found")
    for namespace, node in trees:
        output.screen().print(draw_line(namespace, node, _style_of(form)), soft_wrap=True)


async def _poll(cluster: "Live", path: str, lines: int) -> "tuple[StackNode, Logs | None]":
    """The tree, and the logs of what is in trouble if any lines are wanted."""
    from ailtire_operator.cli.paths import find, parts, stack_of
    from ailtire_operator.cli.trees import build

    tree = await cluster.tree(parts(path)[0])
    node = build(stack_of(find(path, tree)), tree)
    assert node is not None, "the stack itself is always in its tree"
    return node, await _logs(cluster, node, tree, lines) if lines else None


async def _logs(cluster: "Live", node: "StackNode", tree: "Sequence[Json]", lines: int) -> "Logs":
    from ailtire_operator.cli import log_excerpts
    from ailtire_operator.cluster.errors import Denied

    try:
        return await log_excerpts.of_tree(cluster, node, tree, lines)
    except Denied as error:
        _note(f"logs are not shown: {error}")
        return {}


async def _name(cluster: "Live", path: str) -> str:
    """The stack's name, which needs no reading where the path is no more than that."""
    from ailtire_operator.cli.paths import find, parts, stack_of

    name, keys = parts(path)
    return stack_of(find(path, await cluster.tree(name))) if keys else name


def _show(node: "StackNode", logs: "Logs | None", form: Form | None) -> None:
    from ailtire_operator.cli.tree_data import to_json
    from ailtire_operator.cli.tree_view import draw

    if form is Form.JSON:
        output.data(output.to_json(to_json(node, logs)))
    elif form is Form.YAML:
        output.data(output.to_yaml(to_json(node, logs)))
    else:
        output.screen().print(draw(node, _style_of(form, logs)))


def _style_of(form: Form | None, logs: "Logs | None" = None) -> "TreeStyle":
    from ailtire_operator.cli.tree_view import TreeStyle

    return TreeStyle(wide=form is Form.WIDE, unicode=output.unicode(), logs=logs or {})


async def _measure(cluster: "Live", path: str) -> None:
    from ailtire_operator.cli.tree_watch import TreeWatch

    node, facts = await TreeWatch(cluster, await _name(cluster, path), usage=True, note=_note).poll()
    screen = output.screen()
    with screen.capture() as drawn:
        screen.print(_table(cluster, node, facts, usage=True, height=_ENDLESS))
    output.drawn("\n".join(line.rstrip() for line in drawn.get().splitlines()))


async def _follow(cluster: "Live", path: str, form: Form | None, usage: bool) -> None:
    """On a terminal one picture that changes; in a pipe whatever is new."""
    from ailtire_operator.cli.tree_watch import TreeWatch

    watched = TreeWatch(cluster, await _name(cluster, path), usage=usage, note=_note)
    if form in (Form.JSON, Form.YAML):
        await _print_documents(watched, form)
    elif not output.screen().is_terminal:
        await _print_lines(watched)
    else:
        await _picture(cluster, watched, usage)


async def _print_documents(watched: "TreeWatch", form: Form) -> None:
    shown = None
    async for node, _ in watched.states():
        if node != shown:
            _show(node, None, form)
            shown = node


async def _print_lines(watched: "TreeWatch") -> None:
    from ailtire_operator.cli.top_view import lines, rows

    shown: list[Row] = []
    async for node, facts in watched.states():
        now = rows(node, facts)
        for line in lines(shown, now, unicode=output.unicode()):
            output.data(line)
        output.flush()
        shown = now


async def _picture(cluster: "Live", watched: "TreeWatch", usage: bool) -> None:
    from rich.live import Live as Picture

    screen = output.screen()
    with Picture(console=screen, auto_refresh=False) as picture:
        async for node, facts in watched.states():
            picture.update(_table(cluster, node, facts, usage=usage, height=screen.size.height), refresh=True)


def _table(cluster: "Live", node: "StackNode", facts: "Facts", *, usage: bool, height: int) -> "Table":
    from ailtire_operator.cli.top_view import rows, table

    return table(rows(node, facts), cluster.now(), height=height, unicode=output.unicode(), usage=usage)


def _note(line: str) -> None:
    output.say(f"note: {line}")
