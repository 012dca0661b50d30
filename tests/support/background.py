"""What runs in a thread of its own beside a block."""

import threading
from abc import ABC, abstractmethod
from typing import Self


class Background(ABC):
    """Runs for as long as its ``with`` block lasts."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    @abstractmethod
    def _run(self) -> None:
        """Return soon after ``_ended`` is set."""
