"""What concerns the whole process: its log and its memory.

One record of the log is one line, or has a traceback that cannot be taken for records of its own. Memory that is free
goes back to the system: glibc keeps most of what a program frees for the program itself, so that a crowd of stacks that
has gone would count against the limit of the operator's container for as long as that runs.
"""

import asyncio
import ctypes
import logging
import traceback
from typing import Any, Final

from ailtire_operator import printable
from ailtire_operator.reconcile import log_context

_INDENT: Final = "    "

_TRIM_SECONDS: Final = 30.0
"""Between two times that memory is given back. One takes some milliseconds."""


class Record(logging.LogRecord):
    """A record whose message may quote anything that an author, a container or a server has said.

    Of a reconcile it has stack, number and cause as fields of its own, which kopf's JSON shows.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.__dict__.update(log_context.fields())
        if self.exc_info and self.exc_info[0] is not None:
            text = "".join(traceback.format_exception(*self.exc_info)).rstrip()
            self.exc_text = "\n".join(_INDENT + printable.line(each) for each in text.split("\n"))

    def getMessage(self) -> str:  # noqa: N802  # the standard library's name
        """The message, on one line."""
        return printable.line(super().getMessage())


def install_log_records() -> None:
    """Let every logger of this process make such records."""
    logging.setLogRecordFactory(Record)


async def release_free_memory() -> None:
    """Give free memory back now and then, until cancelled. Does nothing where the C library keeps none (musl)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    while trim is not None:
        await asyncio.sleep(_TRIM_SECONDS)
        trim(0)
