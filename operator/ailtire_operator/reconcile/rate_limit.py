"""How often something may be told: a few times at once, and then as often as time allows."""

from dataclasses import dataclass
from typing import Final

AT_ONCE: Final = 10
SECONDS: Final = 30.0
"""After so long there is one more."""


@dataclass(slots=True)
class RateLimit:
    """What is left at one time, and what was left out since something was told last."""

    left: float = AT_ONCE
    since: float | None = None
    """When ``left`` was right, in seconds."""
    omitted: int = 0

    def take(self, now: float) -> int | None:
        """How many were left out before this one; None where this one is left out too."""
        if self.since is not None:
            self.left = min(AT_ONCE, self.left + (now - self.since) / SECONDS)
        self.since = now
        if self.left < 1:
            self.omitted += 1
            return None
        self.left -= 1
        omitted, self.omitted = self.omitted, 0
        return omitted
