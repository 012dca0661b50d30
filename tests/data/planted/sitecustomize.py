"""Makes a process misbehave that has this folder on its PYTHONPATH, as PLANTED says: the fault suite must see it."""

import os
import sys
import threading
import time
from pathlib import Path

_AFTER_SECONDS = 4.0
_MEBIBYTES = 400
_held: list[bytes] = []


def _end() -> None:
    os._exit(3)


def _show_credentials() -> None:
    sys.stderr.write(Path(os.environ["KUBECONFIG"]).read_text())
    sys.stderr.flush()


def _hold_memory() -> None:
    _held.append(b"x" * (_MEBIBYTES * 2**20))


def _raise() -> None:
    raise RuntimeError("nobody has foreseen this")


_ACTS = {"end": _end, "show credentials": _show_credentials, "hold memory": _hold_memory, "raise": _raise}


def _act() -> None:
    time.sleep(_AFTER_SECONDS)
    sys.stderr.write(f"planted: {os.environ['PLANTED']}\n")
    sys.stderr.flush()
    _ACTS[os.environ["PLANTED"]]()


if os.environ.get("PLANTED"):
    threading.Thread(target=_act, daemon=True).start()
