"""What concerns the whole process: its log and its memory.

One record of the log is one line, or has a traceback that cannot be taken for records of its own. Memory that is free
goes back to the system: glibc keeps most of what a program frees for the program itself, so that a crowd of stacks that
has gone would count against the limit of the operator's container for as long as that runs.
"""

import asyncio
import ctypes
import gc
import logging
import traceback
from collections.abc import Callable
from typing import Any, Final

from ailtire_operator import printable
from ailtire_operator.reconcile import log_context

logger = logging.getLogger(__name__)

_INDENT: Final = "    "

_TRIM_SECONDS: Final = 30.0
"""Between two times that memory is given back. One takes some milliseconds."""


_COLLECT_AFTER: Final = 10_000
"""Objects that were made and are still there, after which the collector looks at the new ones. By default it does after
700, which are one or two answers of the API server."""


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


def spare_garbage_collection() -> None:
    """Let Python's collector look at what is made from now on alone, and less often.

    What was imported stays for as long as the process runs. Nearly all else goes without the collector, once nobody
    refers to it: it is there for what refers to itself, such as the traceback of an error.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)


async def release_free_memory(forget: Callable[[], None]) -> None:
    """Now and then ``forget`` what can be made again, and give back what is free, until cancelled.

    Where the C library keeps nothing for the program (musl), there is nothing to give back.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    while True:
        await asyncio.sleep(_TRIM_SECONDS)
        try:
            forget()
        except Exception:  # to save memory is no reason to end all other work with it
            logger.exception("not everything that rests is forgotten")
        if trim is not None:
            trim(0)
