"""``python -m ui.measuring``: how soon the page shows something, how it moves while stacks change, and its memory.

Twice: with the shop of examples/ beside its operator, and with many stacks whose statuses this program writes itself,
on a control plane of their own without an operator. Each server is measured from its start, several times, and the
browser has nothing of the page at the first visit. Beside seconds stands the processor time that they took, as other
work on the machine prolongs the one and hardly the other.
"""

import os
import platform
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import typer
from playwright.sync_api import Browser, sync_playwright

from cluster.cluster_layer import install_definitions
from lab import ControlPlane, Operator, sessions
from lab.processes import processor_seconds
from ui.browsing import Visit, launch, visiting
from ui.costs import Meter, Spent, memory_of, told
from ui.frames import watch
from ui.many import SERVICES, Many
from ui.parts import rows
from ui.serving import Serving, served
from ui.shop import Shop

_SECONDS: Final = 20.0
_EACH_SECOND: Final = 20
_ROUNDS: Final = 5
_VISITS: Final = 3
"""After the first one, of each round."""
_WRITERS: Final = 4


def main(
    stacks: Annotated[int, typer.Option(help="How many stacks there are beside the shop.", min=100)] = 1000,
    seconds: Annotated[float, typer.Option(help="How long the page is watched while stacks change.")] = _SECONDS,
    rounds: Annotated[int, typer.Option(help="How many servers are started and visited.", min=1)] = _ROUNDS,
) -> None:
    """Print all figures."""
    sessions.stop_when_terminated()  # the browser is opened before any control plane
    with sync_playwright() as playwright:
        browser = launch(playwright)
        print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores of {_processor()}, Chromium {browser.version},"
              f" Python {platform.python_version()}")  # fmt: skip
        with sessions.of_program("shop", tell=print) as plane:
            _measure_shop(plane, browser, rounds)
        with sessions.of_program("many", tell=print) as plane:
            _measure_many(plane, browser, rounds, stacks, seconds)
        browser.close()


def _processor() -> str:
    names = re.findall(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return names[0] if names else platform.machine()


def _measure_shop(plane: ControlPlane, browser: Browser, rounds: int) -> None:
    operator = Operator(plane)
    operator.install()
    operator.start()
    try:
        shop = Shop(plane)
        shop.apply()
        shop.until_ready()
        print(f"the shop, {_load()}")
        with _opened(plane, browser, rounds) as (serving, visit):
            print(f"  memory: {memory_of(serving.process.pid, visit)}")
    finally:
        operator.stop()


def _measure_many(plane: ControlPlane, browser: Browser, rounds: int, stacks: int, seconds: float) -> None:
    install_definitions(plane)
    many = Many(plane)
    many.create(stacks)
    many.until_running()
    print(f"{len(many.stacks)} stacks, {len(many.stacks) * SERVICES} services with a pod each, {_load()}")
    with _opened(plane, browser, rounds) as (serving, visit):
        print(f"  memory: {memory_of(serving.process.pid, visit)}")

        def tell_frames(what: str, seconds: float, *, scrolled: bool = False) -> None:
            meter = Meter(serving.process.pid, browser)
            frames = watch(visit.page, seconds, scrolled=scrolled)
            print(f"  {what}: {frames} ({meter.spent().by_second}; {_load()})")

        tell_frames("at rest", seconds / 4)
        with _changing(many):
            tell_frames(f"{_EACH_SECOND} stacks change each second", seconds)
            tell_frames("and the page is scrolled", seconds, scrolled=True)
        print(f"  memory: {memory_of(serving.process.pid, visit)}")


def _load() -> str:
    return f"load {os.getloadavg()[0]:.1f}"


@dataclass
class _Times:
    """What was measured of each round."""

    starts: list[Spent] = field(default_factory=list)
    first: list[Spent] = field(default_factory=list)
    later: list[Spent] = field(default_factory=list)

    def print(self) -> None:
        print(f"  from the command to its address: {told(self.starts)}")
        print(f"  from the address to the first rows of the first visit: {told(self.first)}")
        print(f"  of a later visit: {told(self.later)}")


@contextmanager
def _opened(plane: ControlPlane, browser: Browser, rounds: int) -> Iterator[tuple[Serving, Visit]]:
    """The last of so many servers and a window that shows its tree, after what all of them took was printed."""
    times = _Times()
    for _ in range(rounds - 1):
        with _round(plane, browser, times):
            pass
    with _round(plane, browser, times) as opened:
        times.print()
        yield opened


@contextmanager
def _round(plane: ControlPlane, browser: Browser, times: _Times) -> Iterator[tuple[Serving, Visit]]:
    meter = Meter(os.getpid(), browser)
    with served(plane.kubeconfig) as serving:
        start, server = meter.spent(), processor_seconds(serving.process.pid)
        others = max(0.0, start.others + start.server - server)
        times.starts.append(Spent(start.clock, server, start.chromium, others))
        with visiting(browser, serving.origin) as visit:
            times.first.append(_first_view(serving, visit, serving.url))
            cookies = visit.context.storage_state()
            for _ in range(_VISITS):
                with visiting(browser, serving.origin, cookies=cookies) as another:
                    times.later.append(_first_view(serving, another, f"{serving.origin}/"))
            yield serving, visit


def _first_view(serving: Serving, visit: Visit, url: str) -> Spent:
    """What passes from the request for an address to the first rows of the tree."""
    browser = visit.context.browser
    assert browser is not None
    meter = Meter(serving.process.pid, browser)
    visit.page.goto(url, wait_until="commit")
    rows(visit.page).first.wait_for()
    return meter.spent()


@contextmanager
def _changing(many: Many) -> Iterator[None]:
    """Change so many stacks each second, each to trouble and back, for as long as the block lasts."""
    ended = threading.Event()

    def change(lanes: ThreadPoolExecutor) -> float:
        written: list[Future[None]] = []
        begun = time.monotonic()
        while not ended.wait(max(0.0, begun + len(written) / _EACH_SECOND - time.monotonic())):
            number = len(written)
            broken = number // len(many.stacks) % 2 == 0
            written.append(lanes.submit(many.change, number * 7, broken=broken))
        for each in written:
            each.result()
        return len(written) / (time.monotonic() - begun)

    with ThreadPoolExecutor(1 + _WRITERS) as lanes:
        changing = lanes.submit(change, lanes)
        try:
            yield
        finally:
            ended.set()
        print(f"  ({changing.result():.1f} changes a second were written)")


if __name__ == "__main__":
    typer.run(main)
