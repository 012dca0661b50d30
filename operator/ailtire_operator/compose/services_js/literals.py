"""Parses JavaScript's literals: numbers as doubles, strings without quotes and escapes.

Each function takes the literal as written, and raises ValueError for an invalid one.
"""

import re
from typing import Final

_DIGITS: Final = r"[0-9](?:_?[0-9])*"
_NUMBER: Final = re.compile(
    rf"0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|(?:(?:0|[1-9](?:_?[0-9])*)(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?"
)
_RADIX: Final = {"x": 16, "o": 8, "b": 2}
_EXACT: Final = 2**53
"""Up to here all integers are exact in JavaScript."""
_ESCAPE: Final = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|[\s\S]))")
_SINGLE: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_CONTINUATIONS: Final = frozenset({"\n", "\r", "\r\n", "\u2028", "\u2029"})


def number(literal: str) -> int | float:
    """The number as JavaScript's double; whole ones as int."""
    if not _NUMBER.fullmatch(literal):
        raise ValueError(f"'{literal[:24]}' is not a decimal number")
    digits = literal.replace("_", "")
    radix = _RADIX.get(digits[1:2].lower()) if digits.startswith("0") else None
    try:
        value = float(int(digits[2:], radix)) if radix else float(digits)
    except OverflowError:
        value = float("inf")
    if value == float("inf"):
        raise ValueError("a number is too large")
    return int(value) if value.is_integer() and value <= _EXACT else value


def text(literal: str) -> str:
    """The value of a string in any of the three kinds of quotes."""
    body = literal[1:-1]
    if literal[0] == "`":
        body = body.replace("\r\n", "\n").replace("\r", "\n")
    if "\\" in body:
        body = _ESCAPE.sub(_unescaped, body)
    try:
        return body.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise ValueError("a string has half of a surrogate pair") from None


def _unescaped(escape: re.Match[str]) -> str:
    code = escape.group(1) or escape.group(2) or escape.group(3)
    if code is not None:
        if int(code, 16) > 0x10FFFF:
            raise ValueError(f"'{escape.group()}' is not a character")
        return chr(int(code, 16))
    character = escape.group(4)
    if character in _CONTINUATIONS:
        return ""
    following = escape.string[escape.end() : escape.end() + 1]
    if character in "ux" or (character in "0123456789" and (character != "0" or following.isdigit())):
        raise ValueError(f"'\\{character}' starts no escape that is allowed here")
    return _SINGLE.get(character, character)
