"""The scalar types of a spec: durations, quantities and names, with their bounds."""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

from ailtire_operator.printable import CONTROLS, has_controls

_DURATION = r"([0-9]{1,5}h)?([0-9]{1,7}m)?([0-9]{1,9}(\.[0-9]{1,3})?s)?([0-9]{1,9}ms)?"
"""The digits are limited so that the sum stays below 2^31 seconds, the maximum of Kubernetes' fields."""
_QUANTITY = r"([0-9]+(?:[.][0-9]*)?|[.][0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?"
"""Kubernetes' syntax without a sign, and with a limited exponent, as 10^999 would be too large to compute."""
_QUANTITY_LIMIT = 32
DURATION_PATTERN = f"^{_DURATION}$"
COOKIE_PATTERN = "^[A-Za-z0-9_-]+$"
_DURATIONS: Final = re.compile(_DURATION)
_NUMBER: Final = re.compile(r"[0-9]+([.][0-9]+)?")
_WITHOUT_UNIT: Final = "{0} has no unit; write {0}s for seconds (units are h, m, s and ms)"
_QUANTITIES: Final = re.compile(_QUANTITY)
_INT64 = 2**63 - 1
_USER = "([0-9]{1,9}|1[0-9]{9}|20[0-9]{8})"
"""Kubernetes' maximum user ID is 2^31 - 1; some platforms use ten digits."""
_BINARY: Final = {suffix: 1024**power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), start=1)}
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def seconds(duration: str) -> float:
    """A duration such as ``1m30s`` in seconds. Raises ValueError for anything else."""
    if _NUMBER.fullmatch(duration):
        raise ValueError(_WITHOUT_UNIT.format(duration))
    match = _DURATIONS.fullmatch(duration)
    if not duration or match is None:
        raise ValueError(f"'{duration}' is not a duration; write hours, minutes and seconds as in 1h30m10s or 500ms")
    hours, minutes, whole, _, milli = (part and part.rstrip("hms") for part in match.groups())
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(whole or 0) + int(milli or 0) / 1000


def whole_seconds(duration: str) -> int:
    """The duration in whole seconds, rounded up: a probe or a grace period must not be shorter than requested."""
    return ceil(seconds(duration))


