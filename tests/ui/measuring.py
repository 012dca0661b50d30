"""``python -m ui.measuring``: how soon the page shows something, how it moves while stacks change, and its memory.

Twice: with the shop of examples/ beside its operator, and with many stacks whose statuses this program writes itself,
on a control plane of their own without an operator. Each has a server and a browser of its own.
"""

import os
import platform
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final

import typer
from playwright.sync_api import Browser, sync_playwright

from cluster.cluster_layer import install_definitions
from lab import ControlPlane, Operator, binaries, sessions
from lab.processes import memory
from ui.browsing import Visit, launch, visiting
from ui.many import SERVICES, Many
from ui.parts import rows
from ui.serving import Serving, served
from ui.shop import Shop

_SECONDS: Final = 20.0
_EACH_SECOND: Final = 20
_VISITS: Final = 5
_RECORD: Final = """() => {
  const record = window.record = {frames: [], tasks: [], begun: performance.now()};
  new PerformanceObserver(list => list.getEntries().forEach(each => record.tasks.push(each.duration)))
    .observe({entryTypes: ['longtask']});
  let before = performance.now();
  const next = now => { record.frames.push(now - before); before = now; requestAnimationFrame(next); };
  requestAnimationFrame(next);
}"""
_RECORDED: Final = "() => ({...window.record, seconds: (performance.now() - window.record.begun) / 1000})"


@dataclass(frozen=True, slots=True)
class Frames:
    """How the page moved for a while."""

    per_second: float
    slowest: float
    """Milliseconds between two frames: of a hundred frames one took longer."""
    tasks: int
    """How often script kept the page from answering for more than 50 ms."""
    longest: float
    """Milliseconds of the longest of these."""

    @classmethod
    def of(cls, recorded: dict[str, Any]) -> "Frames":
        """What was recorded in the page."""
        frames, tasks = sorted(recorded["frames"]), recorded["tasks"]
        slowest = frames[int(len(frames) * 0.99)]
        return cls(len(frames) / recorded["seconds"], slowest, len(tasks), max(tasks, default=0.0))

    def __str__(self) -> str:
        tasks = f"{self.tasks} tasks above 50 ms, the longest {self.longest:.0f} ms"
        return f"{self.per_second:.0f} frames a second, 99 of 100 within {self.slowest:.0f} ms; {tasks}"


def main(
    stacks: Annotated[int, typer.Option(help="How many stacks there are beside the shop.", min=100)] = 1000,
    seconds: Annotated[float, typer.Option(help="How long the page is watched while stacks change.")] = _SECONDS,
) -> None:
    """Print all figures."""
    binaries.ensure(tell=print)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f},"
              f" Chromium {browser.version}, Python {platform.python_version()}")  # fmt: skip
        with _plane("shop") as plane:
            operator = Operator(plane)
            operator.install()
            operator.start()
            shop = Shop(plane)
            shop.apply()
            shop.until_ready()
            print("the shop")
            with _opened(plane, browser) as (serving, visit):
                _tell_memory(serving, visit)
            operator.stop()
        with _plane("many") as plane:
            install_definitions(plane)
            many = Many(plane)
            many.create(stacks)
            print(f"{len(many.stacks)} stacks, {len(many.stacks) * SERVICES} services with a pod each")
            with _opened(plane, browser) as (serving, visit):
                _tell_memory(serving, visit)
                print(f"  at rest: {_frames(visit, seconds / 4)}")
                with _changing(many):
                    print(f"  {_EACH_SECOND} stacks change each second: {_frames(visit, seconds)}")
                    print(f"  and the page is scrolled: {_frames(visit, seconds, scrolled=True)}")
                _tell_memory(serving, visit)
        browser.close()


@contextmanager
def _plane(name: str) -> Iterator[ControlPlane]:
    plane = ControlPlane(sessions.new_home(name))
    try:
        yield plane.start()
    finally:
        plane.stop()


@contextmanager
def _opened(plane: ControlPlane, browser: Browser) -> Iterator[tuple[Serving, Visit]]:
    """A server and a window that shows its tree, after what both took was printed."""
    begun = time.monotonic()
    with served(plane.kubeconfig) as serving:
        print(f"  from the command to its address: {time.monotonic() - begun:.1f} s")
        with visiting(browser, serving.origin) as visit:
            print(f"  from the address to the first rows of the first visit: {_first_view(visit, serving.url):.2f} s")
            cookies = visit.context.storage_state()
            later = []
            for _ in range(_VISITS):
                with visiting(browser, serving.origin, cookies=cookies) as another:
                    later.append(_first_view(another, f"{serving.origin}/"))
            print(f"  of {_VISITS} later visits: {median(later):.2f} s, {max(later):.2f} s at the most")
            yield serving, visit


def _first_view(visit: Visit, url: str) -> float:
    """Seconds from the request for an address to the first rows of the tree."""
    begun = time.monotonic()
    visit.page.goto(url, wait_until="commit")
    rows(visit.page).first.wait_for(timeout=60_000)
    return time.monotonic() - begun


def _frames(visit: Visit, seconds: float, *, scrolled: bool = False) -> Frames:
    visit.page.evaluate(_RECORD)
    until = time.monotonic() + seconds
    visit.page.mouse.move(600, 500)
    while time.monotonic() < until:
        if scrolled:
            visit.page.mouse.wheel(0, 240)
        visit.page.wait_for_timeout(100)
    return Frames.of(visit.page.evaluate(_RECORDED))


@contextmanager
def _changing(many: Many) -> Iterator[None]:
    """Change so many stacks each second, each to trouble and back, for as long as the block lasts."""
    ended = threading.Event()

    def change() -> None:
        number, begun = 0, time.monotonic()
        while not ended.is_set():
            many.change(number * 7, broken=number // len(many.stacks) % 2 == 0)
            number += 1
            ended.wait(max(0.0, begun + number / _EACH_SECOND - time.monotonic()))
        print(f"  ({number / (time.monotonic() - begun):.1f} changes a second were written)")

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _tell_memory(serving: Serving, visit: Visit) -> None:
    pid = serving.process.pid
    peak = int(Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
    debugger = visit.context.new_cdp_session(visit.page)
    debugger.send("HeapProfiler.collectGarbage")
    debugger.send("Performance.enable")
    metrics = {each["name"]: each["value"] for each in debugger.send("Performance.getMetrics")["metrics"]}
    heap, nodes = metrics["JSHeapUsedSize"] / 2**20, metrics["Nodes"]
    browser = visit.context.browser
    assert browser is not None
    print(f"  memory: server {memory(pid):.0f} MiB ({peak:.0f} at the most); Chromium {_browser_memory(browser)};"
          f" page {heap:.1f} MiB of JavaScript's heap, {nodes:.0f} nodes")  # fmt: skip


def _browser_memory(browser: Browser) -> str:
    """What its processes occupy, shared pages counted in parts, and of it the process that shows the page."""
    told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    found = [(each["type"], _proportional(int(each["id"]))) for each in told]
    shows = max(size for kind, size in found if kind == "renderer")
    return f"{sum(size for _, size in found):.0f} MiB in {len(found)} processes, {shows:.0f} of it the page's"


def _proportional(pid: int) -> float:
    """The proportional set size of a process in MiB."""
    return int(re.findall(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)[0]) / 1024


if __name__ == "__main__":
    typer.run(main)
