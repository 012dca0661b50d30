"""Load on a tree of the tests while something of it changes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from e2e.conftest import Tree
from e2e.loading import Load, load
from e2e.tree import await_gone

SETTLING_SECONDS = 3
"""After the last pod that leaves is gone: who still calls it would be heard by then."""


@contextmanager
def under_load(tree: Tree, rate: float = 200) -> Iterator[Load]:
    """Requests to the deepest service, half of them POSTs, and messages to it, until all that changed has settled."""
    path = "/cpl/dm/web/socket.io/?EIO=4"
    with load(f"http://{tree.host}/cpl/dm/web/x", tree.lab.ingress, rate, sockets=10, socket_path=path) as running:
        time.sleep(2)
        yield running
        await_gone(tree.namespace)
        time.sleep(SETTLING_SECONDS)
    print(running)
