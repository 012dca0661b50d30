"""Memory that is free goes back to the system.

glibc keeps most of what a program frees for the program itself. A crowd of stacks that has gone would count against the
limit of the operator's container for as long as that runs.
"""

import asyncio
import ctypes
from typing import Final

_SECONDS: Final = 30.0
"""Between two times. One takes some milliseconds."""


async def release_free_memory() -> None:
    """Give free memory back now and then, until cancelled. Does nothing where the C library keeps none (musl)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    while trim is not None:
        await asyncio.sleep(_SECONDS)
        trim(0)
