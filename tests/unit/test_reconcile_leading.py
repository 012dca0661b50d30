"""Taking part in the election: what of it ends with the process."""

import asyncio
from typing import Any, NoReturn

import yaml

from ailtire_operator.cluster.errors import NotFound, Unavailable
from ailtire_operator.cluster.lease import Timing
from ailtire_operator.cluster.server_time import ServerClock
from ailtire_operator.handlers import STOP_SECONDS
from ailtire_operator.model.settings import Settings
from ailtire_operator.reconcile.runtime import DRAIN_SECONDS, RELEASE_SECONDS, Runtime
from lab.paths import ROOT
from support.fake_cluster import virtual_time


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


class Slow:
    """An API server that knows one lease, and takes so many seconds for each write to it."""

    namespace = "ailtire-system"

    def __init__(self, seconds: float) -> None:
        self.clock = ServerClock()
        self.holder = ""
        self._seconds = seconds

    async def request(self, method: str, path: str, body: Any = None, **_: Any) -> Any:
        if method == "GET":
            raise NotFound("there is no lease")
        if method == "PUT":
            await asyncio.sleep(self._seconds)
        self.holder = body["spec"]["holderIdentity"]
        return {**body, "metadata": {**body["metadata"], "resourceVersion": "1"}}

    async def close(self) -> None:
        return None


async def led_and_stopped(server: Slow) -> tuple[bool, float]:
    """Whether a process that led has given the lease back at its end, and after how many seconds it ended."""
    runtime = Runtime(Settings(), server)  # type: ignore[arg-type]
    election = asyncio.create_task(runtime._leadership.run())
    await runtime._leadership.acquired.wait()
    assert server.holder
    election.cancel()
    began = virtual_time.now()
    await runtime.stop()
    return not server.holder, virtual_time.now() - began


def test_a_stopping_process_gives_its_lease_back_to_a_slow_api_server_too() -> None:
    assert virtual_time.run(led_and_stopped(Slow(0.0))) == (True, 0.0)
    assert virtual_time.run(led_and_stopped(Slow(2.5))) == (True, 2.5)


def test_a_stop_does_not_wait_for_an_answer_that_never_comes() -> None:
    assert virtual_time.run(led_and_stopped(Slow(3600.0))) == (False, RELEASE_SECONDS)


def test_the_seconds_of_a_stop_are_enough_for_all_of_it() -> None:
    (deployment,) = (each for each in yaml.safe_load_all((ROOT / "manifests/base/deployment.yaml").read_text()) if each)
    assert Timing().request < RELEASE_SECONDS, "or one slow request is cut off before its own limit"
    assert DRAIN_SECONDS + RELEASE_SECONDS < STOP_SECONDS - 1
    assert deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > STOP_SECONDS
