"""Writes directives as the text of a configuration.

crossplane quotes the arguments, which is slow, as it reads each character: arguments that never need quotes skip it,
and the others are cached, as most of them repeat in every route.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import crossplane

Directive = dict[str, Any]

_PLAIN = re.compile(r"[A-Za-z0-9_./:@=~^|*+,%!?<>-](?:[A-Za-z0-9_./:@=~^|*+,%!?<>-]|\$(?=[A-Za-z0-9_]))*")
"""Arguments without special characters; variables may follow the first character."""
_INDENT = " "


def directive(name: str, *arguments: str, block: list[Directive] | None = None) -> Directive:
    """One directive in crossplane's form."""
    made: Directive = {"directive": name, "args": list(arguments)}
    return made if block is None else {**made, "block": block}


def text(directives: Iterable[Directive]) -> str:
    """The text of the directives, as crossplane writes them."""
    return "\n".join(_lines(directives, ""))


def _lines(directives: Iterable[Directive], margin: str) -> Iterator[str]:
    for each in directives:
        arguments = " ".join(map(quoted, each["args"]))
        arguments = f"({arguments})" if each["directive"] == "if" else arguments
        start = f"{margin}{quoted(each['directive'])}{' ' if arguments else ''}{arguments}"
        if each.get("block") is None:
            yield f"{start};"
        else:
            yield f"{start} {{"
            yield from _lines(each["block"], margin + _INDENT)
            yield f"{margin}}}"


def quoted(argument: str) -> str:
    """The argument, in quotes where it needs them."""
    return argument if _PLAIN.fullmatch(argument) else _by_crossplane(argument)


@lru_cache(maxsize=1024)
def _by_crossplane(argument: str) -> str:
    built: str = crossplane.build([{"directive": "a", "args": [argument]}])
    return built.removeprefix("a ").removesuffix(";")
