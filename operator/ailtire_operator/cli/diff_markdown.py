"""What ``diff`` has found, as Markdown: the comment that a pipeline writes to a pull request. Pure.

Names and values stand in spans and blocks of code alone, so that none of them becomes a heading, a link, an image or
the mention of a person.
"""

import html
import re
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final

from ailtire_operator import printable
from ailtire_operator.cli.differences import Difference, summary
from ailtire_operator.cli.result_formats import Result
from ailtire_operator.printable import plural

MARK: Final = "<!-- kubectl-ailtire diff -->"
"""The first line, by which a pipeline finds its own comment again."""
LIMIT: Final = 60_000
"""Characters; a comment at GitHub has at most 65,536, and a pipeline may add a line."""
_LIST: Final = 12_000
"""Characters of each list."""
_ENTRY: Final = 300
"""Characters that are shown of a name, a path or a message."""
_BACKTICKS: Final = re.compile("`+")


def markdown(refusals: Sequence[Result], changes: Sequence[tuple[Difference, Result]], notes: Sequence[Result]) -> str:
    """The whole text: what would be refused, each object that differs with its diff, and what is worth knowing.

    A diff for which LIMIT leaves no room is left out, and it says of how many objects.
    """
    differences = [each for each, _ in changes]
    head = "Would be refused" if refusals else summary(differences).capitalize()
    parts = [
        MARK,
        f"### kubectl ailtire diff: {head}",
        *_list(refusals, _refusal),
        *_list([result for _, result in changes], _change),
        *_list(notes, _note),
    ]
    return "\n\n".join([*parts, *_details(differences, LIMIT - sum(len(each) + 2 for each in parts))]) + "\n"


def _list(found: Sequence[Result], entry: Callable[[Result], str]) -> list[str]:
    """One list, or none where nothing was found; entries that exceed its room are counted."""
    lines = [f"- {entry(each)}" for each in found]
    ends = accumulate(len(line) + 1 for line in lines)
    shown = [line for line, end in zip(lines, ends, strict=True) if end <= _LIST]
    more = [f"- and {len(lines) - len(shown):,} more"] if len(shown) < len(lines) else []
    return ["\n".join([*shown, *more])] if lines else []


def _refusal(found: Result) -> str:
    return f"**refused** {_named(found)}: {_code(found.sentence)}"


def _change(found: Result) -> str:
    path = f" {_code(found.path)}" if found.path else ""
    return f"{_named(found)}{path}: {_code(found.message)}"


def _note(found: Result) -> str:
    return f"note: {_code(found.sentence)}"


def _named(found: Result) -> str:
    return _code(found.resource or found.place or "input")


def _details(changes: Sequence[Difference], room: int) -> list[str]:
    """The diffs that there is room for, each folded away under the name of its object."""
    parts: list[str] = []
    left_out = 0
    for change in changes:
        part = _detail(change)
        if len(part) + 2 + _ENTRY > room:
            left_out += 1
            continue
        room -= len(part) + 2
        parts.append(part)
    return [*parts, *([f"Not shown, for their size: the diff of {plural(left_out, 'object')}."] if left_out else [])]


def _detail(change: Difference) -> str:
    name = html.escape(printable.line(f"{change.ref}: {change.action}"))
    body = "\n".join(map(printable.line, list(change.unified())[1:]))
    fence = "`" * max(3, _longest(body) + 1)
    return f"<details><summary><code>{name}</code></summary>\n\n{fence}diff\n{body}\n{fence}\n\n</details>"


def _code(text: str) -> str:
    """A span of code that ends where the text does."""
    shown = printable.line(text)
    shown = shown if len(shown) <= _ENTRY else f"{shown[: _ENTRY - 1]}…"
    ticks = "`" * (_longest(shown) + 1)
    space = " " if shown.startswith(("`", " ")) or shown.endswith(("`", " ")) else ""
    return f"{ticks}{space}{shown}{space}{ticks}"


def _longest(text: str) -> int:
    """How many backticks stand together at most."""
    return max(map(len, _BACKTICKS.findall(text)), default=0)
