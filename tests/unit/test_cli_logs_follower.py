"""Follows a container that starts again, with a kubelet that knows of it before the pod's status says so."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from ailtire_operator.cli import log_reader
from ailtire_operator.cli.informer import stop
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.log_lines import Line
from ailtire_operator.cli.log_reader import Follower, Request, Wanted
from ailtire_operator.cli.log_sources import Source, selection
from support.ui.api_server import ApiServer, serving

_SECONDS = 20.0
_STACK: dict[str, Any] = {
    "metadata": {"name": "shop", "uid": "shop", "resourceVersion": "1"},
    "spec": {"services": {"web": {"image": "x"}}},
}


@dataclass
class Instance:
    """One run of the container."""

    lines: list[bytes] = field(default_factory=list)
    over: bool = False
    cuts: int = 0
    """How often requests for its log have ended while it goes on."""
    breaks_at: int | None = None
    """The next line that is sent ends the request after so many bytes of it."""

    def write(self, second: int, text: str) -> None:
        """Append a line of this second of a minute."""
        self.lines.append(f"2026-01-02T03:04:{second:02}.5Z {text}\n".encode())


class Kubelet:
    """Answers for the instance that it knows as the current one, as kubelets do."""

    def __init__(self) -> None:
        self.current = Instance()
        self.before = Instance(over=True)

    async def log(self, request: web.Request) -> AsyncIterator[bytes]:
        """The lines since the time that is asked for, until the instance ends."""
        instance, told = self.before if "previous" in request.query else self.current, 0
        cuts = instance.cuts
        since = request.query.get("sinceTime", "").removesuffix("Z").encode()
        while True:
            for line in instance.lines[told:]:
                if line >= since:
                    size, instance.breaks_at = instance.breaks_at, None
                    yield line[:size]
                    if size is not None:
                        return
            told = len(instance.lines)
            if instance.over or instance.cuts > cuts:
                return
            await asyncio.sleep(0.01)


@dataclass
class Reader:
    """What came."""

    lines: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    waiting: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    """It takes lines; else whoever has one waits."""

    def __post_init__(self) -> None:
        self.ready.set()

    async def line(self, source: Source, line: Line) -> None:
        self.waiting += 1
        await self.ready.wait()
        self.lines.append(line.text.decode())

    def note(self, text: str) -> None:
        self.notes.append(text)

    def flush(self) -> None:
        """Nothing is held back."""

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for something that it has been given."""
        async with asyncio.timeout(_SECONDS):
            while not true():
                await asyncio.sleep(0.01)

    async def until_line(self, text: str) -> None:
        """Wait for a line."""
        await self.until(lambda: text in self.lines)


def pod(version: int, instance: str, restarted: bool = False) -> dict[str, Any]:
    """The container's pod as the API server has it."""
    labels = {"ailtire.io/stack": "shop", "ailtire.io/service": "web", "app.kubernetes.io/component": "service"}
    status = {"name": "web", "containerID": instance, "state": {"running": {}}}
    return {
        "metadata": {"name": "shop-web-0", "uid": "pod", "labels": labels, "resourceVersion": str(version)},
        "status": {"containerStatuses": [status | ({"lastState": {"terminated": {}}} if restarted else {})]},
    }


@asynccontextmanager
async def following() -> AsyncIterator[tuple[ApiServer, Kubelet, Reader]]:
    """A follower of the service, whose first instance has said `a1`."""
    kubelet, reader = Kubelet(), Reader()
    kubelet.current.write(1, "a1")
    async with serving() as (server, connection):
        server.log = kubelet.log
        server.put("stacks", _STACK)
        server.put("pods", pod(1, "one"))
        request = Request("shop/web", lambda tree: selection("shop/web", tree), Wanted(), reader, 60)
        task = asyncio.create_task(Follower(Live(connection, "ns"), "shop", request).run())
        try:
            await reader.until(lambda: reader.lines == ["a1"] and server.watchers("pods") == 1)
            yield server, kubelet, reader
        finally:
            await stop([task])


def restart(kubelet: Kubelet) -> Instance:
    """End the instance and start the next one."""
    kubelet.current.over = True
    kubelet.before, kubelet.current = kubelet.current, Instance()
    return kubelet.current


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_reader, "_PAUSE", 0.02)


async def test_lines_that_came_before_the_status_come_once_and_so_do_all_after_them() -> None:
    async with following() as (server, kubelet, reader):
        second = restart(kubelet)
        second.write(5, "b1")
        await reader.until_line("b1")
        server.put("pods", pod(2, "two", restarted=True))
        await reader.until(lambda: bool(reader.notes))
        for number in range(2, 6):
            second.write(5 + number, f"b{number}")
            await reader.until_line(f"b{number}")
        asked = len(server.asked)
        second.over = True
        await reader.until(lambda: len(server.asked) > asked + 1)
    assert reader.lines == ["a1", "b1", "b2", "b3", "b4", "b5"]
    assert reader.notes == ["shop/web 0: started again"]


async def test_the_next_instance_is_read_from_its_beginning_also_where_the_clock_went_back() -> None:
    async with following() as (server, kubelet, reader):
        kubelet.current.write(30, "a2")
        await reader.until_line("a2")
        second = restart(kubelet)
        server.put("pods", pod(2, "two", restarted=True))
        second.write(20, "b1")
        await reader.until_line("b1")
    assert reader.lines == ["a1", "a2", "b1"]


async def test_an_instance_whose_log_only_broke_off_long_ago_is_read_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_reader, "_STATUS_SECONDS", 0.0)
    async with following() as (server, kubelet, reader):
        first, asked = kubelet.current, len(server.asked)
        first.cuts += 1
        await reader.until(lambda: len(server.asked) > asked)
        first.write(2, "a2")
        await reader.until_line("a2")
        kubelet.current = Instance()
        kubelet.current.write(9, "b1")
        server.put("pods", pod(2, "two", restarted=True))
        await reader.until_line("b1")
        first.write(3, "its last words")
        first.over = True
        await reader.until_line("its last words")
    assert sorted(reader.lines) == ["a1", "a2", "b1", "its last words"]


async def test_the_last_words_come_also_where_the_server_was_restarted_and_the_reader_is_slow() -> None:
    async with following() as (server, kubelet, reader):
        first, asked = kubelet.current, len(server.asked)
        first.cuts += 1
        await reader.until(lambda: len(server.asked) > asked)
        reader.ready.clear()
        waiting = reader.waiting
        first.write(2, "a2")
        first.write(3, "its last words")
        await reader.until(lambda: reader.waiting > waiting)
        restart(kubelet).write(5, "b1")
        server.put("pods", pod(2, "two", restarted=True))
        await reader.until(lambda: bool(reader.notes))
        reader.ready.set()
        await reader.until_line("b1")
    assert reader.lines == ["a1", "a2", "its last words", "b1"]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (10, ["a2 whole"]),  # of its time
        (22, ["a2 whole"]),
        (23, ["a2 whole"]),
        (25, ["a2", " whole"]),
        (31, ["a2 whole"]),  # all but its end
    ],
)
async def test_a_line_in_which_a_request_ended_comes_to_its_end_and_once(size: int, expected: list[str]) -> None:
    async with following() as (_, kubelet, reader):
        kubelet.current.breaks_at = size
        kubelet.current.write(2, "a2 whole")
        kubelet.current.write(3, "a3")
        await reader.until_line("a3")
    assert reader.lines == ["a1", *expected, "a3"]
