"""Converts values of JavaScript and Docker to the model's: numbers as text, milliseconds, bytes."""

import re
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter, ValidationError

_MEMORY = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([kmgtp]?)i?b?", re.IGNORECASE)
_WHOLE = re.compile(r"[0-9]{1,15}")
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_BINARY_SUFFIXES = ("", "Ki", "Mi", "Gi", "Ti", "Pi")


def text_of(value: str | int | float | None) -> str:
    """The value as a template literal in JavaScript prints it: ``true``, ``3`` for 3.0, ``1e+21``; null is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _number_text(value) if isinstance(value, float) else str(value)


def _number_text(value: float) -> str:
    """ECMAScript's Number::toString; the digits are the shortest that read back, which Python's repr has as well."""
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    body, point = "".join(map(str, digits)), len(digits) + int(exponent)
    if len(body) <= point <= 21:
        text = body + "0" * (point - len(body))
    elif 0 < point <= 21:
        text = f"{body[:point]}.{body[point:]}"
    elif -6 < point <= 0:
        text = "0." + "0" * -point + body
    else:
        fraction = f".{body[1:]}" if len(body) > 1 else ""
        text = f"{body[0]}{fraction}e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return f"-{text}" if sign else text


def accepts(adapter: TypeAdapter[Any], value: Any) -> bool:
    """Whether the value is valid in the model."""
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


def whole(value: Any) -> int | None:
    """A whole number, also where it is written as text or as 3.0; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)
    return None


def milliseconds(value: int) -> str:
    """A duration: 30000 is ``30s``, 1500 ``1500ms``."""
    return f"{value // 1000}s" if value % 1000 == 0 else f"{value}ms"


def memory(value: Any) -> str | None:
    """Docker's ``50M`` as a quantity: its units are powers of 1024, so that is ``50Mi``. None for anything else."""
    match = (
        _MEMORY.fullmatch(text_of(value).strip())
        if isinstance(value, str | int) and not isinstance(value, bool)
        else None
    )
    if match is None:
        return None
    size = int(Decimal(match.group(1)) * 1024 ** _POWERS[match.group(2).lower()])
    power = 0
    while size and size % 1024 == 0 and power < len(_BINARY_SUFFIXES) - 1:
        size, power = size // 1024, power + 1
    return f"{size}{_BINARY_SUFFIXES[power]}"


def docker_memory(size: Decimal) -> str:
    """Bytes in Compose's form: ``256M`` if that is exact."""
    whole_bytes = int(size)
    for power, suffix in ((3, "G"), (2, "M"), (1, "K")):
        if whole_bytes and whole_bytes % 1024**power == 0:
            return f"{whole_bytes // 1024**power}{suffix}"
    return f"{whole_bytes}b"
