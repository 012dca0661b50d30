"""Text of others made harmless: for a terminal, a log, a status.

What a definition, a container or a server says may hold characters that a terminal obeys instead of showing (escape
sequences that clear the screen, set its title or hide what stands there), that end a line of a log before its end, or
that turn the direction of what follows. Here each of them becomes an escape that shows what it is: ``\\x1b``,
``\\u202e``.
"""

import json
import re
from typing import Final

CONTROLS: Final = "\\x00-\\x1f\\x7f-\\x9f\u2028-\u202e\u2066-\u2069"
"""Control characters (C0, DEL, C1), separators of lines and paragraphs, and what turns the direction of text, as part
of a character class in the regular expressions that Python, Go and Rust share: no name needs one."""
_HIDDEN: Final = r"\u00ad\u061c\u180e\u200b-\u200f\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff"
"""What shows nothing, or shows as something else: invisible marks, halves of a surrogate pair."""
_TAGS: Final = "\U000e0000-\U000e0fff"
"""A second alphabet, invisible."""
_UNPRINTABLE: Final = re.compile(f"[{CONTROLS}{_HIDDEN}{_TAGS}]")
_IN_LINES: Final = re.compile(rf"(?![\n\t])[{CONTROLS}{_HIDDEN}{_TAGS}]")
_CONTROL: Final = re.compile(f"[{CONTROLS}]")


def escape(character: str) -> str:
    """The escape that stands for one character: ``\\x1b``, ``\\u202e``, ``\\U000e0041``."""
    code = ord(character)
    if code < 0x100:
        return {"\n": r"\n", "\r": r"\r", "\t": r"\t"}.get(character) or f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def line(text: str) -> str:
    """The text as one line without anything that a terminal or a log would obey."""
    return _UNPRINTABLE.sub(_escaped, text)


def lines(text: str) -> str:
    """The text with its own line ends and tabs, and without anything else that a terminal would obey."""
    return _IN_LINES.sub(_escaped, text)


def in_json(text: str) -> str:
    """JSON that says the same with escapes of its own, as it is not to be read from a terminal that obeys it."""
    return _IN_LINES.sub(lambda match: json.dumps(match.group())[1:-1], text)


def in_yaml(text: str) -> str | None:
    """The style in which YAML must write a text: between double quotes where it holds what must be escaped.

    There an escape is allowed, so that ``lines`` of the whole document is the same document.
    """
    return None if lines(text) == text else '"'


def has_controls(text: str) -> bool:
    """Whether a text holds what no name needs: see CONTROLS."""
    return _CONTROL.search(text) is not None


def _escaped(match: re.Match[str]) -> str:
    return escape(match.group())


def plural(count: int, noun: str) -> str:
    """``1 stack``, ``2 child stacks``, ``1,200 entries``: the one place that knows how a counted noun ends."""
    if count == 1:
        return f"{count:,} {noun}"
    return f"{count:,} {noun[:-1]}ies" if noun.endswith("ry") else f"{count:,} {noun}s"
