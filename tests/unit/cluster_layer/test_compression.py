"""Texts that are alike, compressed by the first of them."""

import random

from ailtire_operator.cluster.compression import Compression


def _text(number: int, length: int = 200) -> bytes:
    """Incompressible by itself, and alike for all numbers but for one word."""
    return random.Random(1).randbytes(length) + str(number).encode()


def test_what_is_as_in_the_first_costs_next_to_nothing() -> None:
    found = Compression(least=100)
    texts = [_text(number) for number in range(20)]
    packed = [found.compress(each) for each in texts]
    assert max(map(len, packed)) < 40
    assert [found.decompress(each) for each in packed] == texts


def test_what_came_before_the_dictionary_is_read_after_it() -> None:
    found = Compression(least=100)
    short = _text(1, 50)
    early = found.compress(short)
    found.compress(_text(2))
    assert found.decompress(early) == short
    assert found.decompress(found.compress(b"")) == b""


def test_a_dictionary_is_no_longer_than_what_can_be_referred_to() -> None:
    found = Compression(least=100)
    large = random.Random(2).randbytes(2**17)
    assert found.decompress(found.compress(large)) == large
    assert found.decompress(found.compress(large + b"more")) == large + b"more"
