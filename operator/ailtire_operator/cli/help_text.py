"""Help texts: one form for all commands, with examples that are run by a test."""

from collections.abc import Sequence

Example = tuple[str, str]
"""What it does, and the command line."""


def help_text(summary: str, *paragraphs: str, examples: Sequence[Example] = ()) -> str:
    r"""The command's help. ``\b`` keeps the lines of the paragraph behind it as they are."""
    parts = [summary, *paragraphs]
    if examples:
        lines = [line for comment, command in examples for line in (f"  # {comment}", *_indented(command), "")]
        parts.append("\b\nExamples:\n" + "\n".join(lines[:-1]).replace("\n\n", "\n\n\b\n"))
    return "\n\n".join(parts)


def _indented(command: str) -> list[str]:
    return [f"  {line}" for line in command.splitlines()]
