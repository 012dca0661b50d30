"""The probes' pages and the metrics."""

from typing import Any

import pytest
from aiohttp import ClientSession

from ailtire_operator.reconcile.health_server import LAG_LIMIT, STUCK_SECONDS, HealthServer, LoopMonitor, complaints
from ailtire_operator.reconcile.metrics import Metrics
from lab.processes import free_ports


def test_everything_that_is_alive_is_well() -> None:
    assert list(complaints({"Pod": 60, "Service": 1}, 75, 0.5, 200, 3)) == []
    assert list(complaints({"Pod": 60, "Service": 1}, 75, 0.5, 0, 3600)) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (({"Pod": 76.4}, 75, 0, 0, 0), "the watch of Pod has been silent for 76 s"),
        (({}, 75, LAG_LIMIT + 1, 0, 0), "the event loop is 11 s late"),
        (({}, 75, 0, 3, STUCK_SECONDS + 1), "3 reconciles have made no progress for 91 s"),
    ],
)
def test_what_is_wrong_is_said_in_words(arguments: Any, words: str) -> None:
    assert list(complaints(*arguments)) == [words]


def test_the_pulse_knows_how_late_it_is() -> None:
    now = 100.0
    pulse = LoopMonitor(lambda: now)
    assert pulse.lag() == 0
    now = 107.0
    assert pulse.lag() == 6


async def test_the_pages_answer() -> None:
    wrong: list[str] = []
    metrics = Metrics()
    metrics.follow_queue(lambda: 4)
    metrics.follow_leader(lambda: True)
    metrics.wrote("Deployment", "create")
    metrics.wrote("Deployment", "create")
    pages = HealthServer(lambda: iter(wrong), lambda: iter(()), lambda: metrics.text({"true": 2}, {"Pod": 1.5}, 0.25))
    (port,) = free_ports(1)
    await pages.start("127.0.0.1", port)
    try:
        async with ClientSession(f"http://127.0.0.1:{port}") as session:
            async with session.get("/healthz") as answer:
                assert (answer.status, await answer.text()) == (200, "ok")
            wrong.append("the watch of Pod is dead")
            async with session.get("/healthz") as answer:
                assert (answer.status, await answer.text()) == (503, "the watch of Pod is dead")
            async with session.get("/readyz") as answer:
                assert answer.status == 200
            async with session.get("/metrics") as answer:
                text = await answer.text()
    finally:
        await pages.stop()
    for line in (
        'ailtire_writes_total{kind="Deployment",verb="create"} 2.0',
        "ailtire_queue_depth 4.0",
        "ailtire_leader 1.0",
        'ailtire_stacks{ready="true"} 2.0',
        'ailtire_watch_age_seconds{kind="Pod"} 1.5',
        "ailtire_loop_lag_seconds 0.25",
    ):
        assert line in text.splitlines()


async def test_no_port_no_pages() -> None:
    pages = HealthServer(lambda: iter(()), lambda: iter(()), lambda: b"")
    await pages.start("127.0.0.1", 0)
    await pages.stop()
