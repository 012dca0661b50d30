"""Several things at once, by threads."""

import threading
from collections.abc import Callable, Sequence


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
