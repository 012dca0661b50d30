"""Starts operators as forks of one process that has read their modules: most of a start's processor time goes there.

What a fork does is what the program does from its first line on, in a session of its own, with its own environment and
log. A run of the tests starts some eighty operators. That the program also starts from nothing is seen wherever there
is a second one (tests/support/kube/operators.py), by tests/faults and by `make up`.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from lab.paths import ROOT
from lab.processes import Process

_PROGRAM = "ailtire_operator"


def spawn(command: Sequence[str], log: Path, env: Mapping[str, str], cwd: Path) -> Process:
    """Start ``python -m ailtire_operator …`` of this checkout; as ``lab.processes.spawn`` does it otherwise."""
    assert list(command[:3]) == [sys.executable, "-m", _PROGRAM]
    assert cwd == ROOT
    log.parent.mkdir(parents=True, exist_ok=True)
    asked = {"arguments": command[3:], "log": str(log), "environment": dict(env)}
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(f"{json.dumps(asked)}\n")
    server.stdin.flush()
    return Process.of(int(server.stdout.readline()))


@lru_cache(maxsize=1)
def _server() -> "subprocess.Popen[str]":
    """The process that forks; it ends with this one, as nobody writes to it then."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / each) for each in ("operator", "tests"))}
    command = [sys.executable, "-m", "lab.forking"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, cwd=ROOT, text=True)


def _serve() -> None:
    """Fork once for each line, and answer with the process' number."""
    from ailtire_operator.__main__ import import_kopf

    import_kopf()
    import ailtire_operator.handlers  # noqa: F401  # what kopf is told to import

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _run(**json.loads(line))
        print(pid, flush=True)


def _run(arguments: Sequence[str], log: str, environment: Mapping[str, str]) -> NoReturn:
    """What a fork does."""
    from ailtire_operator.__main__ import main

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    files = [os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)]
    for number, file in enumerate((files[0], files[1], files[1])):
        os.dup2(file, number)
    for file in files:
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [_PROGRAM, *arguments]
    code = 1
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve()
