"""Addresses by what they have in common, whether they are one, few or many."""

import random

import pytest

from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.ref_index import RefIndex

REFS = [Ref("Pod", "prod", f"web-{number}") for number in range(100)]


@pytest.mark.parametrize("count", [1, 2, 32, 33, 100])
def test_it_keeps_each_address_once_in_the_order_of_arrival(count: int) -> None:
    index = RefIndex[str]()
    for ref in (*REFS[:count], *REFS[:count]):
        index.mark("web", ref, add=True)
    assert index.of("web") == REFS[:count]
    assert index.of("db") == []


@pytest.mark.parametrize("seed", range(5))
def test_it_is_like_a_list_whatever_comes_and_goes(seed: int) -> None:
    index, known, draw = RefIndex[str](), list[Ref](), random.Random(seed)
    for step in range(2000):
        ref, add = draw.choice(REFS), draw.random() < (0.8 if step // 300 % 2 else 0.3)
        index.mark("web", ref, add=add)
        if add and ref not in known:
            known.append(ref)
        elif not add and ref in known:
            known.remove(ref)
        assert index.of("web") == known
    for ref in REFS:
        index.mark("web", ref, add=False)
    assert not index._refs
