"""One object, followed through whatever an API server answers: its end is never missed, and never invented."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ailtire_operator.cluster.errors import ClusterError, Denied, Gone, NotFound, Unavailable
from ailtire_operator.cluster.single_object_watch import until_changed
from ailtire_operator.cluster.store import record_of
from support.fake_cluster import virtual_time
from unit.cluster_layer import samples


def live(version: int = 400, **metadata: Any) -> dict[str, Any]:
    obj = samples.service_live(version=version)
    obj["metadata"] |= metadata
    return obj


SEEN = record_of(live(7))
SAME = {"metadata": {"resourceVersion": "90"}, "items": [live(7)]}
NONE: dict[str, Any] = {"metadata": {"resourceVersion": "95"}, "items": None}
OLD = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old"}}
Step = dict[str, Any] | ClusterError


class Script:
    """Lists and watches as they are put down; the last of each goes on for ever."""

    def __init__(self, lists: list[Step], watches: list[list[Step]]) -> None:
        self.lists, self.watches = lists, watches
        self.asked: list[str] = []

    async def request(self, method: str, path: str, *, params: dict[str, Any]) -> dict[str, Any]:
        assert params == {"fieldSelector": "metadata.name=web"}
        self.asked.append("list")
        step = self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
        if isinstance(step, ClusterError):
            raise step
        return step

    async def stream(self, path: str, params: dict[str, Any], *, idle: float) -> AsyncIterator[dict[str, Any]]:
        self.asked.append(f"watch {params['resourceVersion']}")
        for step in self.watches.pop(0) if self.watches else []:
            if isinstance(step, ClusterError):
                raise step
            yield step
        await asyncio.sleep(290)


def seconds_until_changed(script: Script, limit: float = 3600) -> float | None:
    """After how many seconds it returns; None if it does not."""

    async def story() -> float | None:
        try:
            async with asyncio.timeout(limit):
                await until_changed(script, SEEN)  # type: ignore[arg-type]
        except TimeoutError:
            return None
        return virtual_time.now()

    return virtual_time.run(story())


@pytest.mark.parametrize(
    "event",
    [
        {"type": "DELETED", "object": live(91)},
        {"type": "ADDED", "object": live(91, uid="another")},
        {"type": "MODIFIED", "object": live(91, labels={})},
        {"type": "MODIFIED", "object": live(91, ownerReferences=[])},
        {"type": "MODIFIED", "object": live(91, deletionTimestamp="2026-01-01T00:00:00Z")},
    ],
    ids=["gone", "another", "labels", "owner", "going"],
)
def test_its_end_and_its_change_of_hands_are_seen(event: dict[str, Any]) -> None:
    script = Script([SAME], [[{"type": "MODIFIED", "object": live(91, annotations={"a": "b"})}, event]])
    assert seconds_until_changed(script) == 0
    assert script.asked == ["list", "watch 90"], "from the version of the list: its own may be compacted away"


@pytest.mark.parametrize("gone", [NONE, {**NONE, "items": [live(91, uid="another")]}])
def test_what_is_no_longer_there_needs_no_watch(gone: dict[str, Any]) -> None:
    script = Script([gone], [])
    assert seconds_until_changed(script) == 0
    assert script.asked == ["list"]


def test_as_long_as_it_stays_nothing_is_said_and_little_asked() -> None:
    script = Script([SAME], [[{"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "99"}}}]])
    assert seconds_until_changed(script) is None
    assert script.asked[:3] == ["list", "watch 90", "watch 99"]
    assert len(script.asked) < 16


@pytest.mark.parametrize("trouble", [OLD, Gone("too old"), Unavailable("no"), Denied("no"), NotFound("no"), {}])
def test_no_trouble_is_taken_for_its_end_nor_asked_about_in_a_hurry(trouble: Step) -> None:
    script = Script([SAME], [[trouble] for _ in range(10_000)])
    assert seconds_until_changed(script, 600) is None
    assert len(script.asked) < 600
    script = Script([SAME, NONE], [[trouble]])
    after = seconds_until_changed(script)
    assert after is not None
    assert 0 < after <= 90


def test_a_list_that_fails_is_asked_for_again() -> None:
    assert 0 < (seconds_until_changed(Script([Unavailable("no"), NONE], [])) or 0) < 10
