"""For how long is a pod not ready? Clocks of the operator, of the API server and of a node, each moved as it likes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.reconcile.unready_pods import UnreadyPods
from support.fake_cluster.records import put

START = 1_800_000_000.0
QUARTER = 900.0


class Story:
    """One pod, and three clocks that agree on nothing but how long a second is."""

    def __init__(self, *, synced: bool, server: float = 0.0, node: float = 0.0) -> None:
        self.store = Store()
        self.passed = 0.0
        self.server, self.node = server, node
        self.synced = synced
        self.told = True
        self.restart()

    def restart(self) -> None:
        """A new process, which knows nothing and has a monotonic clock of its own."""
        records = list(self.store.of_kind("Pod"))
        self.store = Store()
        self.unready = UnreadyPods(
            self.store,
            clock=lambda: 5.0 + self.passed,
            server_time=lambda: START + self.server + self.passed if self.told else None,
            synced=lambda: self.synced,
        )
        for record in records:
            self.store.offer(record)

    def pod(self, *, created: float, since: float | None, started: float | None = None, ready: bool = False) -> Record:
        """The pod as it is now; the times are seconds of the story, which each writer tells by its own clock."""
        conditions: list[dict[str, Any]] = [
            {"type": "PodScheduled", "status": "True", "lastTransitionTime": _text(START + self.server + created)}
        ]
        status: dict[str, Any] = {"conditions": conditions}
        if since is not None:
            time = _text(START + self.node + since)
            conditions.append({"type": "Ready", "status": str(ready), "lastTransitionTime": time})
        if started is not None:
            status["startTime"] = _text(START + self.node + started)
        return put(self.store, "Pod", "web", created=_text(START + self.server + created), status=status)

    def seconds(self) -> float:
        found = self.store.get(Ref("Pod", "prod", "web"))
        assert found is not None
        return self.unready.seconds(found)


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("server", [-QUARTER, 0.0, QUARTER])
@pytest.mark.parametrize("node", [-QUARTER, 0.0, QUARTER])
class TestWhateverTheClocksShow:
    """Neither the API server's nor a node's clock is compared with another one."""

    def test_what_begins_under_our_eyes_is_timed_by_us(self, server: float, node: float) -> None:
        story = Story(synced=True, server=server, node=node)
        story.pod(created=0, since=None)
        story.passed = 3
        assert story.seconds() == 3
        story.pod(created=0, since=3, started=3)
        story.passed = 10
        assert story.seconds() == 7, "its node has taken it, and tells when"

    def test_a_restart_forgets_nothing(self, server: float, node: float) -> None:
        story = Story(synced=False, server=server, node=node)
        story.passed = 40
        story.pod(created=0, since=30, started=2)
        assert story.seconds() == 12, "since it was scheduled, without what it ran well"
        story.passed = 45
        story.restart()
        assert story.seconds() == 17
        story.passed = 50
        assert story.seconds() == 22

    def test_a_restart_judges_nothing_at_once(self, server: float, node: float) -> None:
        story = Story(synced=False, server=server, node=node)
        story.passed = 3600
        story.pod(created=0, since=3600, started=1)
        assert story.seconds() == 1, "it was ready for an hour; the second before its start is not told from this one"

    def test_what_was_ready_in_between_begins_anew(self, server: float, node: float) -> None:
        story = Story(synced=True, server=server, node=node)
        story.pod(created=0, since=1, started=1)
        story.passed = 30
        story.pod(created=0, since=25, started=1, ready=True)
        assert story.seconds() == 0
        story.pod(created=0, since=30, started=1)
        story.passed = 31
        assert story.seconds() == 1
        story.passed = 60
        story.pod(created=0, since=58, started=1)
        assert story.seconds() == 0, "it was ready unseen"


@pytest.mark.parametrize(("since", "started"), [(30, None), (30, 31)], ids=["no start", "before its start"])
def test_what_cannot_be_told_by_one_clock_begins_when_it_is_met(since: float, started: float | None) -> None:
    story = Story(synced=False)
    story.passed = 100
    story.pod(created=0, since=since, started=started)
    assert story.seconds() == 0
    story.passed = 104
    assert story.seconds() == 4


def test_what_nobody_can_read_begins_when_it_is_met() -> None:
    story = Story(synced=False)
    conditions = [{"type": "Ready", "status": "False", "lastTransitionTime": "noon"}]
    put(story.store, "Pod", "web", created=_text(START), status={"conditions": conditions, "startTime": "noon"})
    assert story.seconds() == 0


def test_without_a_word_of_the_api_servers_clock_it_begins_when_it_is_met() -> None:
    story = Story(synced=False)
    story.told = False
    story.passed = 100
    story.pod(created=0, since=None)
    assert story.seconds() == 0


def test_what_has_gone_is_forgotten() -> None:
    story = Story(synced=True)
    record = story.pod(created=0, since=1, started=1)
    story.store.remove(record.ref, record.uid)
    story.passed = 10
    assert story.unready.seconds(record) == 0
