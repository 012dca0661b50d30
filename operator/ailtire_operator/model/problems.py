"""Errors in a definition, each with the path to its value."""

from dataclasses import dataclass

from pydantic import ValidationError


@dataclass(frozen=True, slots=True)
class Problem:
    """One error in a definition."""

    path: str
    """``spec.services.cpl.stack.services.dm.image``."""
    message: str

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
            parts.append(f'["{step}"]')
    return "".join(parts)


def invalid(base: str, error: ValidationError) -> InvalidStack:
    """Pydantic's findings as problems below ``base``."""
    return InvalidStack([Problem(path_of(base, *each["loc"]), _sentence(each["msg"])) for each in error.errors()])


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
