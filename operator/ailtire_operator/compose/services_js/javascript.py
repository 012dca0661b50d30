"""Parses ``module.exports = {…}`` as data. The file is never executed.

The syntax tree comes from tree-sitter, which parses all of JavaScript; only nodes of plain data are accepted, and
every other one is an error with its place. (No JSON5 library parses upstream's files with their bare numeric keys,
and tolerant ones turn variables and calls into text.)
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import dropwhile
from typing import Any, Final

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

from ailtire_operator.compose.errors import JavaScriptError
from ailtire_operator.compose.files import SIZE_LIMIT
from ailtire_operator.compose.scalars import text_of
from ailtire_operator.compose.services_js import literals
from ailtire_operator.model.field_path import FieldPath, path_of

DEPTH_LIMIT: Final = 64
"""Objects and lists within each other."""
NODE_LIMIT: Final = 100_000
"""Values of a file."""

_Path = tuple[int | str, ...]
_LITERALS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}
_COMMENTS: Final = ("comment", "html_comment", "hash_bang_line")
_QUOTES: Final = ('"', "'", "`")
_NOT_DATA: Final = {
    "arrow_function": "an expression or a function",
    "await_expression": "a call (await)",
    "class": "a class",
    "function_expression": "a function",
    "generator_function": "a function",
    "new_expression": "a call (new)",
    "parenthesized_expression": "an expression in parentheses",
    "regex": "a regular expression",
    "spread_element": "a spread (...)",
    "undefined": "undefined",
}
EXPORTS: Final = FieldPath("module.exports")
_NO_PAIR: Final = "is a method, an accessor or a variable, not plain data"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A duplicate key in one object, to be reported. The last value is kept, as in JavaScript."""

    path: FieldPath
    """``services.web``"""
    line: int
    """The line of the second one."""


@dataclass(frozen=True, slots=True)
class Module:
    """What a file exports."""

    data: Any
    duplicates: tuple[Duplicate, ...] = ()


def parse_module(text: str, *, name: str) -> Module:
    """The data of ``module.exports = …``; ``name`` is the file's, for messages. Raises only JavaScriptError."""
    source = text.encode("utf-8", "surrogatepass") if len(text) <= SIZE_LIMIT else b""
    if not 0 < len(source) <= SIZE_LIMIT and text:
        raise JavaScriptError(f"{name}: the file is larger than {SIZE_LIMIT} bytes")
    half = next((index for index, each in enumerate(text) if "\ud800" <= each <= "\udfff"), None)
    if half is not None:
        line = text.count("\n", 0, half) + 1
        column = half - text.rfind("\n", 0, half)
        raise JavaScriptError(f"{name}:{line}:{column}: half of a surrogate pair is not a character")
    return _Reader(source, name).module(_parser().parse(source).root_node)


def exported(text: str) -> Node:
    """The expression right of ``module.exports =`` in a text that ``parse_module`` takes."""
    source = text.encode()
    return _Reader(source, "").exported(_parser().parse(source).root_node)


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_javascript.language()))


