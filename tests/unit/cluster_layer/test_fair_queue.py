"""Namespaces take turns: what one of them has to wait for is bounded, however much goes on in others."""

from collections import defaultdict
from itertools import count
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ailtire_operator.cluster.fair_queue import SHARE, FairQueue

RANKS = st.integers(0, 3)
NOISE = st.lists(st.tuples(st.sampled_from("abcdefgh"), RANKS), max_size=120)


class Places:
    """Turns with a limit, which remember who is under way."""

    def __init__(self, limit: int, patience: int = 0) -> None:
        self.turns: FairQueue[Any] = FairQueue(patience=patience)
        self.limit = limit
        self.under_way: list[tuple[str, Any]] = []
        self._numbers = count()

    def put(self, namespace: str, rank: int) -> tuple[str, int]:
        item = (namespace, next(self._numbers))
        self.turns.put(namespace, rank, item)
        return item

    def fill(self) -> list[Any]:
        taken = []
        while (found := self.turns.take(self.limit)) is not None:
            taken.append(found[1])
            self.under_way.append(found)
        assert len(self.under_way) == self.turns.busy <= self.limit
        return taken

    def end(self, which: int = 0) -> str:
        namespace, _ = self.under_way.pop(which % len(self.under_way))
        self.turns.end(namespace)
        return namespace


@given(st.integers(1, 20), RANKS, st.randoms(use_true_random=False))
def test_a_quiet_namespace_waits_for_one_turn_of_each_other_at_most(limit: int, rank: int, random: Random) -> None:
    """Whatever the noise and its ranks, and whoever ends when, with more noise coming all the time."""
    places = Places(limit)
    crowds = "abcdefghijklmnop"[: random.randint(0, 16)]

    def noise(most: int) -> None:
        for _ in range(random.randint(0, most) if crowds else 0):
            places.put(random.choice(crowds), random.randint(0, 3))

    noise(100)
    places.fill()
    noise(100)
    quiet = places.put("quiet", rank)
    taken = places.fill()
    while quiet not in taken:
        noise(5)
        places.end(random.randrange(limit))
        taken += places.fill()
    assert taken.index(quiet) <= len(crowds)


@given(st.integers(1, 40), NOISE)
def test_no_namespace_has_more_than_its_share(limit: int, noise: list[tuple[str, int]]) -> None:
    places = Places(limit)
    for namespace, rank in noise * 5:
        places.put(namespace, rank)
    places.fill()
    counts: dict[str, int] = defaultdict(int)
    for namespace, _ in places.under_way:
        counts[namespace] += 1
    free = limit - len(places.under_way)
    assert all(each == 1 or each <= SHARE * (free + 1) for each in counts.values())
    if places.turns.waiting:
        assert max(counts.values()) - min(counts.values()) <= 1 or free


@given(st.integers(1, 40), st.integers(1, 3))
def test_some_places_stay_free_for_who_comes_anew(limit: int, crowds: int) -> None:
    places = Places(limit)
    for number in range(crowds):
        for _ in range(100):
            places.put(f"crowd-{number}", 0)
    places.fill()
    quiet = places.put("quiet", 3)
    assert quiet in places.fill() or limit < SHARE * crowds + 1


@given(st.lists(st.tuples(st.sampled_from(["put", "take", "end", "discard"]), st.sampled_from("abc"), RANKS)))
def test_what_is_counted_is_what_there_is(story: list[tuple[str, str, int]]) -> None:
    places, waiting = Places(4, patience=4), dict[Any, tuple[str, int]]()
    for action, namespace, rank in story:
        if action == "put":
            waiting[places.put(namespace, rank)] = (namespace, rank)
        elif action == "take":
            for item in places.fill():
                del waiting[item]
        elif action == "end" and places.under_way:
            places.end()
        elif action == "discard" and waiting:
            item, where = waiting.popitem()
            places.turns.discard(*where, item)
            places.turns.discard(*where, item)
        assert places.turns.waiting == len(waiting)
    while places.under_way or waiting:
        for item in places.fill():
            del waiting[item]
        places.end()
    assert (places.turns.waiting, places.turns.busy) == (0, 0)


def test_the_lowest_rank_goes_first_and_equals_in_order_of_arrival() -> None:
    places = Places(1)
    items = [places.put("prod", rank) for rank in (2, 0, 1, 0)]
    order = []
    while taken := places.fill():
        order += taken
        places.end()
    assert [items.index(each) for each in order] == [1, 3, 2, 0]


@given(st.integers(1, 6), st.integers(0, 40))
def test_with_patience_no_rank_waits_for_ever(patience: int, before: int) -> None:
    """However many of a lower rank keep coming, an item waits for those before it, ``patience`` turns for each."""
    places = Places(1, patience=patience)
    for _ in range(before):
        places.put("prod", 1)
    last = places.put("prod", 3)
    taken = []
    for _ in range(patience * (before + 1)):
        places.put("prod", 0)
        taken += places.fill()
        places.end()
    assert last in taken
