"""Taking part in the election: what of it ends with the process."""

import asyncio
from typing import Any, NoReturn

from ailtire_operator.cluster.errors import Unavailable
from ailtire_operator.cluster.server_time import ServerClock
from ailtire_operator.model.settings import Settings
from ailtire_operator.reconcile.runtime import Runtime


class Unreachable:
    """An API server that answers nobody."""

    namespace = "ailtire-system"

    def __init__(self) -> None:
        self.clock = ServerClock()

    async def request(self, *arguments: Any, **options: Any) -> NoReturn:
        await asyncio.sleep(0)
        raise Unavailable("no answer")


def others() -> set[str]:
    return {task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()}


async def test_nothing_of_the_election_outlives_the_process() -> None:
    runtime = Runtime(Settings(), Unreachable())  # type: ignore[arg-type]
    election = asyncio.create_task(runtime._lead(), name="leadership")
    async with asyncio.timeout(60):
        while "catch up" not in others():
            await asyncio.sleep(0)
        election.cancel()
        await asyncio.wait([election])
        while others():
            await asyncio.sleep(0)
    assert election.cancelled()
