"""Which reconcile a record of the log belongs to: with ``--log-format=json`` each has its stack, number and cause.

The number counts the reconciles of one process, so that all records of one are found by it.
"""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import Final

_numbers: Final = count(1)
_fields: ContextVar[dict[str, str | int] | None] = ContextVar("reconcile", default=None)


@contextmanager
def reconcile(key: Hashable, cause: str) -> Iterator[None]:
    """Everything that is logged meanwhile, in tasks that are begun meanwhile too, belongs to a reconcile of this."""
    stack = "/".join(map(str, key)) if isinstance(key, tuple) else str(key)
    token = _fields.set({"stack": stack, "reconcile": next(_numbers), "cause": cause})
    try:
        yield
    finally:
        _fields.reset(token)


def fields() -> dict[str, str | int]:
    """What a record has besides its message; empty outside of a reconcile."""
    return _fields.get() or {}
