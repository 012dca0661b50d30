"""A tree as rows, as ``top`` has them: for a terminal a table, for a pipe lines of what has changed. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ailtire_operator import naming, printable
from ailtire_operator.cli.pod_facts import PodFacts, age_text, cpu_text, memory_text
from ailtire_operator.cli.tree_view import QUIET, SYMBOLS
from ailtire_operator.cli.trees import Member, ServiceNode, StackNode, State, in_words
from ailtire_operator.printable import plural

if TYPE_CHECKING:
    from rich.table import Table

Facts = Mapping[Member, PodFacts]
_HEAD_LINES: Final = 4
"""Lines of a screen that hold no row."""


@dataclass(frozen=True, slots=True)
class Row:
    """A stack or a service."""

    path: str
    name: str
    """Its key; of the first row the stack's name."""
    depth: int
    state: State
    ready: str
    facts: PodFacts
    """Of a stack those of everything below it, gateways included."""
    why: str = ""
    is_stack: bool = False

    def __post_init__(self) -> None:
        """A row is one line, whatever a key or a message holds."""
        for name in ("path", "name", "why"):
            object.__setattr__(self, name, printable.line(getattr(self, name)))


def rows(node: StackNode, facts: Facts) -> list[Row]:
    """The stack and everything below it, in the order of the tree."""
    return list(_rows(node, node.name, 0, facts))


def _rows(node: StackNode, path: str, depth: int, facts: Facts) -> Iterator[Row]:
    services = [_service(each, node.name, path, depth + 1, facts) for each in node.services]
    below = [list(_rows(each, f"{path}/{each.key}", depth + 1, facts)) for each in node.stacks]
    total = facts.get((node.name, ""), PodFacts())
    for row in [*services, *(each[0] for each in below)]:
        total += row.facts
    why = "" if node.state in QUIET else ": ".join(filter(None, in_words(node.reason, node.message)))
    yield Row(
        path, node.key if depth else node.name, depth, node.state, node.tally(stacks=False), total, why, is_stack=True
    )
    yield from services
    for each in below:
        yield from each


def _service(node: ServiceNode, stack: str, path: str, depth: int, facts: Facts) -> Row:
    why = "" if node.ok else ": ".join(filter(None, in_words(node.reason, node.message)))
    found = facts.get((stack, naming.sanitize(node.key)), PodFacts())
    return Row(f"{path}/{node.key}", node.key, depth, node.state, node.count, found, why)


def fitting(found: Sequence[Row], height: int) -> tuple[list[Row], int]:
    """What a screen can hold, and how many rows it cannot: ready services go first, then whatever is last."""
    room = max(1, height - _HEAD_LINES)
    kept = list(found)
    if len(kept) > room:
        kept = [row for row in kept if row.is_stack or row.state not in QUIET]
    if len(kept) > room:
        kept = [row for row in kept if row.depth == 0 or row.state not in QUIET]
    kept = kept[:room]
    return kept, len(found) - len(kept)


def table(found: Sequence[Row], now: datetime | None, *, height: int, unicode: bool, usage: bool) -> "Table":
    """The rows for a terminal; the deepest blocker stands in the row of the root."""
    from rich.table import Table
    from rich.text import Text

    kept, hidden = fitting(found, height)
    caption = f"{hidden} more that are ready" if hidden else None
    drawn = Table(box=None, pad_edge=False, caption=caption, caption_justify="left", header_style="dim")
    for head in ("", "READY"):
        drawn.add_column(head, no_wrap=True)
    for head in ("RESTARTS", "AGE", *(("CPU", "MEMORY") if usage else ())):
        drawn.add_column(head, justify="right", no_wrap=True)
    drawn.add_column("")  # the one that gives way where the screen is narrow
    for row in kept:
        symbol, ascii_symbol, style = SYMBOLS[row.state]
        name = Text.assemble("  " * row.depth, (symbol if unicode else ascii_symbol, style), " ")
        name.append(row.name, style="bold" if row.is_stack else "")
        use = [cpu_text(row.facts.cpu), memory_text(row.facts.memory)] if usage else []
        cells = [Text(row.ready), *map(Text, (str(row.facts.restarts or ""), age_text(row.facts.born, now), *use))]
        drawn.add_row(name, *cells, Text(row.why, style=style, no_wrap=True, overflow="ellipsis"))
    return drawn


def lines(before: Sequence[Row], after: Sequence[Row], *, unicode: bool) -> Iterator[str]:
    """What is new or different, a line for each; the age and the use of a row are no news."""
    known = {row.path: _line(row, unicode) for row in before}
    for row in after:
        line = _line(row, unicode)
        if known.pop(row.path, "") != line:
            yield line
    for path in known:
        yield f"{SYMBOLS[State.DELETING][0 if unicode else 1]} {path}  gone"


def _line(row: Row, unicode: bool) -> str:
    symbol = SYMBOLS[row.state][0 if unicode else 1]
    restarts = plural(row.facts.restarts, "restart") if row.facts.restarts and not row.is_stack else ""
    return "  ".join(filter(None, (f"{symbol} {row.path}", row.ready, restarts, row.why)))
