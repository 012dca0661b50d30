"""Archives are written into their folder alone, with any Python."""

import io
import tarfile
from pathlib import Path

import pytest

from support.checks.archives import OutsideTheFolder, unpack


def archive(*members: tuple[str, bytes, str]) -> tarfile.TarFile:
    """Of members by name, type and what they link to; each file has its own name as content."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as made:
        for name, kind, link in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, content = kind, link, name.encode()
            info.size = len(content) if kind == tarfile.REGTYPE else 0
            made.addfile(info, io.BytesIO(content))
    return tarfile.open(fileobj=io.BytesIO(packed.getvalue()))


def test_files_folders_and_links_within_the_folder_are_written(tmp_path: Path) -> None:
    members = [
        ("a", tarfile.DIRTYPE, ""),
        ("a/b.txt", tarfile.REGTYPE, ""),
        ("a/again", tarfile.SYMTYPE, "../a/b.txt"),
        ("a/same", tarfile.LNKTYPE, "a/b.txt"),
        ("..b", tarfile.REGTYPE, ""),
    ]
    unpack(archive(*members), tmp_path)
    assert [(tmp_path / name).read_text() for name in ("a/b.txt", "a/again", "a/same")] == ["a/b.txt"] * 3
    assert (tmp_path / "..b").exists()


@pytest.mark.parametrize(
    "member",
    [
        ("/abs", tarfile.REGTYPE, ""),
        ("../up", tarfile.REGTYPE, ""),
        ("a/../../up", tarfile.REGTYPE, ""),
        ("link", tarfile.SYMTYPE, "/etc"),
        ("a/link", tarfile.SYMTYPE, "../../etc"),
        ("same", tarfile.LNKTYPE, "../outside"),
        ("same", tarfile.LNKTYPE, "/etc/passwd"),
        ("a/b/../../../up", tarfile.REGTYPE, ""),
        ("pipe", tarfile.FIFOTYPE, ""),
        ("device", tarfile.CHRTYPE, ""),
    ],
)
def test_what_leaves_the_folder_is_refused_before_anything_is_written(
    member: tuple[str, bytes, str], tmp_path: Path
) -> None:
    with pytest.raises(OutsideTheFolder):
        unpack(archive(("good", tarfile.REGTYPE, ""), member), tmp_path / "in")
    assert not (tmp_path / "in").exists()


def test_nothing_is_reached_through_a_link(tmp_path: Path) -> None:
    up = ("a/b/link", tarfile.SYMTYPE, "../..")
    for member in (("a/out", tarfile.SYMTYPE, "b/link/.."), ("a/b/link/file", tarfile.REGTYPE, "")):
        with pytest.raises(OutsideTheFolder):
            unpack(archive(up, member), tmp_path / "in")
