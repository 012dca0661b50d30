"""How a command ends when it does not end well.

::

    Failure            2: it could not be done at all: a wrong option, an unreadable file, no cluster, no permission
    ├── Invalid        1: a definition breaks a rule; every problem with its file, resource and path
    └── Missing        5: there is no such stack

``main`` prints them as plain sentences on standard error; nothing else in this package ends the process.
"""

from collections.abc import Sequence
from enum import IntEnum

from ailtire_operator.printable import plural


class Exit(IntEnum):
    """The exit codes, the same for all commands; ``docs/cli.md`` lists them."""

    DONE = 0
    """Done; ready; valid; no difference."""
    NO = 1
    """The answer is no: invalid, different, not as strict as was asked."""
    TROUBLE = 2
    """The question could not be answered: usage, files, connection, permission."""
    FAILED = 3
    """wait: the stack cannot become ready as it is."""
    TIMED_OUT = 4
    """wait: the time is up."""
    MISSING = 5
    """There is no such stack."""
    ROLLED_BACK = 6
    """wait: an update has failed, and what ran before runs again."""
    SUSPENDED = 7
    """wait: nothing of the stack, or of one below it, is changed."""
    INTERRUPTED = 130
    """Ctrl-C."""


class Failure(Exception):
    """Something that the user has to know and can act on. ``hint`` says what to do, as a sentence of its own."""

    code = Exit.TROUBLE

    def __init__(self, message: str, hint: str = "", *, code: Exit | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        if code is not None:
            self.code = code


class Invalid(Failure):
    """Definitions that break a rule; ``lines`` holds one sentence for each problem."""

    code = Exit.NO

    def __init__(self, lines: Sequence[str], *, code: Exit | None = None) -> None:
        super().__init__(f"{plural(len(lines), 'problem')} in what was given", code=code)
        self.lines = tuple(lines)


class Missing(Failure):
    """No stack of that name."""

    code = Exit.MISSING


class NotMade(Missing):
    """A stack is declared in its parent, and the operator has not made it, or not yet."""
