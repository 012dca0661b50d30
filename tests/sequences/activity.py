"""When the operator last wrote into a namespace: one reader of the audit log for everybody who waits for silence."""

import json
import time
from collections import Counter

from lab import ControlPlane, appended
from lab.audit import OPERATOR, Request
from support.background import Background

_PAUSE_SECONDS = 0.05
_MARK = OPERATOR.encode()


class Activity(Background):
    """Follows what the operator writes, by namespace."""

    def __init__(self, plane: ControlPlane) -> None:
        super().__init__()
        self._path = plane.audit_log
        self._place = appended.end(self._path)
        self._last: dict[str, float] = {}
        self._writes: Counter[str] = Counter()

    def silence(self, namespace: str) -> float:
        """Seconds since the operator wrote into a namespace."""
        return time.monotonic() - self._last.get(namespace, 0.0)

    def writes(self, namespace: str) -> int:
        """How many writes into a namespace have been seen."""
        return self._writes[namespace]

    def _run(self) -> None:
        while not self._ended.wait(_PAUSE_SECONDS):
            for line, place in appended.lines(self._path, self._place):
                self._place = place
                if _MARK in line:
                    self._note(Request.of(json.loads(line)))

    def _note(self, request: Request) -> None:
        if request.writes and request.user == OPERATOR:
            self._writes[request.namespace] += 1
            self._last[request.namespace] = time.monotonic()
