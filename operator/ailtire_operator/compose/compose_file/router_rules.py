"""Parses rules of Traefik's routers into hosts and paths."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from ailtire_operator.compose.scalars import accepts
from ailtire_operator.model.keys import InterfaceKey
from ailtire_operator.model.values import Host

_PATH: Final = TypeAdapter(InterfaceKey)
_HOST: Final = TypeAdapter(Host)
_KNOWN: Final = ("Host", "Path", "PathPrefix")
_TOKEN: Final = re.compile(
    r"""\s*+(?:(&&|\|\||[!()])|([A-Za-z]\w*+)\s*+\(((?:[^()`'"]++|`[^`]*+`|'[^']*+'|"[^"]*+")*+)\)|\S)"""
)
_QUOTED: Final = re.compile(r"[`'\"]([^`'\"]*)[`'\"]")
_BINDS: Final = {"||": 1, "&&": 2}
_LENGTH_LIMIT: Final = 4096
_COUNT_LIMIT: Final = 64

_Call = tuple[str, str]
"""A matcher and its argument."""
_Alternatives = tuple[frozenset[_Call], ...]
"""Alternatives, each a conjunction of matchers."""


class UnknownRule(ValueError):
    """The gateway does not support it; the text names it."""


@dataclass(frozen=True)
class Matched:
    """What a rule matches."""

    pairs: tuple[tuple[str, str], ...]
    """A host, empty for any, and a path prefix; ``/`` if a rule only has hosts."""
    exact: tuple[str, ...] = ()
    """Those of the paths that the rule matches exactly, not as prefixes."""

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The paths, each once."""
        return tuple(dict.fromkeys(path for _, path in self.pairs))


def read(rule: str) -> Matched:
    """Parse a rule. Raises UnknownRule."""
    pairs: dict[tuple[str, str], None] = {}
    paths: dict[str, bool] = {}
    for way in _alternatives(rule):
        found = [each for each in sorted(way) if each[0] != "Host"]
        own = [value for name, value in sorted(way) if name == "Host"]
        if len(found) > 1 or len(own) > 1:
            raise UnknownRule("a conjunction of paths or hosts")
        name, path = found[0] if found else ("PathPrefix", "/")
        path = path.rstrip("/") or "/"
        paths[path] = paths.get(path, True) and name == "Path"
        pairs[own[0] if own else "", path] = None
    return Matched(tuple(pairs), tuple(path for path, exact in paths.items() if exact))


def _alternatives(rule: str) -> _Alternatives:
    """The rule as alternatives, by the precedence of its operators."""
    values: list[_Alternatives] = []
    operators: list[str] = []
    for token in _tokens(rule):
        if isinstance(token, tuple):
            values.append(token)
        elif token == "(":
            operators.append(token)
        else:
            while operators and operators[-1] != "(" and _BINDS.get(token, 0) <= _BINDS[operators[-1]]:
                _combine(values, operators.pop())
            if token == ")":
                _pop(operators)
            else:
                operators.append(token)
    while operators:
        _combine(values, operators.pop())
    if len(values) != 1:
        raise UnknownRule("it")
    return values[0]


def _pop(operators: list[str]) -> None:
    if not operators:
        raise UnknownRule("it")
    operators.pop()


def _combine(values: list[_Alternatives], operator: str) -> None:
    if operator == "(" or len(values) < 2:
        raise UnknownRule("it")
    right, left = values.pop(), values.pop()
    ways = (*left, *right) if operator == "||" else tuple(one | other for one in left for other in right)
    if len(ways) > _COUNT_LIMIT:
        raise UnknownRule(f"more than {_COUNT_LIMIT} alternatives")
    values.append(ways)


def _tokens(rule: str) -> Iterator[str | _Alternatives]:
    at, text = 0, rule.strip()
    if not text or len(text) > _LENGTH_LIMIT:
        raise UnknownRule("it")
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None or not (token[1] or token[2]) or token[1] == "!":
            raise UnknownRule("it")
        at = token.end()
        yield token[1] or _call(token[2], token[3])


def _call(name: str, arguments: str) -> _Alternatives:
    """One matcher; several arguments are alternatives."""
    if name not in _KNOWN:
        raise UnknownRule(name)
    found: list[frozenset[_Call]] = []
    for value in _QUOTED.findall(arguments):
        if name == "Host" and accepts(_HOST, value.lower()):
            found.append(frozenset({(name, value.lower())}))
        elif name != "Host" and value.startswith("/") and accepts(_PATH, value):
            found.append(frozenset({(name, value)}))
        else:
            raise UnknownRule(f"{name} '{value}'")
    if not found:
        raise UnknownRule(f"{name} without an argument")
    return tuple(found)
