"""Moves the clock of a process with this folder on its PYTHONPATH by MOVED_CLOCK_SECONDS; the monotonic one stays."""

import datetime
import os
import time

_BY = float(os.environ.get("MOVED_CLOCK_SECONDS", "0"))
_real, _time = datetime.datetime, time.time


class _Moved(datetime.datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
        """The wrong time."""
        return _real.now(tz) + datetime.timedelta(seconds=_BY)


datetime.datetime = _Moved  # type: ignore[misc]
time.time = lambda: _time() + _BY
