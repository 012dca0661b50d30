"""Errors in a definition, each with the path to its value."""

from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ailtire_operator import printable
from ailtire_operator.model.patterns import words_of

PROBLEM_LIMIT: Final = 100
"""Problems of one definition that are told: nobody reads more before mending these."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One error in a definition."""

    path: str
    """``spec.services.cpl.stack.services.dm.image``."""
    message: str
    gated: bool = False
    """Nothing is wrong with it: the operator's settings or the stack's security profile do not allow it."""
    part_of: str = ""
    """The path to what makes no sense without the value at ``path``, which is required there; empty: nothing does."""

    def __post_init__(self) -> None:
        """Whoever prints it prints it: it may quote anything that an author has written."""
        for name in ("path", "message"):
            object.__setattr__(self, name, printable.line(getattr(self, name)))

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class InvalidStack(ValueError):
    """The definition breaks a rule; ``problems`` holds each with its path."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(str(problem) for problem in problems[:8]) + (" ..." if len(problems) > 8 else ""))


def path_of(base: str, *location: int | str) -> str:
    """A JSON path in dots; other keys than words stand in brackets: ``spec.services.web.interface["/web"].port``."""
    parts = [base]
    for step in location:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif step == "[key]":  # pydantic's mark for an error in a key itself
            continue
        elif step.replace("_", "a").replace("-", "a").isalnum():
            parts.append(f".{step}")
        else:
            parts.append(f'["{printable.line(step)}"]')
    return "".join(parts)


_SENTENCES: Final = {
    "extra_forbidden": "there is no such field",
    "missing": "is required",
    "string_type": "must be a text",
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
    "string_pattern_mismatch": "must match {pattern}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
}
"""What pydantic finds, by its own name for it, in words for those who write YAML and not Python."""


def invalid(base: str, error: ValidationError) -> InvalidStack:
    """Pydantic's findings as problems below ``base``: the first of them, and how many more there are."""
    found = error.errors(include_url=False, include_input=False)
    problems = [Problem(path_of(base, *each["loc"]), sentence(each)) for each in found[:PROBLEM_LIMIT]]
    if len(found) > PROBLEM_LIMIT:
        problems.append(Problem(base, f"{len(found) - PROBLEM_LIMIT} more problems are not listed"))
    return InvalidStack(problems)


def sentence(finding: ErrorDetails) -> str:
    """What pydantic has found, in plain words."""
    if finding["type"] == "string_pattern_mismatch" and (words := words_of(finding["ctx"]["pattern"])):
        return f"invalid value; expected {words}"
    known = _SENTENCES.get(finding["type"])
    if known is not None:
        return known.format(**finding.get("ctx", {}))
    return finding["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
