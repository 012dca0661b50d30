"""What a Compose file must say so that Docker reads it as it is written.

Compose looks for variables (``$``) in every value of a file, and in no key; Swarm for templates (``{{``) in variables,
host names and mounts. So dollar signs are doubled once, in the finished document, where no field can be forgotten.
"""

from typing import Any, Final

_TEMPLATE: Final = "{{"
_QUOTED_TEMPLATE: Final = '{{"{{"}}'


class Interpolated(str):
    """A value of ours in which Compose is to put variables."""

    __slots__ = ()


def literal(value: Any) -> Any:
    """The document, or a part of it, in which Compose finds no variables but those of an Interpolated text."""
    if isinstance(value, dict):
        return {key: literal(each) for key, each in value.items()}
    if isinstance(value, list):
        return [literal(each) for each in value]
    if isinstance(value, Interpolated):
        return str(value)
    return dollars(value) if isinstance(value, str) else value


def dollars(text: str) -> str:
    """The text with dollar signs that are dollar signs."""
    return text.replace("$", "$$")


def braces(text: str) -> str:
    """The text with braces that are braces, where Swarm would look for a template."""
    return text.replace(_TEMPLATE, _QUOTED_TEMPLATE)
