"""Who may ask: who has the code that the terminal printed, and from then on the cookie that it was exchanged for."""

import secrets
import time
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

CODE_SECONDS: Final = 600.0
"""How long the code can be exchanged."""
_TRIES: Final = 5
"""Wrong codes in a second; further ones are not looked at."""
_BYTES: Final = 32


class Exchange(Enum):
    """What became of a code."""

    ACCEPTED = auto()
    REFUSED = auto()
    """It is wrong, has been used, or is too old."""
    TOO_OFTEN = auto()


class Session:
    """One code and one cookie, both of this process alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.code = secrets.token_urlsafe(_BYTES)
        self.cookie = secrets.token_urlsafe(_BYTES)
        self._clock = clock
        self._until = clock() + CODE_SECONDS
        self._used = False
        self._wrong: deque[float] = deque(maxlen=_TRIES)
        """When the last wrong codes came."""

    def exchange(self, code: str) -> Exchange:
        """Use up the code. One that is right after too many wrong ones has to come again."""
        now = self._clock()
        if len(self._wrong) == _TRIES and now - self._wrong[0] < 1.0:
            return Exchange.TOO_OFTEN
        right = _same(code, self.code)
        if right and not self._used and now < self._until:
            self._used = True
            return Exchange.ACCEPTED
        self._wrong.append(now)
        return Exchange.REFUSED

    def knows(self, cookie: str | None) -> bool:
        """Whether the cookie is the one of this session, which somebody has been given."""
        return self._used and cookie is not None and _same(cookie, self.cookie)


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode(errors="surrogatepass"), other.encode())
