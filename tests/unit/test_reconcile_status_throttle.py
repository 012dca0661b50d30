"""What has turned is told at once, how far it has come now and then."""

from dataclasses import replace

from ailtire_operator.cluster.store import Store
from ailtire_operator.reconcile.sessions import Sessions
from ailtire_operator.reconcile.status_throttle import FIRST, MOMENT, PAUSE, StatusThrottle
from ailtire_operator.status.health import Health
from ailtire_operator.status.observed import Problem
from ailtire_operator.status.stack_status import Facts, as_json, status_of
from ailtire_operator.status.verification import Check
from support.fake_cluster.records import stack

NOON = "2026-01-01T12:00:00Z"
STARTING = Problem("Progressing", "starting", transient=True)


def facts(*ready: bool) -> Facts:
    found = []
    for number, ok in enumerate(ready):
        found.append(Health(f"s{number}", "Deployment", f"d{number}", int(ok), 1, None if ok else STARTING))
    return Facts(generation=1, services=tuple(found))


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_new_stack_gets_a_moment_but_not_for_bad_news() -> None:
    store, clock = Store(), Clock()
    throttle, record = StatusThrottle(Sessions(store, clock), clock), stack(store, "shop")
    assert throttle.wait(record, {}, status_of(facts(False), {}, NOON)) == FIRST
    clock.now += 0.4
    assert round(throttle.wait(record, {}, status_of(facts(False), {}, NOON)), 3) == FIRST - 0.4
    assert throttle.wait(record, {}, status_of(facts(True), {}, NOON)) == 0
    clock.now += FIRST
    assert throttle.wait(record, {}, status_of(facts(False), {}, NOON)) == 0


def test_counts_wait_and_turns_do_not() -> None:
    store, clock = Store(), Clock()
    throttle, record = StatusThrottle(Sessions(store, clock), clock), stack(store, "shop")
    old = as_json(status_of(facts(False, False), {}, NOON))
    more = status_of(facts(True, False), old, NOON)
    throttle.note_written(record)
    clock.now += 0.5
    assert throttle.wait(record, old, more) == PAUSE - 0.5
    assert throttle.wait(record, old, status_of(facts(True, True), old, NOON)) == 0
    broken = replace(facts(True), services=(Health("s0", "Deployment", "d0", 0, 1, Problem("ImagePullBackOff", "no")),))
    assert throttle.wait(record, old, status_of(broken, old, NOON)) == 0
    assert throttle.wait(record, old, status_of(replace(facts(True, False), generation=2), old, NOON)) == 0
    clock.now += PAUSE
    assert throttle.wait(record, old, more) == 0


def test_another_check_does_not_wait() -> None:
    """A template below has changed, and nothing else of the stack: that the old check has passed must not count."""
    store, clock = Store(), Clock()
    throttle, record = StatusThrottle(Sessions(store, clock), clock), stack(store, "shop")
    checked = replace(facts(False), check=Check("shop-verify-1", "Passed"))
    old = as_json(status_of(checked, {}, NOON))
    throttle.note_written(record)
    assert throttle.wait(record, old, status_of(checked, old, NOON)) == PAUSE
    again = replace(checked, check=Check("shop-verify-2", "Pending"))
    assert throttle.wait(record, old, status_of(again, old, NOON)) == 0
    assert throttle.wait(record, old, status_of(replace(checked, check=None), old, NOON)) == PAUSE


def test_after_a_long_time_counts_wait_for_a_moment_all_the_same() -> None:
    store, clock = Store(), Clock()
    throttle, record = StatusThrottle(Sessions(store, clock), clock), stack(store, "shop")
    old = as_json(status_of(facts(False, False), {}, NOON))
    throttle.note_written(record)
    clock.now += 100
    more = status_of(facts(True, False), old, NOON)
    assert throttle.wait(record, old, more) == MOMENT
    clock.now += MOMENT / 2
    assert throttle.wait(record, old, more) == MOMENT / 2
    clock.now += MOMENT / 2
    assert throttle.wait(record, old, more) == 0
    throttle.note_written(record)
    clock.now += 100
    assert throttle.wait(record, old, more) == MOMENT


def test_a_stack_made_anew_is_new() -> None:
    store, clock = Store(), Clock()
    throttle, record = StatusThrottle(Sessions(store, clock), clock), stack(store, "shop")
    throttle.wait(record, {}, status_of(facts(False), {}, NOON))
    clock.now += FIRST
    again = stack(store, "shop", uid="another")
    assert throttle.wait(again, {}, status_of(facts(False), {}, NOON)) == FIRST
