"""Parses YAML as kubectl does, with limits, so that hostile files cannot exhaust time or memory.

PyYAML's own loader differs from kubectl's in what matters here: it turns ``12:30`` into a number and a date into an
object, lets a second ``web:`` silently replace the first, and follows aliases into exponential size. So values are
built here from the parser's events. They are plain JSON: dict, list, str, int, float, bool, None, and keys are text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isinf
from typing import Any, Final

import yaml

from ailtire_operator.model.nesting import NESTING_LIMIT

NODE_LIMIT: Final = 1_000_000
"""Values in one stream, each expansion of an alias counted."""
DEPTH_LIMIT: Final = NESTING_LIMIT
"""Levels of nesting, as for all input."""

_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TRUE: Final = ("y", "yes", "true", "on")
_FALSE: Final = ("n", "no", "false", "off")
_KEYWORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **{form: True for word in _TRUE for form in (word, word.title(), word.upper())},
    **{form: False for word in _FALSE for form in (word, word.title(), word.upper())},
}
_INTEGER: Final = re.compile(r"[-+]?(0b[01]+|0x[0-9a-fA-F]+|0o[0-7]+|0[0-7]+|0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_DIGITS_LIMIT: Final = 40
_NOT_FINITE: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_TAG: Final = "tag:yaml.org,2002:"
_MERGE: Final = "<<"


class YamlError(ValueError):
    """An error in a stream, with its line."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class _Node:
    """A value with the cost of an alias to it."""

    value: Any
    size: int
    height: int


def documents(
    text: str, tags: frozenset[str] = frozenset(), *, literal_keys: bool = False
) -> Iterator[tuple[int, Any]]:
    """The stream's documents with the line where each starts, empty ones left out. Raises YamlError.

    ``tags`` are those that mean something to somebody else: the values are taken as if they were not there.
    ``literal_keys``: each key is the text that is written, as to Docker Compose; to kubectl ``on`` is ``true``.
    """
    try:
        yield from _Stream(text, tags, literal_keys=literal_keys).documents()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        message = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise YamlError(f"this is not YAML: {message}", mark.line + 1 if mark else None) from None


def scalar(text: str) -> str | int | float | bool | None:
    """The value of a plain scalar for kubectl. Raises ValueError for a number that is invalid in JSON."""
    if text in _KEYWORDS:
        return _KEYWORDS[text]
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is not a number in JSON")
    if text[0] not in "+-.0123456789":
        return text
    number = text.replace("_", "") if text[0] != "." else text
    if _INTEGER.fullmatch(number):
        return _integer(number)
    if _FLOAT.fullmatch(number):
        return _float(number)
    return text


def _integer(number: str) -> int:
    if len(number) > _DIGITS_LIMIT:
        raise ValueError(f"a whole number of more than {_DIGITS_LIMIT} digits")
    unsigned = number.lstrip("+-")
    # YAML 1.1's octal form has no letter: 010 is eight.
    return int(number, 8 if unsigned.startswith("0") and unsigned.isdigit() else 0)


def _float(number: str) -> float:
    value = float(number)
    if isinf(value):
        raise ValueError(f"{number} is too large for a number")
    return value


class _Stream:
    """Builds one stream's values from its events."""

    def __init__(self, text: str, tags: frozenset[str], *, literal_keys: bool) -> None:
        self._literal_keys = literal_keys
        self._events: Iterator[Any] = yaml.parse(text, Loader=_Parser)
        self._tags = tags
        self._left = NODE_LIMIT
        self._anchors: dict[str, _Node | None] = {}

    def documents(self) -> Iterator[tuple[int, Any]]:
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors.clear()
                first = next(self._events)
                value = self._node(first, 0).value
                if value is not None:
                    yield first.start_mark.line + 1, value

    def _node(self, event: Any, depth: int) -> _Node:
        line = event.start_mark.line + 1
        if getattr(event, "tag", None) in self._tags:
            event.tag = None
            event.implicit = (True, False) if isinstance(event, yaml.ScalarEvent) else True
        if depth > DEPTH_LIMIT:
            raise YamlError(f"nested more than {DEPTH_LIMIT} levels deep", line)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        self._spend(1, line)
        if event.anchor:
            self._anchors[event.anchor] = None
        node = self._build(event, depth)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _build(self, event: Any, depth: int) -> _Node:
        if isinstance(event, yaml.ScalarEvent):
            return _Node(_scalar_of(event), 1, 0)
        _check_tag(event, "map" if isinstance(event, yaml.MappingStartEvent) else "seq")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(depth)
        return self._mapping(depth)

    def _sequence(self, depth: int) -> _Node:
        items: list[Any] = []
        size, height = 1, 0
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            item = self._node(event, depth + 1)
            items.append(item.value)
            size, height = size + item.size, max(height, item.height + 1)
        return _Node(items, size, height)

    def _mapping(self, depth: int) -> _Node:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        size, height = 1, 0
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, depth)
            value = self._node(next(self._events), depth + 1)
            size, height = size + 1 + value.size, max(height, value.height + 1)
            line = event.start_mark.line + 1
            if key == _MERGE and event.implicit[0]:
                merged = _merge_source(value.value, line)
            elif key in own:
                raise YamlError(f"the key '{key}' is duplicate", line)
            else:
                own[key] = value.value
        return _Node({**merged, **own}, size, height)

    def _key(self, event: Any, depth: int) -> str:
        line = event.start_mark.line + 1
        if not isinstance(event, yaml.ScalarEvent):
            raise YamlError("a key must be a string (quote it)", line)
        value = self._node(event, depth + 1).value
        if self._literal_keys and event.value:
            return str(event.value)
        if isinstance(value, bool):
            return "true" if value else "false"
        if value is None:
            raise YamlError("a key is missing before ':'", line)
        return str(value)

    def _alias(self, event: Any, depth: int) -> _Node:
        line = event.start_mark.line + 1
        node = self._anchors.get(event.anchor)
        if node is None:
            why = "contains itself" if event.anchor in self._anchors else "has no anchor before it"
            raise YamlError(f"the alias *{event.anchor} {why}", line)
        self._spend(node.size, line)
        if depth + node.height > DEPTH_LIMIT:
            raise YamlError(f"nested more than {DEPTH_LIMIT} levels deep", line)
        return node

    def _spend(self, nodes: int, line: int) -> None:
        self._left -= nodes
        if self._left < 0:
            raise YamlError(f"more than {NODE_LIMIT:,} values (aliases count with all that they stand for)", line)


def _scalar_of(event: Any) -> Any:
    plain, quoted = event.implicit
    tag = event.tag or ""
    if plain and not tag:
        try:
            return scalar(event.value)
        except ValueError as error:
            raise YamlError(str(error), event.start_mark.line + 1) from None
    if not quoted:
        _check_tag(event, "str")
    return event.value


def _check_tag(event: Any, expected: str) -> None:
    if event.tag and event.tag not in (_TAG + expected, "!"):
        tag = event.tag.replace(_TAG, "!!")
        raise YamlError(f"the tag {tag} is not supported here; write the value without it", event.start_mark.line + 1)


def _merge_source(value: Any, line: int) -> dict[str, Any]:
    sources = value if isinstance(value, list) else [value]
    result: dict[str, Any] = {}
    for source in sources:
        if not isinstance(source, dict):
            raise YamlError("'<<' needs a map, or a list of maps", line)
        result = {**source, **result}
    return result
