"""Compression of many texts that are alike, of which each is read by itself."""

import zlib
from typing import Final

_LEVEL: Final = 3
"""The highest that takes no more time than the first."""
_WINDOW: Final = 2**15
"""As far back as a text can refer to, its dictionary included."""
_DICTIONARIES: Final = 8
_ALIKE: Final = 8
"""A text is like the one by which it shrinks to this part of its size."""


class Compression:
    """The first texts that are unlike each other are dictionaries: what is as in one of those costs next to nothing.

    Only for what this process keeps for itself: nobody else has the dictionaries, which stay as long as this object.
    """

    def __init__(self) -> None:
        self._dictionaries: list[bytes] = []
        self._latest = 0
        """The dictionary that the text before was like."""

    def compress(self, text: bytes) -> bytes:
        """The text as fewer bytes, the first of which is the number of its dictionary."""
        count = len(self._dictionaries)
        best = b""
        for number in sorted(range(count), key=lambda each: each != self._latest):
            data = self._by(number, text)
            if len(data) * _ALIKE <= len(text):
                self._latest = number
                return data
            best = min(best or data, data, key=len)
        if count == _DICTIONARIES:
            return best
        self._dictionaries.append(text[:_WINDOW])
        return self._by(count, text)

    def decompress(self, data: bytes) -> bytes:
        """The text again."""
        return zlib.decompressobj(zdict=self._dictionaries[data[0]]).decompress(data[1:])

    def _by(self, number: int, text: bytes) -> bytes:
        compressor = zlib.compressobj(_LEVEL, zdict=self._dictionaries[number])
        return bytes((number,)) + compressor.compress(text) + compressor.flush()
