"""Data to standard output, everything else to standard error; colours only for a terminal that wants them."""

import sys
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import orjson
import yaml

from ailtire_operator import printable

if TYPE_CHECKING:
    from rich.console import Console

_ENDLESS: Final = 100_000
"""Columns of what is no terminal: a line of a report is a line for grep as well."""


def data(text: str) -> None:
    """Text for a program to read; a missing line end is added."""
    sys.stdout.write(text if text.endswith("\n") or not text else f"{text}\n")


def say(text: str, style: str | None = None) -> None:
    """A line for a person, on standard error."""
    errors().print(text, style=style, markup=False, highlight=False, soft_wrap=True)


@cache
def _console(stream: str) -> "Console":
    from rich.console import Console

    terminal = getattr(sys, stream).isatty()
    return Console(stderr=stream == "stderr", width=None if terminal else _ENDLESS, emoji=False, legacy_windows=False)


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
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Block style, texts with line ends as they are read, quotes around what kubectl would not take for a text."""

    def ignore_aliases(self, data: Any) -> bool:
        """The same value twice is written twice: nobody wants to read anchors."""
        return True


def _text(dumper: Any, value: str) -> Any:
    from ailtire_operator.compose.yamldata import scalar

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


_Dumper.add_representer(str, _text)


def to_yaml(value: Any) -> str:
    """One document, keys in the order in which they were made."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return printable.lines(text)


def to_yaml_stream(values: list[Any]) -> str:
    """Several documents."""
    return "---\n".join(to_yaml(value) for value in values)
