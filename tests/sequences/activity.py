"""When the operator last wrote into a namespace: one reader of the audit log for everybody who waits for silence."""

import json
import threading
import time
from collections import Counter
from typing import Self

from lab import ControlPlane, appended
from lab.audit import OPERATOR, Request

_PAUSE_SECONDS = 0.05
_MARK = OPERATOR.encode()


class Activity:
    """Follows what the operator writes, by namespace."""

    def __init__(self, plane: ControlPlane) -> None:
        self._path = plane.audit_log
        self._place = appended.end(self._path)
        self._last: dict[str, float] = {}
        self._writes: Counter[str] = Counter()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def silence(self, namespace: str) -> float:
        """Seconds since the operator wrote into a namespace."""
        return time.monotonic() - self._last.get(namespace, 0.0)

    def writes(self, namespace: str) -> int:
        """How many writes into a namespace have been seen."""
        return self._writes[namespace]

    def _follow(self) -> None:
        while not self._over.wait(_PAUSE_SECONDS):
            for line, place in appended.lines(self._path, self._place):
                self._place = place
                if _MARK in line:
                    self._note(Request.of(json.loads(line)))

    def _note(self, request: Request) -> None:
        if request.writes and request.user == OPERATOR:
            self._writes[request.namespace] += 1
            self._last[request.namespace] = time.monotonic()
