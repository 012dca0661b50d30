"""The operator's log as JSON: a record of a reconcile has its stack, number and cause."""

import asyncio
import json
import logging
from io import StringIO
from typing import Any

import pytest
from kopf._core.actions.loggers import LogFormat, make_formatter

from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.reconcile import log_context, process
from ailtire_operator.reconcile.name_conflicts import ForeignObjects
from ailtire_operator.reconcile.queue import Outcome, Priority, Queue, Request
from support.fake_cluster.records import put, stack

logger = logging.getLogger("test")
Key = tuple[str, str]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What a process that was started with --log-format=json writes."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(make_formatter(log_format=LogFormat.JSON))
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    monkeypatch.setattr(logging.getLogger(), "level", logging.INFO)
    # What process.install_log_records sets, for this test alone.
    monkeypatch.setattr(logging, "_logRecordFactory", process.Record)
    return stream


def records(lines: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_a_record_has_the_stack_the_number_and_the_cause(lines: StringIO) -> None:
    async def reconcile(request: Request[Key]) -> Outcome:
        logger.info("begun")
        async with asyncio.TaskGroup() as group:
            group.create_task(written())
        if request.key[1] == "broken":
            raise ValueError("no such thing")
        return Outcome.DONE

    async def written() -> None:
        await asyncio.sleep(0)
        logger.warning("written")

    async def run() -> None:
        queue: Queue[Key] = Queue(1, lambda key: key[0])
        queue.add(("prod", "shop"), Priority.USER)
        queue.add(("prod", "broken"), Priority.BACKGROUND)
        work = asyncio.create_task(queue.work(reconcile))
        while queue.depth or queue.running:
            await asyncio.sleep(0)
        queue.stop()
        await work

    asyncio.run(run())
    logger.info("afterwards")
    found = records(lines)
    told = [(each["message"], each.get("stack"), each.get("cause")) for each in found]
    assert told == [
        ("begun", "prod/shop", "edited"),
        ("written", "prod/shop", "edited"),
        ("begun", "prod/broken", "start, retry or resync"),
        ("written", "prod/broken", "start, retry or resync"),
        ("reconciling ('prod', 'broken')", "prod/broken", "start, retry or resync"),
        ("afterwards", None, None),
    ]
    numbers = [each.get("reconcile") for each in found]
    assert numbers[0] == numbers[1] != numbers[2] == numbers[3] == numbers[4]
    assert all(each["severity"] and each["timestamp"] for each in found)


async def test_what_outlives_a_reconcile_does_not_belong_to_it() -> None:
    """The watch of an object that is in a stack's way, which may last for days."""
    found: list[dict[str, str | int]] = []

    async def until_changed(record: Record) -> None:
        found.append(log_context.fields())

    store = Store()
    shop, foreign = stack(store, "shop"), put(Store(), "Service", "shop-web")
    objects = ForeignObjects(store, until_changed, lambda record: None)
    with log_context.reconcile(("prod", "shop"), "edited"):
        objects.update(shop, {foreign.ref: foreign})
    async with asyncio.timeout(60):
        while not found:
            await asyncio.sleep(0)
    assert found == [{}]


def test_every_priority_is_a_cause_in_words() -> None:
    assert len({each.cause for each in Priority}) == len(Priority)
