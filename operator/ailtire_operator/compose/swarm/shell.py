"""Quotes words of a definition for shell commands."""

import shlex


def argument(text: str) -> str:
    """The text as one argument: quoted if needed, and after ``--`` if it starts with a hyphen."""
    return f"-- {shlex.quote(text)}" if text.startswith("-") else shlex.quote(text)
