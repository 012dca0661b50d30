"""Data to standard output, everything else to standard error; colours only for a terminal that wants them.

Everything that this program writes goes through here, and nothing of it commands a terminal: what definitions, servers
and containers say is shown (see printable), and only our own colours are obeyed.
"""

import json
import sys
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from ailtire_operator import printable

if TYPE_CHECKING:
    from rich.console import Console

_ENDLESS: Final = 100_000
"""Columns of what is no terminal: a line of a report is a line for grep as well."""


def data(text: str) -> None:
    """Text for a program to read; a missing line end is added."""
    drawn(printable.lines(text))


def rows(found: Iterable[str]) -> None:
    """Lines for a person or a program to read: each stays one, whatever names are in it."""
    drawn("\n".join(map(printable.line, found)))


def drawn(text: str) -> None:
    """Text that ``screen`` has drawn, with its colours; a missing line end is added."""
    sys.stdout.write(text if text.endswith("\n") or not text else f"{text}\n")


def log(line: bytes) -> None:
    """A line of a container's log, byte for byte: whoever reads it may want them. For a terminal see loglines.Style."""
    sys.stdout.buffer.write(line)


def flush() -> None:
    """Let everything written so far be read."""
    sys.stdout.flush()
    sys.stdout.buffer.flush()


def say(text: str, style: str | None = None) -> None:
    """A line for a person, on standard error."""
    errors().print(printable.lines(text), style=style, markup=False, highlight=False, soft_wrap=True)


@cache
def _console(stream: str) -> "Console":
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class Harmless(Console):
        """A console that obeys its own commands alone; rich takes some control characters out of texts, not all."""

        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> "Iterable[Segment]":
            for segment in super().render(renderable, options):
                shown = segment.text if segment.control else printable.lines(segment.text)
                yield segment if shown == segment.text else Segment(shown, segment.style)

    terminal = getattr(sys, stream).isatty()
    return Harmless(stderr=stream == "stderr", width=None if terminal else _ENDLESS, emoji=False, legacy_windows=False)


def screen() -> "Console":
    """The console behind standard output."""
    return _console("stdout")


def errors() -> "Console":
    """The console behind standard error."""
    return _console("stderr")


def unicode() -> bool:
    """Whether standard output takes the marks and lines of a tree."""
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")


def to_json(value: Any) -> str:
    """Indented JSON with a line end."""
    import orjson

    try:
        text = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    except orjson.JSONEncodeError:  # half of a surrogate pair, which is no text in UTF-8
        text = f"{json.dumps(value, indent=2)}\n"
    return printable.in_json(text)


@cache
def _dumper() -> Any:
    """Block style, texts with line ends as they are read, quotes around what kubectl would not take for a text."""
    import yaml

    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
        def ignore_aliases(self, data: Any) -> bool:
            """The same value twice is written twice: nobody wants to read anchors."""
            return True

    Dumper.add_representer(str, _text)
    return Dumper


def _text(dumper: Any, value: str) -> Any:
    from ailtire_operator.compose.yaml_data import scalar

    if (
        "\n" in value
        and not printable.in_yaml(value)
        and not any(line.endswith((" ", "\t")) for line in value.split("\n"))
    ):
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|")
    try:
        plain = isinstance(scalar(value), str)
    except ValueError:
        plain = False
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=printable.in_yaml(value) if plain else '"')


def to_yaml(value: Any) -> str:
    """One document, keys in the order in which they were made."""
    import yaml

    text: str = yaml.dump(value, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=10_000)
    return printable.lines(text)


def to_yaml_stream(values: list[Any]) -> str:
    """Several documents."""
    return "---\n".join(to_yaml(value) for value in values)
