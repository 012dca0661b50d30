"""An image as an archive in OCI's layout, as a release has it: read without an engine."""

import json
import posixpath
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from supplychain import image
from supplychain.subjects import Subject

_INDEXES: Final = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
}
_HIDDEN: Final = ".wh."
"""Before the name of a file that a layer takes away (OCI's image specification: whiteouts)."""
_EMPTIED: Final = ".wh..wh..opq"
"""In a folder of which a layer takes everything away that the layers below it have there."""


def manifest(archive: Path) -> tuple[str, dict[str, Any]]:
    """Return digest and manifest of the only image in an archive. Raises LookupError where there is not one."""
    with tarfile.open(archive) as blobs:
        index = json.load(_opened(blobs, "index.json"))
        while True:
            entries = index["manifests"]
            if len(entries) != 1:
                raise LookupError(f"{archive.name} has {len(entries)} images, and not one")
            digest = str(entries[0]["digest"])
            found: dict[str, Any] = json.load(_opened(blobs, _place(digest)))
            if found.get("mediaType", entries[0].get("mediaType")) not in _INDEXES:
                return digest, found
            index = found


def configuration(archive: Path) -> dict[str, Any]:
    """Return what the image says of itself: its user, labels and commands below ``config``."""
    _, told = manifest(archive)
    with tarfile.open(archive) as blobs:
        found: dict[str, Any] = json.load(_opened(blobs, _place(told["config"]["digest"])))
    return found


def files(archive: Path) -> dict[str, str]:
    """Return those files of the image that say what is in it, by path, as its layers leave them one above another."""
    _, told = manifest(archive)
    found: dict[str, str] = {}
    with tarfile.open(archive) as blobs:
        for entry in told["layers"]:
            with tarfile.open(fileobj=_opened(blobs, _place(entry["digest"])), mode="r|*") as layer:
                removed, added = _changes(layer)
            kept = {name: text for name, text in found.items() if not _is_below(name, removed)}
            found = {**kept, **added}
    return found


def subject(archive: Path, reference: str, found: Mapping[str, str]) -> Subject:
    """Return the image, by its digest and its identity."""
    digest, told = manifest(archive)
    name, _, tag = reference.rpartition("/")[2].partition(":")
    properties = {
        "reference": reference,
        "imageId": told["config"]["digest"],
        "digest": digest,
        "notListed": image.lacking(found),
    }
    return Subject(name, tag or "latest", "container", properties=properties)


def _changes(layer: tarfile.TarFile) -> tuple[set[str], dict[str, str]]:
    """Return the paths that a layer takes away, with all that lies below them, and the telling files that it brings."""
    removed: set[str] = set()
    added: dict[str, str] = {}
    for member in layer:
        name = posixpath.normpath(member.name).lstrip("/")
        folder, base = posixpath.split(name)
        if base == _EMPTIED:
            removed.add(folder)
        elif base.startswith(_HIDDEN):
            removed.add(posixpath.join(folder, base.removeprefix(_HIDDEN)))
        else:
            if not member.isdir():
                removed.add(name)
            if image.tells(member, name):
                added[name] = image.text_of(layer, member)
    return removed, added


def _is_below(name: str, removed: set[str]) -> bool:
    parts = name.split("/")
    return any("/".join(parts[:depth]) in removed for depth in range(len(parts) + 1))


def _opened(blobs: tarfile.TarFile, name: str) -> Any:
    found = blobs.extractfile(name)
    if found is None:
        raise LookupError(f"{name} of an image is no file")
    return found


def _place(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"
