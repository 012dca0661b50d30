"""Answers of the simulated API server: an object, or a Status that says why not."""

from dataclasses import dataclass
from typing import Any

from ailtire_operator.cluster.kinds import Kind


@dataclass(frozen=True, slots=True)
class Answer:
    """The HTTP status and the object of an answer."""

    code: int
    body: dict[str, Any]


class Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, code: int, reason: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.body = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "details": details,
            "code": code,
        }


def _named(name: str, kind: Kind) -> str:
    return f'{kind.plural}.{kind.group} "{name}"' if kind.group else f'{kind.plural} "{name}"'


def not_found(name: str, kind: Kind | None = None) -> Refusal:
    """There is no such object."""
    message = f"{_named(name, kind)} not found" if kind else "the server could not find the requested resource"
    return Refusal(404, "NotFound", message, name=name)


def already_exists(name: str, kind: Kind) -> Refusal:
    """There is an object of this name."""
    return Refusal(409, "AlreadyExists", f"{_named(name, kind)} already exists", name=name)


def conflict(name: str, kind: Kind, why: str = "the object has been modified") -> Refusal:
    """The object is not the one, or not in the version, that was meant."""
    return Refusal(409, "Conflict", f"Operation cannot be fulfilled on {_named(name, kind)}: {why}", name=name)


def wrong_precondition(name: str, kind: Kind, field: str, wanted: str, found: str) -> Refusal:
    """A deletion is for another object or version."""
    said = f"the {field} in the precondition ({wanted}) does not match the {field} in record ({found})"
    return conflict(name, kind, said)


def invalid_uid(name: str, kind: Kind, uid: str) -> Refusal:
    """An apply is for an object of another uid."""
    cause = {"reason": "FieldValueInvalid", "message": "field is immutable", "field": "metadata.uid"}
    message = f'{kind.kind} "{name}" is invalid: metadata.uid: Invalid value: "{uid}": field is immutable'
    return Refusal(422, "Invalid", message, name=name, causes=[cause])


def failed_patch(why: str) -> Refusal:
    """A test of a JSON patch, or one of its paths, does not hold."""
    return Refusal(422, "Invalid", f"the server rejected our request due to an error in our request: {why}")


def gone(version: int, compacted: int) -> Refusal:
    """History is compacted."""
    return Refusal(410, "Expired", f"too old resource version: {version} ({compacted})")
