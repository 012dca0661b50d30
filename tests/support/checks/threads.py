"""Several things at once, by threads."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def together(parts: Sequence[Callable[[], None]]) -> None:
    """Run all of them in threads; the first error of any is raised once all have ended."""
    errors: list[BaseException] = []

    def guarded(part: Callable[[], None]) -> None:
        try:
            part()
        except BaseException as error:  # it is raised below, by the thread that waits
            errors.append(error)

    # Who is interrupted ends at once: nobody waits for daemons.
    threads = [threading.Thread(target=guarded, args=(part,), daemon=True) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in errors:
        raise error


def share_out(items: Iterable[Item], work: Callable[[Item], object], workers: int) -> None:
    """Do the work for each item, in their order, by so many threads; one that fails takes no more of them."""
    waiting = deque(items)

    def take() -> None:
        while True:
            try:
                item = waiting.popleft()
            except IndexError:
                return
            work(item)

    together([take] * workers)
