"""``module.exports = {…}`` as data. The file is parsed, never executed.

No JSON5 library reads upstream's files (bare numeric keys), and the tolerant ones turn what they do not understand, a
variable or a call, into text. So this is a parser of its own for exactly the part of JavaScript that is data: all else
is an error that names it.
"""

from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator.compose.errors import JavaScriptError
from ailtire_operator.compose.scalars import text_of
from ailtire_operator.compose.tokens import Kind, Lexer, Token
from ailtire_operator.model.problems import path_of

SIZE_LIMIT: Final = 1024 * 1024
"""Bytes of a file."""
DEPTH_LIMIT: Final = 64
"""Objects and lists within each other."""
NODE_LIMIT: Final = 100_000
"""Values of a file."""

_LITERALS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}
_NOT_DATA: Final = {
    "function": "a function",
    "async": "a function",
    "class": "a class",
    "new": "a call (new)",
    "require": "a call (require)",
    "await": "a call (await)",
    "process": "a look at the environment (process)",
    "undefined": "undefined",
    "NaN": "NaN",
    "Infinity": "Infinity",
    "(": "an expression or a function",
    "...": "a spread (...)",
    "/": "a regular expression",
}


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A key that stands twice in one object. JavaScript keeps the last value, so do we; the author should know."""

    path: str
    """``services.web``"""
    line: int
    """Where it stands again."""


@dataclass(frozen=True, slots=True)
class Module:
    """What a file exports."""

    data: Any
    duplicates: tuple[Duplicate, ...] = ()


def parse_module(text: str, *, name: str) -> Module:
    """The data of ``module.exports = …``; ``name`` is the file's, for messages. Raises JavaScriptError alone."""
    if len(text) > SIZE_LIMIT or len(text.encode("utf-8", "surrogatepass")) > SIZE_LIMIT:
        raise JavaScriptError(f"{name}: the file is larger than {SIZE_LIMIT} bytes")
    return _Parser(Lexer(text, name)).module()


class _Parser:
    """Recursive descent, one token ahead; DEPTH_LIMIT bounds the recursion."""

    def __init__(self, lexer: Lexer) -> None:
        self._lexer = lexer
        self._tokens = iter(lexer)
        self._token = next(self._tokens)
        self._nodes = 0
        self._duplicates: list[Duplicate] = []

    def module(self) -> Module:
        while self._token.kind is Kind.STRING:  # 'use strict';
            self._advance()
            self._skip(";")
        for expected in ("module", ".", "exports", "="):
            if self._text(self._token) != expected:
                raise self._error(f"expected module.exports = {{ ... }}, found {self._token}")
            self._advance()
        data = self._value((), 0)
        self._skip(";")
        if self._token.kind is not Kind.END:
            raise self._error(f"only module.exports = {{ ... }} is read as data; {self._token} follows it")
        return Module(data, tuple(self._duplicates))

    def _value(self, path: tuple[int | str, ...], depth: int) -> Any:
        self._nodes += 1
        if self._nodes > NODE_LIMIT:
            raise self._error(f"the file has more than {NODE_LIMIT} values")
        if depth > DEPTH_LIMIT:
            raise self._error(f"the data is nested more than {DEPTH_LIMIT} levels deep")
        token = self._token
        if token.kind is Kind.PUNCTUATOR and token.value == "{":
            return self._object(path, depth)
        if token.kind is Kind.PUNCTUATOR and token.value == "[":
            return self._list(path, depth)
        return self._scalar(path)

    def _scalar(self, path: tuple[int | str, ...]) -> Any:
        token = self._token
        if token.kind in (Kind.STRING, Kind.NUMBER):
            self._advance()
            return token.value
        if token.kind is Kind.NAME and token.value in _LITERALS:
            self._advance()
            return _LITERALS[str(token.value)]
        if token.kind is Kind.PUNCTUATOR and token.value in ("-", "+"):
            self._advance()
            if self._token.kind is Kind.NUMBER:
                number = self._token.value
                self._advance()
                return -number if token.value == "-" else number  # type: ignore[operator]  # a NUMBER's value is one
        raise self._not_data(token, path)

    def _object(self, path: tuple[int | str, ...], depth: int) -> dict[str, Any]:
        self._advance()
        result: dict[str, Any] = {}
        while not self._skip("}"):
            token, key = self._token, self._key(path)
            if not self._skip(":"):
                raise self._error(
                    f"'{path_of('module.exports', *path, key)}' is a method, an accessor or a variable, not plain data"
                )
            value = self._value((*path, key), depth + 1)
            if key in result:
                first, *rest = (*path, key)
                self._duplicates.append(Duplicate(path_of(str(first), *rest), self._lexer.line(token.position)))
            result[key] = value
            self._separate("}", path)
        return result

    def _list(self, path: tuple[int | str, ...], depth: int) -> list[Any]:
        self._advance()
        result: list[Any] = []
        while not self._skip("]"):
            result.append(self._value((*path, len(result)), depth + 1))
            self._separate("]", path)
        return result

    def _key(self, path: tuple[int | str, ...]) -> str:
        token = self._token
        if token.kind is Kind.END or token.kind is Kind.PUNCTUATOR:
            what = "a computed key ([...])" if token.value == "[" else _NOT_DATA.get(str(token.value), str(token))
            raise self._error(f"expected a key in '{path_of('module.exports', *path)}', found {what}")
        if token.value == "__proto__":
            raise self._error("'__proto__' sets an object's prototype; it is not plain data")
        self._advance()
        return text_of(token.value)

    def _separate(self, end: str, path: tuple[int | str, ...]) -> None:
        """A comma, or the closing bracket that the caller's loop takes."""
        if self._skip(",") or (self._token.kind is Kind.PUNCTUATOR and self._token.value == end):
            return
        raise self._error(f"expected ',' or '{end}' in '{path_of('module.exports', *path)}', found {self._token}")

    def _not_data(self, token: Token, path: tuple[int | str, ...]) -> JavaScriptError:
        what = _NOT_DATA.get(
            str(token.value), f"{token}, a variable or an expression" if token.kind is Kind.NAME else str(token)
        )
        return self._lexer.error(
            token.position, f"'{path_of('module.exports', *path)}' is {what}, not plain data; write the value itself"
        )

    @staticmethod
    def _text(token: Token) -> str:
        """The token as it stands in the file; a string literal, which may spell anything, is none of these words."""
        return "" if token.kind is Kind.STRING else str(token.value)

    def _skip(self, punctuator: str) -> bool:
        if self._token.kind is not Kind.PUNCTUATOR or self._token.value != punctuator:
            return False
        self._advance()
        return True

    def _advance(self) -> None:
        if self._token.kind is not Kind.END:
            self._token = next(self._tokens)

    def _error(self, message: str) -> JavaScriptError:
        return self._lexer.error(self._token.position, message)
