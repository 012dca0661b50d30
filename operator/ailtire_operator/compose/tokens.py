"""The tokens of JavaScript that data is written in: strings, numbers, names, punctuators; comments fall away."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from ailtire_operator.compose.errors import JavaScriptError


class Kind(Enum):
    """What a token is."""

    STRING = auto()
    NUMBER = auto()
    NAME = auto()
    PUNCTUATOR = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One token; ``value`` is what it stands for (a string without its quotes), ``position`` where it starts."""

    kind: Kind
    value: str | int | float
    position: int

    def __str__(self) -> str:
        return "the end of the file" if self.kind is Kind.END else f"'{self.value}'"


_DIGITS = r"[0-9](?:_?[0-9])*"
_SKIPPED = re.compile(r"(?:[\s\ufeff]+|//[^\n\r\u2028\u2029]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)+")
_NUMBER = re.compile(
    rf"0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|(?:(?:0|[1-9](?:_?[0-9])*)(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?"
)
_NAME = re.compile(r"(?:[^\W\d]|\$)[\w$]*")
_STRING = re.compile(
    r"\"(?:[^\"\\\n\r]|\\(?:\r\n|[\s\S]))*\"|'(?:[^'\\\n\r]|\\(?:\r\n|[\s\S]))*'|`(?:[^`\\]|\\[\s\S])*`"
)
_PUNCTUATOR = re.compile(r"\.\.\.|=>|[^\w\s]")
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|[\s\S]))")
_SINGLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_CONTINUATIONS = frozenset({"\n", "\r", "\r\n", "\u2028", "\u2029"})
_RADIX = {"x": 16, "o": 8, "b": 2}
_EXACT = 2**53
"""Up to here a JavaScript number is an integer without doubt."""


class Lexer:
    """Reads tokens from a text, one at a time, so that hostile input fails before it costs memory."""

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name

    def error(self, position: int, message: str) -> JavaScriptError:
        """An error with its place: ``deploy/services.js:12:5: …``."""
        line = self.line(position)
        column = position - (self._text.rfind("\n", 0, position) + 1) + 1
        return JavaScriptError(f"{self._name}:{line}:{column}: {message}")

    def line(self, position: int) -> int:
        """The line of a position, from 1."""
        return self._text.count("\n", 0, position) + 1

    def __iter__(self) -> Iterator[Token]:
        position = 0
        while True:
            if skipped := _SKIPPED.match(self._text, position):
                position = skipped.end()
            if position >= len(self._text):
                break
            token, position = self._next(position)
            yield token
        yield Token(Kind.END, "", position)

    def _next(self, position: int) -> tuple[Token, int]:
        text = self._text
        if found := _STRING.match(text, position):
            return Token(Kind.STRING, self._unquote(found.group(), position), position), found.end()
        if found := _NUMBER.match(text, position):
            if _NAME.match(text, found.end()) or text[found.end() : found.end() + 1].isdigit():
                raise self.error(
                    position, f"'{text[position : found.end() + 8].split()[0][:24]}' is not a decimal number"
                )
            return Token(Kind.NUMBER, self._number(found.group(), position), position), found.end()
        if found := _NAME.match(text, position):
            return Token(Kind.NAME, found.group(), position), found.end()
        if text[position] in "\"'`":
            raise self.error(position, "a text is not closed")
        if text.startswith("/*", position):
            raise self.error(position, "a comment is not closed")
        if found := _PUNCTUATOR.match(text, position):
            return Token(Kind.PUNCTUATOR, found.group(), position), found.end()
        raise self.error(position, f"unexpected {text[position]!r}")

    def _number(self, literal: str, position: int) -> int | float:
        """The number, as the double that JavaScript would hold; whole ones as int."""
        digits = literal.replace("_", "")
        radix = _RADIX.get(digits[1:2].lower()) if digits.startswith("0") else None
        try:
            value = float(int(digits[2:], radix)) if radix else float(digits)
        except OverflowError:
            value = float("inf")
        if value == float("inf"):
            raise self.error(position, "a number is too large")
        return int(value) if value.is_integer() and value <= _EXACT else value

    def _unquote(self, literal: str, position: int) -> str:
        body = literal[1:-1]
        if literal[0] == "`":
            if re.search(r"(?<!\\)(?:\\\\)*\$\{", body):
                raise self.error(position, "a template literal with ${...} is not plain data; write the text itself")
            body = body.replace("\r\n", "\n").replace("\r", "\n")
        if "\\" in body:
            body = _ESCAPE.sub(lambda escape: self._escape(escape, position), body)
        try:
            return body.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise self.error(position, "a text holds half of a surrogate pair") from None

    def _escape(self, escape: re.Match[str], position: int) -> str:
        code = escape.group(1) or escape.group(2) or escape.group(3)
        if code is not None:
            if int(code, 16) > 0x10FFFF:
                raise self.error(position, f"'{escape.group()}' is not a character")
            return chr(int(code, 16))
        character = escape.group(4)
        if character in _CONTINUATIONS:
            return ""
        following = escape.string[escape.end() : escape.end() + 1]
        if character in "ux" or (character in "0123456789" and (character != "0" or following.isdigit())):
            raise self.error(position, f"'\\{character}' starts no escape that is allowed here")
        return _SINGLE.get(character, character)
