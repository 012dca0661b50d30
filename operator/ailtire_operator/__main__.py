"""The operator's process: kopf's own command line, ``ailtire-operator run … -m ailtire_operator.handlers``.

kopf imports the Kubernetes client wherever it is installed, to know that client's objects when a handler passes them.
No handler here does, and the client is 10 MiB for as long as the process runs: kopf is imported as if it were absent.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

_CLIENT: Final = "kubernetes"


@contextmanager
def _without_client() -> Iterator[None]:
    """Whoever imports the client meanwhile does not find it; after that it can be imported as ever."""
    if _CLIENT in sys.modules:
        yield
        return
    sys.modules[_CLIENT] = None  # type: ignore[assignment]  # Python's own mark of what cannot be imported
    try:
        yield
    finally:
        del sys.modules[_CLIENT]


def import_kopf() -> Any:
    """kopf's command line, and the one registry of handlers: making that looks for the client once more."""
    with _without_client():
        import kopf
        from kopf import cli

        kopf.get_default_registry()
    return cli


def main() -> None:
    """Run kopf with the arguments of this process."""
    import_kopf().main()


if __name__ == "__main__":
    main()
