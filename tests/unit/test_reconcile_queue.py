"""The queue of stacks, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ailtire_operator.reconcile.queue import BACKOFF_LAST, BUSY_LAST, Outcome, Priority, Queue, Request
from support.fake_cluster.virtual_time import now, run

Work = Callable[[Request[str]], Awaitable[Outcome]]


class Journal:
    """Works as it is told to, and remembers what it was given and when."""

    def __init__(self, outcome: Outcome = Outcome.DONE, takes: float = 0.0) -> None:
        self.looks: list[tuple[float, str, bool]] = []
        self.outcome = outcome
        self.takes = takes
        self.busy: set[str] = set()
        self.most = 0

    async def __call__(self, reconcile_once: Request[str]) -> Outcome:
        assert reconcile_once.key not in self.busy, "two workers look at one key"
        self.busy.add(reconcile_once.key)
        self.most = max(self.most, len(self.busy))
        self.looks.append((round(now(), 3), reconcile_once.key, reconcile_once.retry_refused))
        await asyncio.sleep(self.takes)
        self.busy.remove(reconcile_once.key)
        return self.outcome

    @property
    def keys(self) -> list[str]:
        return [key for _, key, _ in self.looks]

    @property
    def times(self) -> list[float]:
        return [time for time, _, _ in self.looks]


@asynccontextmanager
async def working(queue: Queue[str], journal: Work):  # type: ignore[no-untyped-def]
    task = asyncio.create_task(queue.work(journal))
    await asyncio.sleep(0)
    yield
    queue.stop()
    await task


def steady(workers: int = 1) -> Queue[str]:
    """Of keys such as ``namespace/name``, or names alone."""
    return Queue(workers, lambda key: key.rpartition("/")[0], jitter=lambda: 1.0)


def test_many_reasons_make_one_look() -> None:
    async def story() -> None:
        queue, journal = steady(), Journal()
        for _ in range(1000):
            queue.add("a", Priority.STATUS)
        assert queue.depth == 1
        async with working(queue, journal):
            await asyncio.sleep(1)
        assert journal.keys == ["a"]

    run(story())


def test_people_go_first_and_the_first_lists_last() -> None:
    async def story() -> None:
        queue, journal = steady(), Journal()
        queue.add("listed", Priority.BACKGROUND)
        queue.add("child", Priority.TREE)
        queue.add("changed", Priority.STATUS)
        queue.add("edited", Priority.USER)
        queue.add("raised", Priority.BACKGROUND)
        queue.add("raised", Priority.USER)
        queue.add("child", Priority.BACKGROUND)
        async with working(queue, journal):
            await asyncio.sleep(1)
        assert journal.keys == ["edited", "raised", "changed", "listed", "child"]

    run(story())


def test_what_changes_during_a_look_is_looked_at_again_and_never_at_the_same_time() -> None:
    async def story() -> None:
        queue, journal = steady(8), Journal(takes=1.0)
        async with working(queue, journal):
            queue.add("a", Priority.USER)
            queue.add("b", Priority.USER)
            await asyncio.sleep(0.5)
            for _ in range(5):
                queue.add("a", Priority.STATUS)
            await asyncio.sleep(5)
        assert journal.keys == ["a", "b", "a"]
        assert journal.times == [0, 0, 1]
        assert journal.most == 2

    run(story())


def test_failures_wait_longer_each_time_up_to_a_minute() -> None:
    async def story() -> None:
        queue, journal = steady(), Journal(Outcome.FAILED)
        async with working(queue, journal):
            queue.add("a", Priority.USER)
            await asyncio.sleep(400)
        pauses = [round(b - a, 3) for a, b in zip(journal.times, journal.times[1:], strict=False)]
        assert pauses[:9] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2]
        assert set(pauses[9:]) == {BACKOFF_LAST}
        assert all(retry_refused for _, _, retry_refused in journal.looks)

    run(story())


def test_a_busy_cluster_is_asked_again_soon() -> None:
    async def story() -> None:
        queue, journal = steady(), Journal(Outcome.BUSY)
        async with working(queue, journal):
            queue.add("a", Priority.USER)
            await asyncio.sleep(30)
        pauses = [round(b - a, 3) for a, b in zip(journal.times, journal.times[1:], strict=False)]
        assert pauses[:5] == [0.2, 0.4, 0.8, 1.6, 3.2]
        assert set(pauses[5:]) == {BUSY_LAST}

    run(story())


def test_a_success_makes_the_next_failure_the_first() -> None:
    async def story() -> None:
        queue, journal = steady(), Journal(Outcome.FAILED)
        async with working(queue, journal):
            queue.add("a", Priority.USER)
            await asyncio.sleep(0.5)
            assert queue.failures("a") == 2
            journal.outcome = Outcome.DONE
            await asyncio.sleep(5)
            assert queue.failures("a") == 0
            assert len(journal.looks) == 3
            journal.outcome = Outcome.FAILED
            queue.add("a", Priority.STATUS)
            await asyncio.sleep(0.21)
        assert len(journal.looks) == 5

    run(story())


def test_an_exception_is_a_failure_and_the_worker_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        queue: Queue[str] = steady()
        seen: list[str] = []

        async def reconcile_once(reconcile_once: Request[str]) -> Outcome:
            seen.append(reconcile_once.key)
            if reconcile_once.key == "bad":
                raise RuntimeError("broken")
            return Outcome.DONE

        async with working(queue, reconcile_once):
            queue.add("bad", Priority.USER)
            queue.add("good", Priority.STATUS)
            await asyncio.sleep(0.3)
        assert seen == ["bad", "good", "bad"]

    run(story())
    assert "reconciling bad" in caplog.text


def test_a_change_by_a_person_does_not_wait_for_the_pause() -> None:
    async def story() -> None:
        queue, journal = steady(), Journal(Outcome.FAILED)
        async with working(queue, journal):
            queue.add("a", Priority.USER)
            await asyncio.sleep(30)  # the next try is due at 51 s
            queue.add("a", Priority.USER)
            await asyncio.sleep(0.3)
        assert journal.times[-2:] == [30, 30.2]

    run(story())


def test_a_change_of_status_does_not_try_again_what_was_refused() -> None:
    async def story() -> None:
        queue, journal = steady(), Journal(Outcome.FAILED)
        async with working(queue, journal):
            queue.add("a", Priority.USER)
            await asyncio.sleep(0.1)
            journal.outcome = Outcome.WAITING
            queue.add("a", Priority.STATUS)
            await asyncio.sleep(0)
            assert journal.looks[-1] == (0.1, "a", False)
            await asyncio.sleep(0.2)
        # The pause that was under way stands.
        assert journal.looks[-1] == (0.2, "a", True)

    run(story())


def test_delays_coalesce_and_the_earliest_counts() -> None:
    async def story() -> None:
        queue, journal = steady(), Journal()
        async with working(queue, journal):
            queue.add("a", Priority.STATUS, delay=1.0)
            queue.add("a", Priority.STATUS, delay=0.5)
            queue.add("a", Priority.STATUS, delay=2.0)
            await asyncio.sleep(5)
        assert journal.times == [0.5]

    run(story())


def test_what_is_forgotten_is_not_looked_at() -> None:
    async def story() -> None:
        queue, journal = steady(), Journal(Outcome.FAILED)
        async with working(queue, journal):
            queue.add("a", Priority.USER)
            queue.add("b", Priority.STATUS, delay=1)
            await asyncio.sleep(0.1)
            queue.forget("a")
            queue.forget("b")
            await asyncio.sleep(100)
        assert journal.keys == ["a"]
        assert queue.failures("a") == 0

    run(story())


def test_stopping_lets_looks_under_way_end_and_starts_no_new_one() -> None:
    async def story() -> None:
        queue, journal = steady(2), Journal(takes=2.0)
        task = asyncio.create_task(queue.work(journal))
        for key in "abc":
            queue.add(key, Priority.USER)
        await asyncio.sleep(1)
        assert (queue.running, queue.depth) == (2, 1)
        queue.stop()
        queue.add("d", Priority.USER)
        await queue.drained()
        await task
        assert now() == 2
        assert journal.keys == ["a", "b"]

    run(story())


PRIORITIES = list(Priority)
CROWDS = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(PRIORITIES)), max_size=60)


@given(st.integers(1, 16), CROWDS, st.sampled_from(PRIORITIES), st.integers(0, 5))
def test_a_quiet_namespace_waits_for_one_look_of_each_other(
    workers: int, crowd: list[tuple[str, Priority]], priority: Priority, sooner: int
) -> None:
    """Whatever the priorities, and though the others go on and on: each of their looks asks for the next."""

    async def story() -> None:
        queue, journal = steady(workers), Journal(takes=1.0)
        others = {namespace for namespace, _ in crowd}

        async def reconcile_once(reconcile_once: Request[str]) -> Outcome:
            outcome = await journal(reconcile_once)
            if not reconcile_once.key.startswith("quiet/"):
                queue.add(reconcile_once.key, Priority.USER)
            return outcome

        for number, (namespace, each) in enumerate(crowd):
            queue.add(f"{namespace}/{number}", each)
        async with working(queue, reconcile_once):
            await asyncio.sleep(sooner + 0.5)
            came = now()
            queue.add("quiet/shop", priority)
            await asyncio.sleep(2 + len(others) / workers)
            assert "quiet/shop" in journal.keys
            begun = next(time for time, key, _ in journal.looks if key == "quiet/shop")
            assert begun - came <= 1 + len(others) / workers

    run(story())


def test_each_stack_of_a_flood_is_brought_to_its_end_before_the_next() -> None:
    """What a first look sets off is looked at before the rest of the flood: the first are done long before the last."""

    async def story() -> None:
        queue, done = steady(4), dict[str, int]()

        async def reconcile_once(reconcile_once: Request[str]) -> Outcome:
            done[reconcile_once.key] = done.get(reconcile_once.key, 0) + 1
            await asyncio.sleep(1)
            if done[reconcile_once.key] == 1:
                queue.add(reconcile_once.key, Priority.STATUS, delay=0.5)
            return Outcome.DONE

        async with working(queue, reconcile_once):
            for number in range(100):
                queue.add(f"prod/{number}", Priority.TREE)
            await asyncio.sleep(20)
            twice = [key for key, times in done.items() if times == 2]
            assert len(twice) > len(done) / 2

    run(story())


def test_a_flood_of_edits_starves_no_other_work_of_its_namespace() -> None:
    async def story() -> None:
        queue, journal = steady(), Journal(takes=1.0)

        async def reconcile_once(reconcile_once: Request[str]) -> Outcome:
            outcome = await journal(reconcile_once)
            if reconcile_once.key.startswith("prod/edited"):
                queue.add(reconcile_once.key, Priority.USER)
            return outcome

        async with working(queue, reconcile_once):
            for number in range(8):
                queue.add(f"prod/edited{number}", Priority.USER)
            for priority in (Priority.STATUS, Priority.TREE, Priority.BACKGROUND):
                queue.add(f"prod/{priority.name}", priority)
            await asyncio.sleep(4 * 11)
            assert {"prod/STATUS", "prod/TREE", "prod/BACKGROUND"} <= set(journal.keys)

    run(story())