class _Reader:
    """Takes data from a syntax tree; DEPTH_LIMIT bounds the recursion."""

    def __init__(self, source: bytes, name: str) -> None:
        self._source = source
        self._name = name
        self._nodes = 0
        self._duplicates: list[Duplicate] = []

    def module(self, root: Node) -> Module:
        self._check(root)
        data = self._value(self.exported(root), (), 0)
        for following in _statements(root)[1:]:
            if following.type != "empty_statement":
                message = f"only module.exports = {{ ... }} is read as data; {self._first_word(following)} follows it"
                raise self._error(following, message)
        return Module(data, tuple(self._duplicates))

    def exported(self, root: Node) -> Node:
        """The expression right of ``module.exports =``."""
        statement = next(iter(_statements(root)), root)
        assignment = next(_parts(statement), statement)
        left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        if assignment.type == "assignment_expression" and left and right and self._is_target(left):
            return right
        raise self._error(statement, f"expected module.exports = {{ ... }}, found {self._first_word(statement)}")

    def _is_target(self, left: Node) -> bool:
        words = [left.child_by_field_name(field) for field in ("object", "property")]
        return left.type == "member_expression" and [word and self._text(word) for word in words] == [
            "module",
            "exports",
        ]

    def _value(self, node: Node, path: _Path, depth: int) -> Any:
        self._nodes += 1
        if self._nodes > NODE_LIMIT:
            raise self._error(node, f"the file has more than {NODE_LIMIT} values")
        if depth > DEPTH_LIMIT:
            raise self._error(node, f"the data is nested more than {DEPTH_LIMIT} levels deep")
        match node.type:
            case "object":
                return self._object(node, path, depth)
            case "array":
                return [self._value(each, (*path, index), depth + 1) for index, each in self._items(node, path)]
            case "true" | "false" | "null":
                return _LITERALS[node.type]
        return self._scalar(node, path)

    def _scalar(self, node: Node, path: _Path) -> Any:
        if node.type == "string":
            return self._literal(literals.text, node)
        if node.type == "number":
            return self._literal(literals.number, node)
        if node.type == "template_string":
            if any(each.type == "template_substitution" for each in node.children):
                raise self._error(node, "a template literal with ${...} is not plain data; write the text itself")
            return self._literal(literals.text, node)
        if node.type == "unary_expression" and len(node.children) == 2 and node.children[1].type == "number":
            sign, number = node.children
            if sign.type in ("-", "+"):
                value = self._literal(literals.number, number)
                return -value if sign.type == "-" else value
        raise self._not_data(node, path)

    def _object(self, node: Node, path: _Path, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for _, pair in self._items(node, path):
            key_node, value_node = pair.child_by_field_name("key"), pair.child_by_field_name("value")
            if pair.type != "pair" or key_node is None or value_node is None:
                raise self._no_pair(pair, path)
            key = self._key(key_node, path)
            value = self._value(value_node, (*path, key), depth + 1)
            if key in result:
                first, *rest = (*path, key)
                self._duplicates.append(Duplicate(FieldPath(str(first), tuple(rest)), pair.start_point.row + 1))
            result[key] = value
        return result

    def _items(self, node: Node, path: _Path) -> Iterator[tuple[int, Node]]:
        """The members of an object or a list, numbered. Two commas in a row, a hole, are no data."""
        index, wanted = 0, True
        for child in node.children[1:-1]:
            if child.type == "," and wanted:
                where = path_of(EXPORTS, *path, *([index] if node.type == "array" else []))
                raise self._error(child, f"'{where}' is ',', not plain data; write the value itself")
            if child.type == ",":
                wanted = True
            elif child.type not in _COMMENTS:
                yield index, child
                index, wanted = index + 1, False

    def _key(self, node: Node, path: _Path) -> str:
        if node.type == "computed_property_name":
            found = "a computed key ([...])"
            raise self._error(node, f"expected a key in '{path_of(EXPORTS, *path)}', found {found}")
        if node.type == "number":
            return text_of(self._literal(literals.number, node))
        key = self._literal(literals.text, node) if node.type == "string" else self._text(node)
        if key == "__proto__":
            raise self._error(node, "'__proto__' sets an object's prototype; it is not plain data")
        return str(key)

    def _literal(self, read: Callable[[str], Any], node: Node) -> Any:
        try:
            return read(self._text(node))
        except ValueError as error:
            raise self._error(node, str(error)) from None

    def _no_pair(self, node: Node, path: _Path) -> JavaScriptError:
        if node.type == "spread_element":
            where = path_of(EXPORTS, *path)
            return self._error(node, f"expected a key in '{where}', found {_NOT_DATA[node.type]}")
        name = node.child_by_field_name("name") or node
        where = path_of(EXPORTS, *path, self._text(name)[:64])
        return self._error(node, f"'{where}' {_NO_PAIR}")

    def _not_data(self, node: Node, path: _Path) -> JavaScriptError:
        word = self._text(node).split("\n")[0][:24]
        what = _NOT_DATA.get(node.type, f"an expression ('{word}')")
        if node.type == "identifier":
            what = word if word in ("NaN", "Infinity") else f"'{word}', a variable or an expression"
        elif word.startswith(("require(", "process.")):
            what = "a call (require)" if word[0] == "r" else "an access to the environment (process)"
        where = path_of(EXPORTS, *path)
        return self._error(node, f"'{where}' is {what}, not plain data; write the value itself")

    def _check(self, root: Node) -> None:
        """Raise JavaScriptError at the first syntax error, after which the tree is a guess."""
        node = root
        while node.has_error and not (node.is_error or node.is_missing):
            node = next(child for child in node.children if child.has_error or child.is_missing)
        if node.is_error or node.is_missing:
            raise self._broken(node)

    def _broken(self, node: Node) -> JavaScriptError:
        text = self._text(node)
        if node.parent and node.parent.type in ("string", "template_string"):
            why = (
                f"'{text[:2]}' starts no escape that is allowed here" if text[:1] == "\\" else "a string is not closed"
            )
            return self._error(node, why)
        if quote := next((child for child in node.children if child.type in _QUOTES), None):
            return self._error(quote, "a string is not closed")
        if "/*" in text and "*/" not in text[text.index("/*") :]:
            return self._error(node, "a comment is not closed")
        if node.is_missing or node.end_byte >= len(self._source.rstrip()):
            return self._error(node, f"the data is not closed: found {self._word_at(node.end_byte)}")
        if text[:1].isdigit():
            word = self._source[node.start_byte : node.start_byte + 24].decode(errors="replace").split()[0]
            return self._error(node, f"'{word}' is not a decimal number, or there is no ',' before it")
        return self._error(node, f"found {self._first_word(node)} where ',' or a closing bracket is expected")

    def _first_word(self, node: Node) -> str:
        return self._word_at(node.start_byte)

    def _word_at(self, start: int) -> str:
        """The word or character at an offset."""
        text = self._source[start : start + 64].decode("utf-8", "replace").lstrip()
        length = next((index for index, each in enumerate(text) if not (each.isalnum() or each in "_$")), len(text))
        return f"'{text[: max(length, 1)][:24]}'" if text else "the end of the file"

    def _text(self, node: Node) -> str:
        return self._source[node.start_byte : node.end_byte].decode("utf-8")

    def _error(self, node: Node, message: str) -> JavaScriptError:
        row, column = node.start_point
        start = node.start_byte - column
        characters = len(self._source[start : node.start_byte].decode("utf-8", "replace"))
        return JavaScriptError(f"{self._name}:{row + 1}:{characters + 1}: {message}")


def _parts(node: Node) -> Iterator[Node]:
    """The node's children without comments and punctuation, including errors."""
    return (each for each in node.children if each.is_named and each.type not in _COMMENTS)


def _statements(root: Node) -> list[Node]:
    """The file's statements behind its directives."""
    return list(dropwhile(_is_directive, _parts(root)))


def _is_directive(statement: Node) -> bool:
    """Whether a statement is a bare text: ``'use strict';``."""
    parts = list(_parts(statement))
    return statement.type == "expression_statement" and len(parts) == 1 and parts[0].type == "string"
