"""Which handovers an upgrade under fault tries, and who has to run in them, without a cluster."""

from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest

from faults.journal import Entry, Journal
from faults.runner import Reference
from upgrade.faulted import Trial, UpgradeLane, attempt, has_asked, judge_rest, replace, summary, works
from upgrade.handovers import NEW, OLD, PLAIN, Handover, handovers

LEASE = "/apis/coordination.k8s.io/v1/namespaces/newer-0001/leases/ailtire-operator"
WEB = "/apis/apps/v1/namespaces/newer-0001/deployments/shop-web"


def entry(path: str, method: str = "PATCH", status: int = 200, replica: int = NEW) -> Entry:
    made = Entry.of(0, method, path, "", replica)
    made.status = status
    return made


def test_each_handover_has_a_name_of_its_own_and_either_replica_is_killed() -> None:
    found = list(handovers())
    names = [each.name for each in found]
    assert len(names) == len(set(names))
    assert PLAIN.name not in names
    for who in ("old", "new"):
        assert any(f"the {who} one is killed" in name for name in names)


def test_rules_meet_the_replica_that_they_are_for() -> None:
    lane = cast(Any, SimpleNamespace(kill=lambda number: None))
    by_name = {each.name: each for each in handovers()}
    (rule,) = by_name["503 to the first writes of the new one"].rules(lane)
    assert not rule.takes(entry(WEB, replica=OLD))
    assert [rule.takes(entry(WEB)) for _ in range(4)] == [True, True, True, False]
    (rule,) = by_name["the old one is killed at its write 3 of the edit"].rules(lane)
    assert [rule.takes(entry(WEB, replica=OLD)) for _ in range(4)] == [False, False, True, False]
    assert not rule.takes(entry(WEB, replica=NEW))


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        (entry(WEB + "/status"), 0),
        (entry("/apis/apps/v1/namespaces/newer-0001/controllerrevisions/shop--revision-2"), 0),
        (entry(WEB, status=409), 0),
        (entry(WEB, "GET"), 0),
        (entry(WEB), 1),
        (entry(WEB, "DELETE"), 1),
    ],
)
def test_at_rest_nothing_but_statuses_and_revisions_is_written_and_no_pod_goes(written: Entry, wrong: int) -> None:
    pods = frozenset({("web-1", "a"), ("web-2", "b")})
    trial = Trial(PLAIN, False, cast(UpgradeLane, None), pods=pods)
    assert len(judge_rest(trial, [written], pods)) == wrong
    assert len(judge_rest(trial, [written], frozenset({("web-1", "a"), ("web-2", "another")}))) == wrong + 1


def test_only_the_replica_that_is_meant_to_run_is_started() -> None:
    started: list[int] = []

    class Fake:
        def __init__(self, number: int) -> None:
            self.number = number
            self.ended_by_itself = ""

        def start(self) -> None:
            started.append(self.number)

    lane = UpgradeLane.__new__(UpgradeLane)
    lane.replicas = cast(Any, [Fake(OLD), Fake(NEW)])
    lane.meant = {NEW}
    lane.start_again()
    assert started == [NEW]


def test_a_handover_that_breaks_off_has_ended_wrong_and_the_next_is_made() -> None:
    def breaks() -> None:
        raise AssertionError("the new operator leads did not come true within 60 s")

    killed = next(handovers())
    done = [Trial(handover, True, cast(UpgradeLane, None)) for handover in (PLAIN, killed, killed, killed)]
    for each in (done[0], done[1], done[3]):
        each.reference = Reference({}, Counter(), frozenset(), 0)
    done[1].fired, done[3].seconds = False, 3.0
    attempt(done[2], breaks)
    assert done[2].wrong == ["broken off: AssertionError: the new operator leads did not come true within 60 s"]
    assert summary(done) == (
        "3 handovers with a fault, of which 1 met none, and 1 plain ones; 1 ended wrong;"
        " p50 3.0 s, p95 3.0 s, at most 3.0 s"
    )


@pytest.mark.parametrize(
    ("last", "alive", "synced", "expected"),
    [
        (entry(LEASE, "PUT"), True, True, True),
        (entry(LEASE, "PUT", replica=OLD), True, True, False),
        (entry(LEASE, "PUT", status=409), True, True, False),
        (entry(LEASE, "PUT"), False, True, False),
        (entry(LEASE, "PUT"), True, False, False),
    ],
)
def test_a_replica_works_once_its_process_has_the_lease_and_has_read_all(
    last: Entry, alive: bool, synced: bool, expected: bool
) -> None:
    replica = SimpleNamespace(alive=alive, synced=synced, started=last.sent - 1)
    lane = cast(Any, SimpleNamespace(replicas=[None, replica], journal=SimpleNamespace(entries=[last, entry(WEB)])))
    assert works(lane, NEW) is expected
    replica.started = last.sent + 1
    assert not works(lane, NEW), "it was the process before that had it"


def test_a_replica_runs_once_it_has_asked_for_the_lease_or_has_met_a_fault() -> None:
    refused = entry("/apis/apps/v1/deployments", "GET", status=503)
    assert not has_asked([refused, entry(LEASE, "GET", replica=OLD)], NEW)
    assert has_asked([refused, entry(LEASE, "GET")], NEW)
    refused.fault = "fault"
    assert has_asked([refused], NEW)
    assert not has_asked([refused], OLD)


def test_a_replica_that_is_still_stopping_is_started_again_once_it_has_stopped() -> None:
    journal = Journal()

    class Stopping:
        still = [True, True]

        @property
        def alive(self) -> bool:
            return bool(self.still) and self.still.pop()

        def start(self) -> None:
            if not self.alive:
                journal.add("GET", LEASE, "", OLD)

    ended: list[object] = []
    before = object()
    lane = cast(Any, SimpleNamespace(replicas=[Stopping(), before], journal=journal, meant={NEW}))
    replace(lane, Handover("the upgrade is taken back", ends=ended.append), by=OLD)
    assert (lane.meant, ended) == ({OLD}, [before])
