"""A tree of stacks drawn for a terminal, or for a pipe: there without colours and without cutting lines."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from ailtire_operator.cli.blocker_logs import LogExcerpt
from ailtire_operator.cli.trees import Member, ServiceNode, StackNode, State, in_words
from ailtire_operator.printable import line, plural
from ailtire_operator.status.health import service_subject

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

SYMBOLS: Final[Mapping[State, tuple[str, str, str]]] = {
    State.READY: ("✓", "+", "green"),
    State.TEMPLATE: ("◇", "t", "cyan"),
    State.PROGRESSING: ("…", ".", "yellow"),
    State.TROUBLE: ("✗", "x", "red"),
    State.STALLED: ("✗", "x", "bold red"),
    State.SUSPENDED: ("‖", "=", "magenta"),
    State.STOPPED: ("■", "o", "magenta"),
    State.DELETING: ("⌫", "-", "magenta"),
    State.MISSING: ("?", "?", "red"),
}
"""Symbol, the same in ASCII, style."""
QUIET: Final = frozenset({State.READY, State.TEMPLATE})


@dataclass(frozen=True, slots=True)
class TreeStyle:
    """How much is shown, and with which characters."""

    wide: bool = False
    unicode: bool = True
    logs: Mapping[Member, LogExcerpt] = field(default_factory=dict)
    """The ends of logs, shown below what they belong to."""


def draw(root: StackNode, options: TreeStyle) -> "Tree":
    """The tree; the root shows where it is reached, with ``wide`` every stack does."""
    from rich.tree import Tree

    tree = Tree(_stack(root, options, at_root=True), guide_style="dim")
    _routes(tree, root, options)
    _log(tree, root, "", options)
    _below(tree, root, options)
    return tree


def draw_line(namespace: str, node: StackNode, options: TreeStyle) -> "Text":
    """A whole tree in one line, with its namespace; ``wide`` tells how many notices its root has."""
    named = replace(node, name=f"{namespace}/{node.name}")
    return _stack(named, options, at_root=True, alone=True)


def _below(tree: "Tree", node: StackNode, options: TreeStyle) -> None:
    for service in node.services:
        _log(tree.add(_service(service, options)), node, service.key, options)
    for stack in node.stacks:
        branch = tree.add(_stack(stack, options, at_root=False))
        if options.wide:
            _routes(branch, stack, options)
        _log(branch, stack, "", options)
        _below(branch, stack, options)


def _stack(node: StackNode, options: TreeStyle, *, at_root: bool, alone: bool = False) -> "Text":
    """The line of a stack; ``alone``: nothing that is below it is shown."""
    text = _start(node.state, options)
    text.append(line(node.name if at_root else node.key), style="bold")
    if tally := node.tally():
        text.append(f"  {tally}")
    if not at_root and options.wide:
        text.append(f"  {line(node.name)}", style="dim")
    if node.url and (at_root or options.wide):
        text.append(f"  {line(node.url)}", style="blue")
    if options.wide and node.notices:
        text.append(f"  {plural(node.notices, 'notice')}", style="cyan")
    if node.state not in QUIET:
        _why(text, node.reason, "" if _is_told_below(node) and not alone else node.message, SYMBOLS[node.state][2])
    else:
        _why(text, *node.conflict, SYMBOLS[State.PROGRESSING][2])
    return text


def _is_told_below(node: StackNode) -> bool:
    """A parent repeats its deepest blocker, which stands in the tree anyway, a few lines further down."""
    if node.state not in (State.PROGRESSING, State.TROUBLE):
        return False
    if node.blocker is not None:
        return bool(node.blocker.path) or node.blocker.subject in {service_subject(each.key) for each in node.services}
    reasons = {each.reason for each in node.services} | {each.reason for each in node.stacks}
    return node.reason in reasons


def _service(node: ServiceNode, options: TreeStyle) -> "Text":
    text = _start(node.state, options)
    text.append(f"{line(node.key)}  {node.count}")
    if options.wide:
        text.append(f"  {node.kind}/{line(node.name)}", style="dim")
    if not node.ok:
        _why(text, node.reason, node.message, SYMBOLS[node.state][2])
    return text


def _start(state: State, options: TreeStyle) -> "Text":
    from rich.text import Text

    symbol, ascii_symbol, style = SYMBOLS[state]
    return Text.assemble((symbol if options.unicode else ascii_symbol, style), " ")


def _why(text: "Text", reason: str, message: str, style: str) -> None:
    reason, message = map(line, in_words(reason, message))
    if reason:
        text.append(f"  {reason}", style=style)
    if message:
        text.append(f": {message}" if reason else f"  {message}")


def _log(tree: "Tree", node: StackNode, key: str, options: TreeStyle) -> None:
    from rich.text import Text

    excerpt = options.logs.get((node.name, key))
    if excerpt is not None:
        for each in (line(str(excerpt)), *(f"| {each}" for each in excerpt.lines)):
            tree.add(Text(each, style="dim"))


def _routes(tree: "Tree", node: StackNode, options: TreeStyle) -> None:
    from rich.text import Text

    arrow = "→" if options.unicode else "->"
    for route in node.routes:
        text = Text(line(f"{route.url or route.path} {arrow} {route.service}:{route.port}"), style="dim")
        tree.add(text)
