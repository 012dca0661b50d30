"""Escapes values in Compose files, so that Docker reads them literally.

Compose interpolates variables (``$``) in all values of a file, not in keys; Swarm expands templates (``{{``) in
variables, host names and mounts. Dollar signs are doubled once, in the finished document, so that no field is missed.
"""

from typing import Any, Final

_TEMPLATE: Final = "{{"
_QUOTED_TEMPLATE: Final = '{{"{{"}}'


class Interpolated(str):
    """A generated value that Compose must interpolate."""

    __slots__ = ()


def literal(value: Any) -> Any:
    """The document, or a part of it, with all dollar signs escaped except in Interpolated texts."""
    if isinstance(value, dict):
        return {key: literal(each) for key, each in value.items()}
    if isinstance(value, list):
        return [literal(each) for each in value]
    if isinstance(value, Interpolated):
        return str(value)
    return dollars(value) if isinstance(value, str) else value


def dollars(text: str) -> str:
    """The text with escaped dollar signs."""
    return text.replace("$", "$$")


def braces(text: str) -> str:
    """The text with escaped braces, for fields in which Swarm expands templates."""
    return text.replace(_TEMPLATE, _QUOTED_TEMPLATE)
