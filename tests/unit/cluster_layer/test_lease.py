"""Leadership in virtual time: at no instant may two lead, whatever the network and the machines do."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ailtire_operator.cluster.lease import Leadership, Timing
from unit.cluster_layer.leases import Contender, Leases
from unit.cluster_layer.timeline import Timeline

TIMING = Timing()


@pytest.fixture
def time() -> Timeline:
    return Timeline()


async def _pair(time: Timeline) -> tuple[Leases, Contender, Contender]:
    leases = Leases()
    first = Contender("one", leases, time)
    await time.run(1)
    second = Contender("two", leases, time, offset=5e6)
    await time.run(1)
    assert (first.leads, second.leads) == (True, False)
    return leases, first, second


async def test_the_first_one_leads_at_once_and_keeps_it(time: Timeline) -> None:
    leases = Leases()
    first = Contender("one", leases, time)
    await time.run(0.1)
    assert first.leads
    assert first.leadership.acquired.is_set()
    await time.run(3600)
    assert first.leads
    spec = leases.lease["spec"]  # type: ignore[index]
    assert (spec["holderIdentity"], spec["leaseTransitions"], spec["leaseDurationSeconds"]) == ("one", 0, 15)
    assert len(leases.requests) <= 3600 / 2 + 2, "one write in two seconds, and no reads"
    await time.close()


async def test_a_dead_leader_is_replaced_when_its_time_is_up(time: Timeline) -> None:
    leases, first, second = await _pair(time)
    first.kill()
    waited = await time.until(lambda: second.leads, 20)
    assert 12 < waited <= TIMING.duration + TIMING.poll + 0.1
    assert leases.lease["spec"]["leaseTransitions"] == 1  # type: ignore[index]
    await time.close()


async def test_a_clean_stop_hands_over_at_once(time: Timeline) -> None:
    leases, first, second = await _pair(time)
    await asyncio.gather(first.leadership.release(), time.run(0.1))
    assert not first.leads
    assert leases.holder != "one"
    assert await time.until(lambda: second.leads, 5) <= 1
    await time.run(5)
    assert first.task.done()
    assert first.lost == 0, "given back, not lost"
    await time.close()


async def test_a_renewal_cut_off_by_the_stop_does_not_keep_the_lease(time: Timeline) -> None:
    leases, first, second = await _pair(time)
    first.link.back = 1.0
    before = leases.version
    await time.until(lambda: leases.version > before, 5)
    first.task.cancel()  # the renewal has been written, its answer is on the way
    first.link.back = 0.005
    await asyncio.gather(first.leadership.release(), time.run(0.2))
    assert await time.until(lambda: second.leads, 5) <= 1
    await time.close()


async def test_giving_back_what_is_not_held_changes_nothing(time: Timeline) -> None:
    leases, _first, second = await _pair(time)
    before = leases.holder
    await asyncio.gather(second.leadership.release(), time.run(1))
    assert leases.holder == before
    await time.close()


async def test_without_an_answer_the_fence_falls_first_and_then_the_claim(time: Timeline) -> None:
    _, first, second = await _pair(time)
    first.link.up = False
    await time.until(lambda: not first.leads, TIMING.fence + 0.1)
    assert first.lost == 0
    await time.until(lambda: first.lost == 1, 10)
    assert not second.leads
    await time.until(lambda: second.leads, 20)
    await time.close()


async def test_a_short_outage_costs_nothing(time: Timeline) -> None:
    _, first, second = await _pair(time)
    for _ in range(20):
        first.link.up = False
        await time.run(3.5)
        assert first.leads
        first.link.up = True
        await time.run(6)
    assert first.leads
    assert first.lost == 0
    assert not second.leads
    await time.close()


async def test_a_frozen_leader_wakes_up_without_the_right_to_write(time: Timeline) -> None:
    _, first, second = await _pair(time)
    first.link.frozen = True
    await time.until(lambda: second.leads, 20)
    first.link.frozen = False
    assert not first.leads, "by its own clock, without asking anybody"
    await time.run(5)
    assert first.lost == 1
    assert second.leads
    await time.close()


async def test_lost_answers_do_not_look_like_a_lost_lease(time: Timeline) -> None:
    leases, first, _ = await _pair(time)
    first.link.lose_answers = True
    await time.run(4)
    first.link.lose_answers = False
    await time.run(4)
    assert first.leads
    assert first.lost == 0
    assert leases.holder == "one"
    await time.close()


async def test_a_stolen_lease_ends_leadership(time: Timeline) -> None:
    leases, first, _ = await _pair(time)
    leases.lease["spec"]["holderIdentity"] = "thief"  # type: ignore[index]
    leases.lease["metadata"]["resourceVersion"] = "stolen"  # type: ignore[index]
    await time.run(TIMING.retry + 0.1)
    assert not first.leads
    assert first.lost == 1
    await time.close()


async def test_a_deleted_lease_stays_with_its_holder(time: Timeline) -> None:
    leases, first, second = await _pair(time)
    leases.lease = None
    await time.run(10)
    assert first.leads
    assert not second.leads
    assert leases.holder == "one"
    await time.close()


async def test_a_lease_that_was_never_seen_may_have_been_deleted_under_its_holder(time: Timeline) -> None:
    leases = Leases()
    first = Contender("one", leases, time)
    await time.run(1)
    second = Contender("two", leases, time)
    second.link.up = False
    await time.run(20)
    leases.lease, second.link.up = None, True
    await time.run(10)
    assert (first.leads, second.leads, leases.holder) == (True, False, "one")
    await time.close()


async def test_a_lease_that_is_deleted_as_its_holder_dies_is_created_when_its_time_is_up(time: Timeline) -> None:
    leases, first, second = await _pair(time)
    first.kill()
    leases.lease = None
    waited = await time.until(lambda: second.leads, 30)
    assert TIMING.duration - TIMING.poll <= waited <= TIMING.duration + TIMING.poll + 0.1
    await time.close()


async def test_a_lease_emptied_by_hand_is_not_free(time: Timeline) -> None:
    leases, first, second = await _pair(time)
    first.link.up = False
    leases.lease["spec"]["holderIdentity"] = ""  # type: ignore[index]
    leases.lease["metadata"]["resourceVersion"] = "edited"  # type: ignore[index]
    await time.until(lambda: not first.leads, 10)
    assert not second.leads
    await time.until(lambda: second.leads, 20)
    await time.close()


async def test_a_lease_without_content_can_be_taken(time: Timeline) -> None:
    leases = Leases()
    leases.lease = {"metadata": {"name": "x", "resourceVersion": "1"}}
    first = Contender("one", leases, time)
    await time.until(lambda: first.leads, 20)
    await time.close()


def test_identities_are_unique() -> None:
    one, two = (Leadership(None, "system").identity for _ in range(2))  # type: ignore[arg-type]
    assert one != two


faults = st.sampled_from(
    ["down", "up", "freeze", "thaw", "slow there", "slow back", "fast", "lose", "keep", "kill", "delete"]
)
steps = st.lists(st.tuples(st.integers(0, 2), faults, st.floats(0.01, 9)), max_size=25)


@settings(deadline=None, max_examples=100)
@given(steps)
def test_never_two_leaders(plan: list[tuple[int, str, float]]) -> None:
    asyncio.run(_disturb(plan))


async def _disturb(plan: list[tuple[int, str, float]]) -> None:
    """The lease is deleted now and then, but not again while somebody waits because of that."""
    time, leases, deleted = Timeline(), Leases(), float("-inf")
    contenders = [Contender(f"c{index}", leases, time, offset=index * 1e6) for index in range(3)]

    def check() -> None:
        # A frozen one cannot write: what it may do counts from the moment it wakes up.
        assert sum(one.leads and not one.link.frozen for one in contenders) <= 1

    time.watchers.append(check)
    await time.run(1)
    assert sum(one.leads for one in contenders) == 1
    for index, fault, pause in plan:
        _strike(contenders[index], fault)
        if fault == "delete" and time.now >= deleted + 2 * TIMING.duration:
            leases.lease, deleted = None, time.now
        check()
        await time.run(pause)
    for one in contenders:
        for repair in ("up", "thaw", "fast", "keep"):
            _strike(one, repair)
    check()
    # One leads again, unless none is left: who has lost the lease does not come back.
    await time.until(lambda: any(one.leads for one in contenders) or all(one.task.done() for one in contenders), 60)
    await time.close()


def _strike(contender: Contender, fault: str) -> None:
    link = contender.link
    match fault:
        case "down" | "up":
            link.up = fault == "up"
        case "freeze" | "thaw":
            link.frozen = fault == "freeze"
        case "slow there":
            link.there = 2.9
        case "slow back":
            link.back = 2.9
        case "fast":
            link.there = link.back = 0.005
        case "lose" | "keep":
            link.lose_answers = fault == "lose"
        case "kill":
            contender.kill()
