"""What all contenders have in common: a process in a folder, its memory and processor time, and how it is told news."""

import asyncio
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from bench.gateways.tree import Entry, Tree

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Memory:
    """Of all processes together, in bytes."""

    resident: int
    """Pages that processes share count once for each."""
    proportional: int
    """Shared pages count once, as for the limit of a container."""


class Proxy:
    """A proxy that serves a tree."""

    name: ClassVar[str]

    def __init__(self, program: str, tree: Tree, folder: Path) -> None:
        self.program = program
        self.tree = tree
        self.folder = folder
        self._process: asyncio.subprocess.Process | None = None

    def write(self) -> None:
        """Write the whole configuration."""
        raise NotImplementedError

    def rewrite(self, entry: Entry) -> None:
        """Write what a change of one stack's routes changes."""
        raise NotImplementedError

    def spoil(self, entry: Entry) -> None:
        """Write a configuration of one stack that is wrong."""
        raise NotImplementedError

    def tell(self) -> None:
        """Tell the process that files have changed; nothing, where it watches them."""

    def command(self) -> list[str]:
        raise NotImplementedError

    def size(self) -> int:
        """Bytes of configuration."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.suffix in (".conf", ".cfg", ".json"))

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start, and wait until the root answers."""
        self.folder.mkdir(parents=True)
        self.write()
        with (self.folder / "output.log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(*self.command(), stdout=log, stderr=log)
        await answers(self, self.tree.port(self.tree.entries[-1]))

    @property
    def errors(self) -> str:
        return (self.folder / "output.log").read_text(errors="replace")[-4000:]

    @property
    def ended(self) -> bool:
        return self._process is not None and self._process.returncode is not None

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(self._process.wait(), 60)

    def processes(self) -> list[int]:
        return _family(self.pid)

    def memory(self) -> Memory:
        lines = [line for pid in self.processes() for line in _read(f"/proc/{pid}/smaps_rollup").splitlines()]
        sums = {
            name: sum(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) * 1024
            for name in ("Rss", "Pss")
        }
        return Memory(sums["Rss"], sums["Pss"])

    def watches(self) -> int:
        """The inotify instances of all processes, of which a user has 128 on most nodes."""
        return sum(_watches(pid) for pid in self.processes())

    def cpu(self) -> float:
        """Seconds of all processes, those that have ended included."""
        return sum(_seconds(pid) for pid in self.processes())


async def answers(proxy: Proxy, port: int) -> None:
    """Wait until a port takes connections."""
    for _ in range(6000):
        if proxy.ended:
            raise RuntimeError(f"{proxy.name} ended: {proxy.errors}")
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)
            continue
        writer.close()
        return
    raise RuntimeError(f"{proxy.name} does not answer: {proxy.errors}")


def _family(pid: int) -> list[int]:
    below = _read(f"/proc/{pid}/task/{pid}/children").split()
    return [pid, *(each for child in below for each in _family(int(child)))]


def _watches(pid: int) -> int:
    opened = Path(f"/proc/{pid}/fd")
    return sum(_is_watch(each) for each in opened.iterdir()) if opened.exists() else 0


def _is_watch(descriptor: Path) -> bool:
    try:
        return str(descriptor.readlink()) == "anon_inode:inotify"
    except FileNotFoundError:  # closed meanwhile
        return False


def _seconds(pid: int) -> float:
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS if fields else 0.0


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
