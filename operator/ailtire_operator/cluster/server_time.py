"""What time it is for the API server, so that times which it wrote are never compared with a clock of ours."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime


class ServerClock:
    """The ``Date`` of the last answer, carried on by our own monotonic clock; its resolution is whole seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._date = ""
        self._offset: float | None = None

    def update(self, date: str | None) -> None:
        """Take in the ``Date`` header of an answer; one that is missing or unreadable changes nothing."""
        if not date or date == self._date:
            return
        try:
            received = parsedate_to_datetime(date).timestamp()
        except ValueError:
            return
        self._date, self._offset = date, received - self._clock()

    def now(self) -> float | None:
        """Seconds since 1970 by the API server's clock; None before the first answer."""
        return None if self._offset is None else self._clock() + self._offset
