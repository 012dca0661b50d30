"""Values in the form in which the API server answers them, so that what is applied compares equal to what lives."""

import re
from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any

from ailtire_operator.model.values import amount

_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = ("n", "u", "m", "", "k", "M", "G", "T", "P", "E")
_EXPANDED = re.compile(r"\$[$(]")


def compact(**fields: Any) -> dict[str, Any]:
    """The fields without those that say nothing: None, empty texts, lists and maps."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {}, ())}


def canonical(quantity: str) -> str:
    """A quantity as Kubernetes writes it: ``0.5`` is ``500m``, ``1024Mi`` is ``1Gi``, ``1000M`` is ``1G``.

    Source: apimachinery's resource.Quantity (CanonicalizeBytes): the largest suffix without a fraction; binary suffixes
    only from 1024 up; nothing is finer than a nano.
    """
    value = amount(quantity)
    if re.search(r"[eE][+-]?[0-9]+$", quantity):
        return quantity
    if quantity.endswith("i") and value >= 1024:
        return _scaled(value.to_integral_value(ROUND_CEILING), _BINARY, Decimal(1024), 0)
    return _scaled((value * 10**9).to_integral_value(ROUND_CEILING), _DECIMAL, Decimal(1000), 0)


def _scaled(number: Decimal, suffixes: tuple[str, ...], base: Decimal, index: int) -> str:
    if number == 0:
        return "0"
    while index + 1 < len(suffixes) and number % base == 0:
        number, index = number / base, index + 1
    return f"{int(number)}{suffixes[index]}"


def literal(text: str) -> str:
    """A text that the kubelet must not expand: ``$(NAME)`` stays as it is written, as Docker leaves it."""
    return text.replace("$", "$$") if _EXPANDED.search(text) else text


def manifest(api_version: str, kind: str, name: str, labels: Mapping[str, str], **content: Any) -> dict[str, Any]:
    """An object; ``annotations`` and whatever is empty are left out."""
    annotations = content.pop("annotations", None)
    metadata = compact(name=name, labels=dict(labels), annotations=annotations)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **compact(**content)}
