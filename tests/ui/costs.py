"""What a server of the page and the browser that shows it take: processor time, and memory."""

import os
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from playwright.sync_api import Browser

from lab.processes import memory, peak_memory, processor_seconds
from ui.browsing import Visit

_BUSY: Final = (0, 1, 2, 5, 6)
"""Of the fields of /proc/stat those of processes and of the kernel: not of idling, of disks, or of other machines."""


@dataclass(frozen=True, slots=True)
class Spent:
    """A while, and whose processor time it took; all in seconds."""

    clock: float
    server: float
    chromium: float
    others: float
    """Of all other processes of the machine: the control plane's, what drives the browser, and work beside this."""

    def __str__(self) -> str:
        return f"processor time: {self._in(1)}"

    @property
    def by_second(self) -> str:
        """The same for each second of the while."""
        return f"processor time a second: {self._in(self.clock)}"

    def _in(self, parts: float) -> str:
        """Whose it was, of one of so many parts of the while."""
        whose = {"server": self.server, "Chromium": self.chromium, "all else": self.others}
        return ", ".join(f"{name} {seconds / parts:.2f} s" for name, seconds in whose.items())


class Meter:
    """The processor time of a server and of a browser, from now on."""

    def __init__(self, server: int, browser: Browser) -> None:
        self._server = server
        self._debugger = browser.new_browser_cdp_session()
        self._before = self._now()
        self._begun = time.monotonic()

    def spent(self) -> Spent:
        """What they have taken since it was made."""
        clock = time.monotonic() - self._begun
        server, chromium, machine = self._now()
        server, machine = server - self._before[0], machine - self._before[2]
        used = sum(seconds - self._before[1].get(pid, 0.0) for pid, seconds in chromium.items())
        return Spent(clock, server, used, max(0.0, machine - server - used))

    def _now(self) -> tuple[float, dict[int, float], float]:
        """The server's, that of each of the browser's processes, and the whole machine's, so far."""
        told = self._debugger.send("SystemInfo.getProcessInfo")["processInfo"]
        chromium = {}
        for each in told:
            with suppress(OSError):  # one that has just ended, with its page
                chromium[int(each["id"])] = processor_seconds(int(each["id"]))
        return processor_seconds(self._server), chromium, _machine_seconds()


def _machine_seconds() -> float:
    fields = Path("/proc/stat").read_text().partition("\n")[0].split()[1:]
    return sum(int(fields[each]) for each in _BUSY) / os.sysconf("SC_CLK_TCK")


def told(measured: Sequence[Spent]) -> str:
    """The best of several runs, with what it took, and how the others differ from it."""
    best = min(measured, key=lambda each: each.clock)
    clocks = [each.clock for each in measured]
    return f"{best.clock:.2f} s ({best}); median of {len(clocks)} {median(clocks):.2f} s, longest {max(clocks):.2f} s"


def memory_of(server: int, visit: Visit) -> str:
    """What a server, the browser's processes and a page of it occupy."""
    debugger = visit.context.new_cdp_session(visit.page)
    debugger.send("HeapProfiler.collectGarbage")
    debugger.send("Performance.enable")
    metrics = {each["name"]: each["value"] for each in debugger.send("Performance.getMetrics")["metrics"]}
    heap, nodes = metrics["JSHeapUsedSize"] / 2**20, metrics["Nodes"]
    browser = visit.context.browser
    assert browser is not None
    return (
        f"server {memory(server):.0f} MiB ({peak_memory(server):.0f} at the most); Chromium {_memory(browser)};"
        f" page {heap:.1f} MiB of JavaScript's heap, {nodes:.0f} nodes"
    )


def _memory(browser: Browser) -> str:
    """What its processes occupy, shared pages counted in parts, and of it the process that shows the page."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    found = [(each["type"], _proportional(int(each["id"]))) for each in processes]
    shows = max(size for kind, size in found if kind == "renderer")
    return f"{sum(size for _, size in found):.0f} MiB in {len(found)} processes, {shows:.0f} of it the page's"


def _proportional(pid: int) -> float:
    """The proportional set size of a process in MiB."""
    return int(re.findall(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)[0]) / 1024