def _with_unit(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(_WITHOUT_UNIT.format(value))
    return value


def _check_duration(text: str) -> str:
    seconds(text)
    return text


def amount(quantity: str) -> Decimal:
    """A Kubernetes quantity as a number (``500m`` is 0.5, ``1Ki`` 1024). Raises ValueError for anything else."""
    match = _QUANTITIES.fullmatch(quantity)
    if match is None:
        raise ValueError(f"'{quantity}' is not a quantity; write it as in 500m, 0.5, 256Mi or 1Gi")
    number, suffix = match.group(1), match.group(2) or ""
    if suffix in _BINARY:
        return Decimal(number) * Decimal(_BINARY[suffix])
    if suffix in _DECIMAL:
        return Decimal(number).scaleb(_DECIMAL[suffix])
    return Decimal(number + suffix)


def _check_quantity(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("a quantity must be a whole number or a string such as 500m, 256Mi or, in quotes, '0.5'")
    text = _text(value)
    if len(text) > _QUANTITY_LIMIT:
        raise ValueError(f"a quantity has at most {_QUANTITY_LIMIT} characters")
    amount(text)
    return text


def _check_positive(text: str) -> str:
    if amount(text) <= 0:
        raise ValueError("must be above 0")
    return text


def _check_time(text: str) -> str:
    datetime.fromisoformat(text)
    return text


def latest(*times: str | None) -> str | None:
    """The latest of some date-times; None if there is none."""
    return max(filter(None, times), key=lambda text: (datetime.fromisoformat(text), text), default=None)


def _check_environment_value(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("an environment value must be a string or a whole number; quote anything else")
    text = _text(value)
    if len(text) > VALUE_LIMIT:
        raise ValueError(f"an environment value has at most {VALUE_LIMIT} characters")
    return text


def _text(value: str | int) -> str:
    if isinstance(value, int) and not -_INT64 <= value <= _INT64:
        raise ValueError(f"{value} is too large for a whole number in the API server; quote it")
    return str(value)


def _without_controls(text: str) -> str:
    if has_controls(text):
        raise ValueError(f"must have {NO_CONTROLS}")
    return text


def _once_each(items: list[str]) -> list[str]:
    return list(dict.fromkeys(items))


TEXT_PATTERN: Final = "x-text-pattern"
"""In the schema of a number or text: the text's pattern. A structural schema cannot express it."""


def _int_or_string(
    *rules: tuple[str, str], limit: int, examples: Sequence[str | int], pattern: str | None = None
) -> WithJsonSchema:
    schema: dict[str, Any] = {
        "x-kubernetes-int-or-string": True,
        "maxLength": limit,
        "examples": list(examples),
    }
    if pattern:
        schema[TEXT_PATTERN] = pattern
    if rules:
        schema["x-kubernetes-validations"] = [{"rule": rule, "message": message} for rule, message in rules]
    return WithJsonSchema(schema)


_QUANTITY_RULE = (
    f"type(self) == int ? self >= 0 : self.matches('^{_QUANTITY}$')",
    "must be a quantity such as 500m, 0.5, 2 or 256Mi",
)
_POSITIVE_RULE = (
    "type(self) == int ? self > 0 : !isQuantity(self) || quantity(self).isGreaterThan(quantity('0'))",
    "must be above 0",
)
VALUE_LIMIT: Final = 32768
"""Characters of a variable's value."""
NO_CONTROLS: Final = "no control characters: no line breaks, escapes or bidirectional controls"

Name = Annotated[str, AfterValidator(_without_controls), Field(json_schema_extra={"pattern": f"^[^{CONTROLS}]*$"})]
"""A name in any alphabet, on one line, so that shells, YAML, terminals and logs never read a second line."""
Item = TypeVar("Item", bound=str)
UniqueList = Annotated[list[Item], AfterValidator(_once_each)]
"""A list without duplicates. It is not a set for the API server, as server-side apply writes null for an object whose
last set item is removed."""
Duration = Annotated[
    str,
    StringConstraints(min_length=1, max_length=32),
    AfterValidator(_check_duration),
    BeforeValidator(_with_unit),
    Field(json_schema_extra={"pattern": DURATION_PATTERN}, examples=["1m30s"]),
]
"""Hours, minutes, seconds: ``1m30s``."""
Quantity = Annotated[
    str,
    BeforeValidator(_check_quantity),
    _int_or_string(_QUANTITY_RULE, limit=_QUANTITY_LIMIT, examples=["500m", "256Mi"], pattern=f"^{_QUANTITY}$"),
]
"""A Kubernetes quantity: ``500m``, ``256Mi``."""
TIME_PATTERN: Final = (
    r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
Time = Annotated[
    str,
    StringConstraints(max_length=40, pattern=TIME_PATTERN),
    AfterValidator(_check_time),
    Field(json_schema_extra={"format": "date-time"}, examples=["2026-11-29T12:30:00Z"]),
]
"""A date and time by RFC 3339."""
PositiveQuantity = Annotated[
    str,
    BeforeValidator(_check_quantity),
    AfterValidator(_check_positive),
    _int_or_string(_QUANTITY_RULE, _POSITIVE_RULE, limit=_QUANTITY_LIMIT, examples=["64Mi"], pattern=f"^{_QUANTITY}$"),
]
EnvironmentValue = Annotated[
    str, BeforeValidator(_check_environment_value), _int_or_string(limit=VALUE_LIMIT, examples=["info", 3000])
]
Port = Annotated[int, Field(ge=1, le=65535)]
ObjectName = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
    ),
]
"""The name of an existing Kubernetes object (a Secret, a ConfigMap, a class)."""
AccountName = ObjectName
"""A service account of the namespace: not empty, and never a ``system:`` name, as it has no colon."""
StackName = Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$")]
LabelValue = Annotated[str, StringConstraints(max_length=63, pattern=r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")]
UserId = Annotated[str, StringConstraints(pattern=rf"^{_USER}(:{_USER})?$"), Field(examples=["1000:1000"])]
UrlPath = Annotated[
    str, StringConstraints(max_length=512, pattern=r"^/[A-Za-z0-9/._~@:+,=-]*$"), Field(examples=["/health"])
]
"""An absolute path; its characters need no quoting in the proxy's configuration."""
Argument = Annotated[str, StringConstraints(max_length=16384)]
AbsolutePath = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=rf"^/[^{CONTROLS}:]*$")]
ImageReference = Annotated[
    str,
    StringConstraints(min_length=1, max_length=512, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@-]*$"),
    Field(examples=["registry.example/shop/web:1.4"]),
]
Host = Annotated[
    str,
    StringConstraints(
        max_length=253,
        pattern=r"^(\*\.)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$",
    ),
    Field(examples=["shop.example"]),
]
