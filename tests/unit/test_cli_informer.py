"""What wakes a command that follows a tree."""

import asyncio

import pytest

from ailtire_operator.cli.informer import changed_or_ended, stop
from ailtire_operator.cluster.errors import Denied


async def for_ever() -> None:
    await asyncio.Event().wait()


async def refused() -> None:
    raise Denied("no", status=403)


async def test_a_change_wakes_once() -> None:
    changed = asyncio.Event()
    changed.set()
    tasks = [asyncio.create_task(for_ever())]
    async with asyncio.timeout(60):
        assert await changed_or_ended(changed, tasks) == []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await changed_or_ended(changed, tasks)
    assert not tasks[0].done()
    await stop(tasks)
    assert tasks[0].cancelled()


async def test_so_do_time_and_the_end_of_a_task() -> None:
    changed = asyncio.Event()
    going, over = asyncio.create_task(for_ever()), asyncio.create_task(asyncio.sleep(0))
    async with asyncio.timeout(60):
        assert await changed_or_ended(changed, [going, over]) == [over]
        assert await changed_or_ended(changed, [going], 0.01) == []
    await stop([going, over])


async def test_what_ended_a_task_is_raised() -> None:
    tasks = [asyncio.create_task(for_ever()), asyncio.create_task(refused())]
    with pytest.raises(Denied):
        await changed_or_ended(asyncio.Event(), tasks)
    await stop(tasks)
    assert tasks[0].cancelled()
