"""A plan as few bytes, for as long as nobody reads it.

The objects of a plan are about a hundred kilobytes of dictionaries for a stack of four services, and four when they are
compressed; to read them again takes a small part of the time in which they are made anew. Most plans are alike, so that
the first ones are dictionaries by which all are compressed: what a stack has as one of those takes next to nothing.
"""

import io
import pickle
from collections.abc import Mapping
from typing import Any, Final

from ailtire_operator.cluster.compression import Compression
from ailtire_operator.cluster.kinds import Manifest, Ref
from ailtire_operator.model.stack import Stack
from ailtire_operator.plan.types import Plan

_compression: Final = Compression()
_STACK: Final = "stack"
Content = tuple[Plan, Mapping[Ref, Manifest]]


def packed(plan: Plan, manifests: Mapping[Ref, Manifest]) -> bytes:
    """The plan and its objects, but for the definition: whoever asks for the plan has that."""
    written = io.BytesIO()
    _Pickler(written, plan.stack).dump((plan, dict(manifests)))
    return _compression.compress(written.getvalue())


def unpacked(data: bytes, stack: Stack) -> Content:
    """What was packed, with the definition that it was made from. Only for what this process has packed itself."""
    content: Content = _Unpickler(io.BytesIO(_compression.decompress(data)), stack).load()
    return content


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, stack: Stack) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._stack = stack

    def persistent_id(self, obj: Any) -> str | None:
        """The definition has a name instead of its content."""
        return _STACK if obj is self._stack else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, stack: Stack) -> None:
        super().__init__(file)
        self._stack = stack

    def persistent_load(self, name: str) -> Stack:
        """The definition."""
        return self._stack
