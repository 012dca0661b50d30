"""The scalar values of a spec: durations, quantities, names, with their bounds."""

import re
from decimal import Decimal
from math import ceil
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

from ailtire_operator import naming

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?")
DURATION_PATTERN = r"^([0-9]+h)?([0-9]+m)?([0-9]+(\.[0-9]+)?s)?([0-9]+ms)?$"
_QUANTITY = re.compile(r"([+-]?[0-9]+(?:\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?")
_BINARY = {suffix: 1024**power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), start=1)}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def seconds(duration: str) -> float:
    """A duration such as ``1m30s`` in seconds. Raises ValueError for anything else."""
    match = _DURATION.fullmatch(duration)
    if not duration or match is None:
        raise ValueError(f"'{duration}' is not a duration; write hours, minutes and seconds as in 1h30m10s or 500ms")
    hours, minutes, whole, milli = match.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(whole or 0) + int(milli or 0) / 1000


def whole_seconds(duration: str) -> int:
    """The duration in whole seconds, rounded up: a probe or a grace period is never shorter than what was asked."""
    return ceil(seconds(duration))


def _check_duration(text: str) -> str:
    seconds(text)
    return text


def amount(quantity: str) -> Decimal:
    """A Kubernetes quantity as a number (``500m`` is 0.5, ``1Ki`` 1024). Raises ValueError for anything else."""
    match = _QUANTITY.fullmatch(quantity)
    if match is None:
        raise ValueError(f"'{quantity}' is not a quantity; write it as in 500m, 0.5, 256Mi or 1Gi")
    number, suffix = match.group(1), match.group(2) or ""
    if suffix in _BINARY:
        return Decimal(number) * _BINARY[suffix]
    if suffix in _DECIMAL:
        return Decimal(number).scaleb(_DECIMAL[suffix])
    return Decimal(number + suffix)


def _check_quantity(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("a quantity is a number or a text such as 500m or 256Mi")
    text = str(value)
    if amount(text) < 0:
        raise ValueError(f"'{text}' is negative")
    return text


def _check_environment_value(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("an environment value is a text or a whole number; put anything else in quotes")
    return str(value)


def _check_service_key(key: str) -> str:
    if not re.search(r"[A-Za-z0-9]", key):
        raise ValueError(f"'{key}' has no letter or digit to make a name from")
    return key


def _check_variable(name: str) -> str:
    if name.startswith(naming.RESERVED_VARIABLE_PREFIX):
        raise ValueError(f"'{name}' is reserved: the operator sets the {naming.RESERVED_VARIABLE_PREFIX}* variables itself")
    if not name or "=" in name or "\0" in name:
        raise ValueError(f"'{name}' is not the name of an environment variable")
    return name


def _check_metadata_key(key: str) -> str:
    if naming.is_reserved_key(key):
        raise ValueError(f"'{key}' is reserved for Kubernetes and this operator")
    return key


Duration = Annotated[
    str, StringConstraints(max_length=32), AfterValidator(_check_duration), Field(json_schema_extra={"pattern": DURATION_PATTERN})
]
"""Hours, minutes, seconds: ``1m30s``."""
Quantity = Annotated[
    str,
    BeforeValidator(_check_quantity),
    WithJsonSchema(
        {
            "x-kubernetes-int-or-string": True,
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "maxLength": 64,
            "x-kubernetes-validations": [
                {"rule": "type(self) == int ? self >= 0 : isQuantity(self)", "message": "must be a quantity such as 500m, 2 or 256Mi"}
            ],
        }
    ),
]
"""A Kubernetes quantity: ``500m``, ``256Mi``."""
EnvironmentValue = Annotated[
    str,
    BeforeValidator(_check_environment_value),
    WithJsonSchema({"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}], "maxLength": 32768}),
]
Port = Annotated[int, Field(ge=1, le=65535)]
ServiceKey = Annotated[str, StringConstraints(min_length=1, max_length=63), AfterValidator(_check_service_key)]
VariableName = Annotated[str, StringConstraints(min_length=1, max_length=256), AfterValidator(_check_variable)]
MetadataKey = Annotated[str, StringConstraints(min_length=1, max_length=317), AfterValidator(_check_metadata_key)]
ObjectName = Annotated[
    str, StringConstraints(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
]
"""The name of a Kubernetes object that exists already (a Secret, a ConfigMap, a class)."""
StackName = Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$")]
UrlPath = Annotated[str, StringConstraints(max_length=512, pattern=r"^/[A-Za-z0-9/._~@:+,=-]*$")]
"""An absolute path; the strict alphabet keeps it a path inside the proxy's configuration."""
InterfaceKey = Annotated[
    str, StringConstraints(min_length=1, max_length=512, pattern=r"^(/[A-Za-z0-9/._~@:+,=-]*|[A-Za-z0-9][A-Za-z0-9._-]*)$")
]
"""A path (external prefix) or a plain label (the older dialect, where ``path`` is the external prefix)."""
Argument = Annotated[str, StringConstraints(max_length=16384)]
AbsolutePath = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"^/[^\x00:]*$")]
ImageReference = Annotated[
    str, StringConstraints(min_length=1, max_length=512, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@-]*$")
]
Host = Annotated[
    str,
    StringConstraints(max_length=253, pattern=r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"),
]
