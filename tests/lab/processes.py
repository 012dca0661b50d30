"""Starts processes that outlive us, and stops exactly those again, in this session or a later one."""

import errno
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from lab.errors import LabError

_CHANCE = random.SystemRandom()
"""The same for no two processes, whatever has seeded the module's own."""
_PORTS = (12_000, 30_000)
"""Below those of clients (Linux: 32768 and more) and of a cluster's nodes (30000 and more)."""
PORT_ATTEMPTS = 4
"""How often a program may find its port taken by somebody who was quicker."""


@dataclass(frozen=True)
class Process:
    """A process that the lab started; pid and start time together name it for good, a pid alone is used again."""

    pid: int
    began: int

    @classmethod
    def of(cls, pid: int) -> Self:
        """Identify a running process."""
        return cls(pid, _began(pid))

    def to_json(self) -> dict[str, int]:
        """Return the form in which a state file keeps it."""
        return asdict(self)

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        with suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)  # a child of ours that ended is gone only once it was waited for
        return self.began != 0 and _began(self.pid) == self.began

    def stop(self, grace: float = 0.0) -> None:
        """End it and its children: politely where there is grace, for certain after that."""
        if grace and self._signalled(signal.SIGTERM):
            self._wait(grace)
        if self._signalled(signal.SIGKILL):
            self._wait(10)

    def _signalled(self, number: signal.Signals) -> bool:
        if not self.alive:
            return False
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)  # `spawn` made it the leader of its group
        return True

    def _wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.alive and time.monotonic() < deadline:
            time.sleep(0.02)


def popen(
    command: Sequence[str], log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.Popen[bytes]:
    """Start a command as the leader of its own session, its output appended to a log file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )


def spawn(command: Sequence[str], log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Process:
    """Start a command as ``popen`` does, to be known by its process id in later sessions too."""
    child = popen(command, log, env, cwd)
    process = Process.of(child.pid)
    child.returncode = 0  # it is ours to watch by pid: Popen shall not warn that it still runs
    return process


def memory(pid: int) -> float:
    """MiB that a process holds in memory. Raises OSError where it does not run."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def peak_memory(pid: int) -> float:
    """MiB that a process has held at the most so far. Raises OSError where it does not run."""
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024


def processor_seconds(pid: int) -> float:
    """Processor time that a process has used so far, in user and in system mode. Raises OSError where it is gone."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback address that nobody uses just now, for programs that bind them later.

    The system gives none of them to a client meanwhile, as it does with those that it would choose itself.
    """
    sockets: list[socket.socket] = []
    try:
        while len(sockets) < count:
            sockets.append(socket.socket())
            while not _bound(sockets[-1], _CHANCE.randrange(*_PORTS)):
                pass
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _bound(one: socket.socket, port: int) -> bool:
    try:
        one.bind(("127.0.0.1", port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    return True


def log_tail(log: Path, lines: int = 15) -> str:
    """Return the end of a log file."""
    with suppress(OSError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    return ""


def port_taken(log: Path) -> bool:
    """Say whether a program ended because somebody else took its port between our looking for one and its binding."""
    return "address already in use" in log_tail(log, 200)


def died(name: str, log: Path) -> LabError:
    """Return the error for a process that ended by itself."""
    return LabError(f"{name} ended by itself; its log {log} ends with:\n{log_tail(log)}")


def until_up(process: Process, name: str, log: Path, up: Callable[[], object], seconds: float) -> None:
    """Wait until a program that was started is up. Raises LabError where it ends before, or takes longer."""
    deadline = time.monotonic() + seconds
    while not up():
        if not process.alive:
            raise died(name, log)
        if time.monotonic() > deadline:
            raise LabError(f"{name} does not answer after {seconds:.0f} s; its log {log} ends with:\n{log_tail(log)}")
        time.sleep(0.1)


def _began(pid: int) -> int:
    """Return when a process began, in the kernel's ticks; 0 where there is none or only its remains."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] == "Z" else int(fields[19])
