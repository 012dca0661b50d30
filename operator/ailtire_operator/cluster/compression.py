"""Compression of many texts that are alike, of which each is read by itself."""

import zlib
from typing import Final

_LEVEL: Final = 3
"""The highest that takes no more time than the first."""
_WINDOW: Final = 2**15
"""As far back as a text can refer to, its dictionary included."""


class Compression:
    """The first text of some length is the dictionary of all that follow: what is as in that one costs next to nothing.

    Only for what this process keeps for itself: nobody else has the dictionary, which stays as long as this object.
    """

    def __init__(self, least: int) -> None:
        """``least``: bytes from which on a text is typical enough to be the dictionary."""
        self._least = least
        self._dictionary = b""

    def compress(self, text: bytes) -> bytes:
        """The text as fewer bytes."""
        if not self._dictionary and len(text) >= self._least:
            self._dictionary = text[:_WINDOW]
        known = self._dictionary
        compressor = zlib.compressobj(_LEVEL, zdict=known) if known else zlib.compressobj(_LEVEL)
        return compressor.compress(text) + compressor.flush()

    def decompress(self, data: bytes) -> bytes:
        """The text again: what was compressed without a dictionary says so itself."""
        return zlib.decompressobj(zdict=self._dictionary).decompress(data)
