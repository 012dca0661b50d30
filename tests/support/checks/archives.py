"""Tar archives written into a folder, and nowhere else: Python before 3.11.4 has no filter for that."""

import posixpath
import tarfile
from collections.abc import Collection
from itertools import accumulate
from pathlib import Path


class OutsideTheFolder(ValueError):
    """A member of an archive would be written, or would lead, out of the folder."""


def unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Write all members into the folder, which is new. Raises OutsideTheFolder, before anything is written."""
    members = archive.getmembers()
    links = {posixpath.normpath(each.name) for each in members if each.issym()}
    for each in members:
        _check(each, links)
    archive.extractall(folder, members)


def _check(member: tarfile.TarInfo, links: Collection[str]) -> None:
    """Only files, folders, and links, all of which stay in the folder."""
    if not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
        raise OutsideTheFolder(f"{member.name} is neither a file, nor a folder, nor a link")
    if _leaves(member.name, links):
        raise OutsideTheFolder(f"{member.name} leaves the folder")
    base = posixpath.dirname(member.name) if member.issym() else ""
    if member.linkname and _leaves(posixpath.join(base, member.linkname), links):
        raise OutsideTheFolder(f"{member.name} leads to {member.linkname}")


def _leaves(path: str, links: Collection[str]) -> bool:
    """Whether a path may be one outside; through another link it may be anywhere."""
    folders = accumulate(path.split("/")[:-1], posixpath.join)
    through = any(posixpath.normpath(each) in links for each in folders)
    return through or posixpath.isabs(path) or posixpath.normpath(path).split("/")[0] == ".."
