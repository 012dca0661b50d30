"""Lines out of chunks: whole ones whatever their length, and parts of a bounded size where a container ends none."""

from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from ailtire_operator.cluster.lines import whole_lines


async def _chunks(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def _lines(chunks: list[bytes], longest: int | None = None) -> list[bytes]:
    return [line async for line in whole_lines(_chunks(chunks), longest)]


async def test_lines_are_whole_wherever_the_chunks_are_cut() -> None:
    assert await _lines([b"on", b"e\ntwo\n\nthr", b"", b"ee"]) == [b"one\n", b"two\n", b"three"]


async def test_a_line_without_an_end_comes_in_parts() -> None:
    """A part is followed by its line's end also where that is all that is left: else the next line would be a part."""
    assert await _lines([b"abc", b"def", b"g\nh\n"], 4) == [b"abcdef", b"g\n", b"h\n"]
    assert await _lines([b"abc", b"def", b"\nh\n"], 4) == [b"abcdef", b"\n", b"h\n"]
    assert await _lines([b"abcdef", b"\n\n", b"\nh\n"], 4) == [b"abcdef", b"\n", b"h\n"]


@given(chunks=st.lists(st.binary(max_size=6)), longest=st.integers(1, 8))
async def test_nothing_is_lost_and_no_more_is_held_than_the_bound_and_a_chunk(
    chunks: list[bytes], longest: int
) -> None:
    found = await _lines(chunks, longest)
    assert b"".join(b"".join(found).split()) == b"".join(b"".join(chunks).split()), "blank lines and ends are not kept"
    texts = [text for text in b"".join(chunks).split(b"\n") if text.strip()]
    assert [text for text in b"".join(found).split(b"\n") if text.strip()] == texts, "a line ends where it ended"
    assert all(len(line) <= longest + 6 + 1 for line in found)
