"""Translates policies of services.js; the others are reported."""

from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator.compose.reporting import Report, described
from ailtire_operator.compose.scalars import accepts, milliseconds, whole
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.model.policies import Logging, Scaling
from ailtire_operator.model.values import Duration

_DURATION: Final = TypeAdapter(Duration)
_LOGGING: Final = TypeAdapter(Logging)
_SCALING: Final = TypeAdapter(Scaling)
_RETRY_LIMIT: Final = 5
_RATE_LIMIT: Final = 100_000
_LEVELS: Final = {
    "warning": "warn",
    "err": "error",
    "off": "none",
    "silent": "none",
    "trace": "debug",
    "verbose": "debug",
}
_KEYS: Final = ("scaling", "timeout", "retry", "accessControl", "logging")


def read(value: Any, path: FieldPath, report: Report, *, stack: bool) -> dict[str, Any]:
    """The policies of a service."""
    fields = report.mapping(value, path)
    report.unknown(fields, _KEYS, path, "it is not enforced, here or upstream.")
    parts = {
        "scaling": _scaling(fields.get("scaling"), path_of(path, "scaling"), report, stack),
        "timeout": _timeout(fields.get("timeout"), path_of(path, "timeout"), report),
        "retry": _retry(fields.get("retry"), path_of(path, "retry"), report),
        "accessControl": _access(fields.get("accessControl"), path_of(path, "accessControl"), report),
        "logging": _logging(fields.get("logging"), path_of(path, "logging"), report),
    }
    return {name: part for name, part in parts.items() if part}


def _scaling(value: Any, path: FieldPath, report: Report, stack: bool) -> dict[str, Any]:
    fields = report.mapping(value, path)
    if not fields:
        return {}
    if stack:
        report.ignored(
            path, "a stack has no replicas; its services scale.", "Set it on the services of the child stack."
        )
        return {}
    report.unknown(fields, ("min", "max", "cpu", "memory"), path)
    numbers = {key: whole(fields[key]) for key in ("min", "max", "cpu", "memory") if fields.get(key) is not None}
    if not accepts(_SCALING, numbers):
        report.rejected(
            path, f"{described(fields)} is not a range of replicas; nothing scales.", "Give max, and min not above it."
        )
        return {}
    return dict(numbers)


def _timeout(value: Any, path: FieldPath, report: Report) -> dict[str, Any]:
    fields = report.mapping(value, path)
    report.unknown(fields, ("requestTimeout",), path)
    written = fields.get("requestTimeout")
    if written is None:
        return {}
    number = whole(written)
    if number is not None and number > 0 and accepts(_DURATION, milliseconds(number)):
        return {"requestTimeout": milliseconds(number)}
    if number is None and isinstance(written, str) and accepts(_DURATION, written):
        return {"requestTimeout": written}
    report.rejected(
        path_of(path, "requestTimeout"), f"{described(written)} is not a time in milliseconds; there is no timeout."
    )
    return {}


def _retry(value: Any, path: FieldPath, report: Report) -> dict[str, Any]:
    fields = report.mapping(value, path)
    report.unknown(fields, ("maxRetries",), path, "the gateway retries immediately.")
    written = fields.get("maxRetries")
    if written is None:
        return {}
    number = whole(written)
    if number is None or number < 0:
        report.rejected(
            path_of(path, "maxRetries"), f"{described(written)} is not a number of retries; there are no retries."
        )
        return {}
    if number > _RETRY_LIMIT:
        report.approximate(
            path_of(path, "maxRetries"),
            f"{number} became {_RETRY_LIMIT}: more retries would add load to a failing service.",
        )
    return {"maxRetries": min(number, _RETRY_LIMIT)}


def _access(value: Any, path: FieldPath, report: Report) -> dict[str, Any]:
    fields = report.mapping(value, path)
    report.unknown(fields, ("rateLimit", "authentication"), path)
    if fields.get("authentication"):
        report.ignored(
            path_of(path, "authentication"),
            "it was not enforced upstream, and here it needs a Secret with the users.",
            "Set policies.accessControl.authentication.secret.",
        )
    written = fields.get("rateLimit")
    if written is None:
        return {}
    number = whole(written)
    if number is None or not 1 <= number <= _RATE_LIMIT:
        report.rejected(path_of(path, "rateLimit"), f"{described(written)} is not a rate; there is no limit.")
        return {}
    report.approximate(
        path_of(path, "rateLimit"), f"{number} is read as requests per second and client; it was not enforced upstream."
    )
    return {"rateLimit": number}


def _logging(value: Any, path: FieldPath, report: Report) -> dict[str, Any]:
    fields = report.mapping(value, path)
    report.unknown(fields, ("level",), path)
    written = fields.get("level")
    if written is None:
        return {}
    level = str(written).lower()
    level = _LEVELS.get(level, level)
    if not accepts(_LOGGING, {"level": level}):
        report.rejected(
            path_of(path, "level"),
            f"{described(written)} is none of debug, info, warn, error, none; the default is used.",
        )
        return {}
    return {"level": level}
