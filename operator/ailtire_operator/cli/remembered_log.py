"""The end of the log of what is in the way, read while its pods are there: an update that goes back ends them."""

import time
from collections.abc import Callable
from typing import Final

from ailtire_operator.cli.blocker_logs import LogExcerpt
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.log_excerpts import of_blocker
from ailtire_operator.cli.wait_outcomes import Outcome, Verdict

_PAUSE: Final = 5.0
"""Seconds between two of these looks, each of which is a few requests."""


class RememberedLog:
    """The log of what prevents readiness, as last read, also after its pod has gone."""

    def __init__(self, cluster: Live, path: str, lines: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.excerpt: LogExcerpt | None = None
        self._cluster = cluster
        self._path = path
        self._lines = lines
        self._clock = clock
        self._read_for = ""
        """The sentence of the blocker whose log was read."""
        self._due = float("-inf")

    async def look(self, verdict: Verdict) -> None:
        """Read the log of the blocker, unless it was read for that already, or a moment ago."""
        known = self.excerpt is not None and verdict.line == self._read_for
        if not self._lines or verdict.outcome is not Outcome.WAITING or known or self._clock() < self._due:
            return
        found = await of_blocker(self._cluster, self._path, self._lines, _ignored)
        self._due = self._clock() + _PAUSE
        if found is not None and found.lines:
            self.excerpt, self._read_for = found, verdict.line


def _ignored(_: str) -> None:
    """What may not be read is said at the end, where it is asked for once more."""
