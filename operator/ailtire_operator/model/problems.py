"""The problems of a definition, each with the path to its value, and pydantic's errors in plain words."""

from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ailtire_operator import printable
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.model.patterns import words_of

PROBLEM_LIMIT: Final = 100
"""The most problems of one definition that are reported."""
_SHOWN: Final = 8
_OF_KEY: Final = ("[key]",)
"""The last step of pydantic's for an error in a key itself."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One error in a definition. What is wrong with a running object is a ``status.observed.Problem``."""

    where: FieldPath
    """The place of the value."""
    message: str
    gated: bool = False
    """The value is valid, but the operator's settings or the stack's security profile do not allow it."""
    part_of: FieldPath | None = None
    """The object in which the value is required; None if it is optional."""
    of_key: bool = False
    """The key itself is invalid or missing."""

    def __post_init__(self) -> None:
        """Escape the message, as it may quote any text of the author."""
        object.__setattr__(self, "message", printable.line(self.message))

    @property
    def path(self) -> str:
        """The place as text: ``spec.services.cpl.stack.services.dm.image``."""
        return str(self.where)

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass(frozen=True, slots=True)
class FieldErrors:
    """What is wrong with one definition. Its text is for people alone, and names the first eight."""

    errors: tuple[FieldError, ...]

    def __str__(self) -> str:
        return "; ".join(map(str, self.errors[:_SHOWN])) + (" ..." if len(self.errors) > _SHOWN else "")


class InvalidStack(ValueError):
    """The definition breaks a rule; ``problems`` holds each with its path."""

    def __init__(self, problems: list[FieldError]) -> None:
        self.problems = problems
        super().__init__(str(self.found))

    @property
    def found(self) -> FieldErrors:
        """The same as data that can be kept: without the traceback of an exception."""
        return FieldErrors(tuple(self.problems))


_SENTENCES: Final = {
    "extra_forbidden": "unknown field",
    "missing": "is required",
    "string_type": "must be a string (quote it)",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "list_type": "must be a list",
    "dict_type": "must be a map",
    "model_type": "must be a map",
    "model_attributes_type": "must be a map",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
}
"""Messages for pydantic's error types, for people who write YAML."""


_BOUNDS: Final = {
    "string_too_short": ("least", "min_length", "character"),
    "string_too_long": ("most", "max_length", "character"),
    "too_short": ("least", "min_length", "entry"),
    "too_long": ("most", "max_length", "entry"),
}
"""pydantic's errors about sizes: the word for the bound, its name, and what is counted."""


def invalid(base: FieldPath, error: ValidationError, model: type[BaseModel] | None = None) -> InvalidStack:
    """Pydantic's errors as problems below ``base``: the first ones, and the number of others.

    ``model`` is the validated model, for suggestions for unknown fields.
    """
    found = error.errors(include_url=False, include_input=False)
    problems = [_problem(base, each, model) for each in found[:PROBLEM_LIMIT]]
    if len(found) > PROBLEM_LIMIT:
        count = printable.plural(len(found) - PROBLEM_LIMIT, "more problem")
        problems.append(FieldError(base, f"not listed: {count}"))
    return InvalidStack(problems)


def _problem(base: FieldPath, finding: ErrorDetails, model: type[BaseModel] | None) -> FieldError:
    location, unknown = finding["loc"], finding["type"] == "extra_forbidden"
    meant = _meant(model, location) if unknown and model is not None else ""
    of_key = location[-1:] == _OF_KEY
    where = path_of(base, *(location[:-1] if of_key else location))
    return FieldError(where, sentence(finding) + meant, of_key=unknown or of_key)


def _meant(model: type[BaseModel], location: tuple[int | str, ...]) -> str:
    from ailtire_operator.model.suggestions import did_you_mean

    near = did_you_mean(model, location)
    return f"; did you mean {near}?" if near else ""


def sentence(finding: ErrorDetails) -> str:
    """The message for one error of pydantic."""
    kind, context = finding["type"], finding.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return f"invalid value; expected {words_of(context['pattern']) or 'another form'}"
    if kind in _BOUNDS:
        return _size(*_BOUNDS[kind], context)
    if kind in _SENTENCES:
        return _SENTENCES[kind].format(**context)
    return finding["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")


def _size(bound: str, name: str, noun: str, context: dict[str, Any]) -> str:
    limit = context[name]
    if limit == 1 and bound == "least":
        return "must not be empty"
    return f"must have at {bound} {printable.plural(limit, noun)}"
