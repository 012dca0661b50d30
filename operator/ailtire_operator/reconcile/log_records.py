"""What this process logs: one record is one line, or has a traceback that cannot be taken for records of its own."""

import logging
import traceback
from typing import Any, Final

from ailtire_operator import printable

_INDENT: Final = "    "


class Record(logging.LogRecord):
    """A record whose message may quote anything that an author, a container or a server has said."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        if self.exc_info and self.exc_info[0] is not None:
            told = "".join(traceback.format_exception(*self.exc_info)).rstrip()
            self.exc_text = "\n".join(_INDENT + printable.line(each) for each in told.split("\n"))

    def getMessage(self) -> str:  # noqa: N802  # the standard library's name
        """The message, on one line."""
        return printable.line(super().getMessage())


def install() -> None:
    """Let every logger of this process make such records."""
    logging.setLogRecordFactory(Record)
