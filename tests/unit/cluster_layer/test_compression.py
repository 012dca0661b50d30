"""Texts that are alike, compressed by the first of their kind."""

import random

from ailtire_operator.cluster import compression
from ailtire_operator.cluster.compression import Compression


def _text(kind: int, number: int) -> bytes:
    """Incompressible by itself, and alike for all numbers of a kind but for one word."""
    return random.Random(kind).randbytes(1000) + str(number).encode()


def test_what_is_as_in_an_earlier_one_costs_next_to_nothing() -> None:
    found = Compression()
    texts = [_text(number % 3, number) for number in range(30)]
    packed = [found.compress(each) for each in texts]
    assert max(map(len, packed)) < 60
    assert [found.decompress(each) for each in packed] == texts


def test_texts_that_are_all_unlike_each_other_are_read_too_and_few_are_dictionaries() -> None:
    found = Compression()
    texts = [_text(number, number) for number in range(100)]
    packed = [found.compress(each) for each in texts]
    assert [found.decompress(each) for each in packed] == texts
    assert len(found._dictionaries) == compression._DICTIONARIES


def test_a_dictionary_is_no_longer_than_what_can_be_referred_to() -> None:
    found = Compression()
    large = random.Random(2).randbytes(2**17)
    for text in (b"", large, large + b"more", large[-100:]):
        assert found.decompress(found.compress(text)) == text
    assert max(map(len, found._dictionaries)) <= 2**15
