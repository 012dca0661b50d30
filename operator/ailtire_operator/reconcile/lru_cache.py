"""What is remembered for a while: what was asked for last, as much of it as there is room for."""

from collections import OrderedDict
from collections.abc import Callable
from threading import RLock
from typing import Final, Generic, TypeVar

Value = TypeVar("Value")

PER_VALUE: Final = 200
PER_MEMBER: Final = 4_000
PER_OBJECT: Final = 5_000
"""Bytes in memory, as measured: of a value of a parsed definition beside its characters, of a member's further fields,
and of an object of a plan."""


class LruCache(Generic[Value]):
    """Values by key. What has not been asked for the longest goes first; the last one stays, whatever its size.

    Plans are made beside the event loop too, hence the lock.
    """

    def __init__(self, count: int, size: int, dropped: Callable[[str, Value], None] = lambda key, value: None) -> None:
        self.size = 0
        """Bytes of all that is kept, as those who put it there have estimated."""
        self._count = count
        self._most = size
        self._dropped = dropped
        """Called with what there is no room for, or what nobody has asked for in a while."""
        self._values: OrderedDict[str, tuple[Value, int]] = OrderedDict()
        self._asked = set[str]()
        self._lock = RLock()

    def get(self, key: str) -> Value | None:
        """The value of a key, which is then the last to go."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            self._asked.add(key)
            return self._values[key][0]

    def put(self, key: str, value: Value, size: int) -> None:
        """Remember a value of so many bytes, and forget what there is no more room for."""
        with self._lock:
            self._remove(key)
            self._values[key] = value, size
            self._asked.add(key)
            self.size += size
            while len(self._values) > 1 and (len(self._values) > self._count or self.size > self._most):
                self._drop(next(iter(self._values)))

    def pop(self, key: str) -> None:
        """Forget a key."""
        with self._lock:
            self._remove(key)

    def forget_resting(self) -> None:
        """Forget what nobody has asked for since this was called before."""
        with self._lock:
            for key in [key for key in self._values if key not in self._asked]:
                self._drop(key)
            self._asked.clear()

    def __len__(self) -> int:
        return len(self._values)

    def _drop(self, key: str) -> None:
        value, _ = self._values[key]
        self._remove(key)
        self._dropped(key, value)

    def _remove(self, key: str) -> None:
        self._asked.discard(key)
        if key in self._values:
            self.size -= self._values.pop(key)[1]
