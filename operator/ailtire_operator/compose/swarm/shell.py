"""Words of a shell command that somebody else has chosen."""

import shlex


def argument(text: str) -> str:
    """The text as one argument that is no option: quoted where a shell would read more in it, after ``--`` where its
    hyphen would make it an option."""
    return f"-- {shlex.quote(text)}" if text.startswith("-") else shlex.quote(text)
