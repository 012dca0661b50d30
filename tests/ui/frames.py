"""How a page moves: its frames and its long tasks, recorded in the page itself."""

import time
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Page

_RECORD: Final = """() => {
  const record = window.record = {frames: [], tasks: [], begun: performance.now()};
  record.observer = new PerformanceObserver(
    list => list.getEntries().forEach(each => record.tasks.push(each.duration)));
  record.observer.observe({entryTypes: ['longtask']});
  let before = performance.now();
  const next = now => {
    record.frames.push(now - before);
    before = now;
    if (!record.ended) requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
}"""
_RECORDED: Final = """() => {
  const {record} = window;
  record.ended = true;
  record.observer.disconnect();
  return {frames: record.frames, tasks: record.tasks, seconds: (performance.now() - record.begun) / 1000};
}"""


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
        tasks = f"tasks above 50 ms: {self.tasks}" + (f", the longest {self.longest:.0f} ms" if self.tasks else "")
        return f"{self.per_second:.0f} frames a second, 99 of 100 within {self.slowest:.0f} ms; {tasks}"


def watch(page: Page, seconds: float, *, scrolled: bool = False) -> Frames:
    """Record for so many seconds, while the page is scrolled, or only shown."""
    page.evaluate(_RECORD)
    until = time.monotonic() + seconds
    page.mouse.move(600, 500)
    while time.monotonic() < until:
        if scrolled:
            page.mouse.wheel(0, 240)
        page.wait_for_timeout(100)
    return Frames.of(page.evaluate(_RECORDED))
