"""Directives as the text of a configuration.

How an argument is quoted is crossplane's to decide, which looks at it character by character: what cannot need quotes
is taken as it is, and the rest is remembered, as most arguments stand in every route.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import crossplane

Directive = dict[str, Any]

_PLAIN = re.compile(r"[A-Za-z0-9_./:@=~^|*+,%!?<>-](?:[A-Za-z0-9_./:@=~^|*+,%!?<>-]|\$(?=[A-Za-z0-9_]))*")
"""What means nothing to nginx but itself, with or without names of variables after the first character."""
_INDENT = " "


def text(directives: Iterable[Directive]) -> str:
    """The directives one below the other, as crossplane would write them."""
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
