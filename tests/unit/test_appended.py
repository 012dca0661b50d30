"""Reading a file while another process appends to it."""

from pathlib import Path

import pytest

from lab import appended

LONG = b"x" * 200_000


@pytest.mark.parametrize("whole", [b"", b"one\n", b"one\n" + LONG + b"\n"], ids=["none", "one", "a long one"])
@pytest.mark.parametrize("half", [b"", b"hal", LONG], ids=["nothing", "a half", "a long half"])
def test_a_place_is_never_within_a_line(tmp_path: Path, whole: bytes, half: bytes) -> None:
    path = tmp_path / "log"
    path.write_bytes(whole + half)
    place = appended.end(path)
    assert place == len(whole)
    assert list(appended.lines(path, place)) == []
    path.write_bytes(whole + half + b"f\nnext\n")
    assert [line for line, _ in appended.lines(path, place)] == [half + b"f\n", b"next\n"]


def test_a_file_that_is_not_there_yet_has_no_lines(tmp_path: Path) -> None:
    assert appended.end(tmp_path / "log") == 0
    assert list(appended.lines(tmp_path / "log", 0)) == []


def test_each_line_comes_with_the_place_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\ntwo\n")
    (_, behind), (_, end) = appended.lines(path, 0)
    assert [line for line, _ in appended.lines(path, behind)] == [b"two\n"]
    assert end == appended.end(path)
