"""What is waited for, how it can stand, and how a command ends then; light, as every command reads it at its start."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ailtire_operator.cli.failures import Exit

_PLAIN_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]+)?")


class Goal(StrEnum):
    """What is waited for."""

    READY = "ready"
    DELETED = "deleted"


class Outcome(StrEnum):
    """How it stands."""

    WAITING = "waiting"
    REACHED = "reached"
    FAILED = "failed"
    """It cannot come, unless somebody changes something."""
    ROLLED_BACK = "rolled back"
    """The same, and the definition of before runs again."""
    SUSPENDED = "suspended"
    """The definition is not acted upon, in the stack or in one below it."""
    STOPPED = "stopped"
    """Nothing of it runs, or of a stack below it, as its definition asks for."""


EXITS: Final[Mapping[Outcome, Exit]] = {
    Outcome.WAITING: Exit.TIMED_OUT,
    Outcome.REACHED: Exit.DONE,
    Outcome.FAILED: Exit.FAILED,
    Outcome.ROLLED_BACK: Exit.ROLLED_BACK,
    Outcome.SUSPENDED: Exit.SUSPENDED,
    Outcome.STOPPED: Exit.SUSPENDED,
}
"""How a command ends that has waited."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How it stands, in a line."""

    outcome: Outcome
    line: str


def timeout_of(text: str) -> float:
    """``5m``, ``1h30m``, ``90s``, or a number of seconds. Raises ValueError."""
    from ailtire_operator.model.values import seconds

    return float(text) if _PLAIN_NUMBER.fullmatch(text) else seconds(text)
