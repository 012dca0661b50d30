"""Writes values in the form that the API server returns, so that the plan compares equal to the live object."""

import re
from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from typing import Any

_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = {-9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E"}
_POWERS = {suffix: power for power, suffix in _DECIMAL.items()}
_NUMBER = "0123456789."
_NANO = -9
_FAST_DIGITS = 18
_FAST_BINARY_DIGITS = 15
_INT64 = 2**63 - 1
_EXPANDED = re.compile(r"\$[$(]")


def compact(**fields: Any) -> dict[str, Any]:
    """The fields without empty ones: None, empty texts, lists and maps."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {}, ())}


def canonical(quantity: str) -> str:
    """A quantity in Kubernetes' canonical form: ``0.5`` is ``500m``, ``1024Mi`` is ``1Gi``, ``1000M`` is ``1G``.

    Source: apimachinery's resource.Quantity, including its fast path: a text that the fast parser considers canonical
    is kept unchanged (``1.500k``, ``0100``). The finest unit is nano; binary suffixes are for whole numbers from 1024.
    """
    suffix = quantity.lstrip(_NUMBER)
    whole, _, fraction = quantity.removesuffix(suffix).partition(".")
    whole = whole.lstrip("0") or "0"
    if suffix in _BINARY[1:]:
        return _binary(quantity, whole, fraction, suffix)
    exponent = _POWERS[suffix] if suffix in _POWERS else int(suffix[1:])
    if _is_kept(whole + fraction, exponent - len(fraction)):
        return quantity
    value = Fraction(int(whole + fraction)) * Fraction(10) ** (exponent - len(fraction))
    return _decimal(value, scientific=suffix not in _POWERS)


def _is_kept(digits: str, scale: int) -> bool:
    if len(digits) > _FAST_DIGITS or scale < _NANO:
        return False
    return scale % 3 == 0 and not digits.endswith("000") and digits[0] != "0"


def _binary(quantity: str, whole: str, fraction: str, suffix: str) -> str:
    power = 10 * _BINARY.index(suffix)
    value = Fraction(int(whole + fraction), 10 ** len(fraction)) * 2**power
    short = not fraction and len(whole) < _FAST_BINARY_DIGITS - int(power * 3 / 10)
    if short and int(whole) % 8 and value <= _INT64:
        return quantity
    value = min(_up_to_nano(value), Fraction(_INT64))
    if value < 1024 or value.denominator != 1:
        return _decimal(value)
    number, index = int(value), 0
    while number % 1024 == 0:
        number, index = number // 1024, index + 1
    return f"{number}{_BINARY[index]}"


def _up_to_nano(value: Fraction) -> Fraction:
    return Fraction(ceil(value * 10**9), 10**9)


def _decimal(value: Fraction, *, scientific: bool = False) -> str:
    """The fewest digits with an exponent that is a multiple of three. Kubernetes has no suffix beyond E."""
    number, exponent = ceil(value * 10**9), _NANO
    if number == 0:
        return "0"
    while number % 1000 == 0:
        number, exponent = number // 1000, exponent + 3
    if scientific:
        return f"{number}e{exponent}" if exponent else str(number)
    return f"{number}{_DECIMAL.get(exponent, '')}"


def literal(text: str) -> str:
    """A text escaped for the kubelet, so that ``$(NAME)`` is not expanded, as in Docker."""
    return text.replace("$", "$$") if _EXPANDED.search(text) else text


def manifest(api_version: str, kind: str, name: str, labels: Mapping[str, str], **content: Any) -> dict[str, Any]:
    """An object; ``annotations`` and other empty parts are omitted."""
    annotations = content.pop("annotations", None)
    metadata = compact(name=name, labels=dict(labels), annotations=annotations)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **compact(**content)}
