"""Translates volumes of a project to data of the stack: claims, external claims, NFS folders."""

import re
from pathlib import PurePosixPath
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator import naming
from ailtire_operator.compose.compose_file.entry import Entry
from ailtire_operator.compose.compose_file.labels import metadata
from ailtire_operator.compose.scalars import accepts, memory
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.model.values import ObjectName, PositiveQuantity
from ailtire_operator.model.volumes import Data, Nfs

_SIZE: Final = TypeAdapter(PositiveQuantity)
_NAME: Final = TypeAdapter(ObjectName)
_NFS: Final = TypeAdapter(Nfs)
_VOLUMES: Final = FieldPath("volumes")
_KEY_LIMIT: Final = 63
_DEFAULT_SIZE: Final = "1Gi"
_KOMPOSE: Final = "kompose."
_KOMPOSE_FIELDS: Final = {"volume.size": "size", "volume.storage-class-name": "storageClass"}
_KOMPOSE_REASON: Final = ("volumes of a stack do not support it.", "See spec.data.")
_SLOT: Final = re.compile(r"\{\{-?\s*\.Task\.Slot\s*-?\}\}")
_PLACEHOLDER: Final = re.compile(r"\{\{[^{}]{0,200}\}\}")
_NFS_OPTIONS: Final = frozenset({"addr", "ro", "rw", ""})
"""Mount options that become part of the volume."""
_MODES: Final = {
    ("single", "none"): "ReadWriteOnce",
    ("single", "readonly"): "ReadWriteOnce",
    ("single", "onewriter"): "ReadWriteOnce",
    ("single", "all"): "ReadWriteOnce",
    ("multi", "none"): "ReadWriteOncePod",
    ("multi", "readonly"): "ReadOnlyMany",
    ("multi", "onewriter"): "ReadWriteMany",
    ("multi", "all"): "ReadWriteMany",
}
"""Access modes by scope and sharing of Swarm's cluster volumes."""


class ProjectVolumes:
    """The volumes of a project; mounts may add to them."""

    def __init__(self, top: Entry, project: str) -> None:
        self.data: dict[str, dict[str, Any]] = {}
        self._users: dict[str, set[str]] = {}
        self._folders: dict[str, str] = {}
        self._report = top.report
        self.writable: frozenset[str] = frozenset()
        """Host folders that services mount writable."""
        for key, entry in top.each("volumes"):
            self.data[naming.shorten(key, _KEY_LIMIT)] = _declared(key, entry, project)

    def use(self, source: str, service: str) -> str:
        """The key of a volume that a service mounts."""
        key = naming.shorten(source, _KEY_LIMIT)
        self.data.setdefault(key, {})
        self._users.setdefault(key, set()).add(service)
        return key

    def use_folder(self, path: str, service: str) -> str:
        """The key of the volume for a host folder, unique for each folder."""
        if path not in self._folders:
            plain = naming.shorten(naming.sanitize(PurePosixPath(path).name or path), _KEY_LIMIT)
            parent = naming.sanitize(PurePosixPath(path).parent.name)
            further = (naming.shorten(f"{parent}-{plain}", _KEY_LIMIT), f"{plain[:50]}-{naming.digest(path)}")
            self._folders[path] = next(key for key in (plain, *further) if key not in self.data)
        return self.use(self._folders[path], service)

    def root_of(self, path: str) -> str | None:
        """The outermost writable folder of the host that a path lies in; None if there is none."""
        return next((str(each) for each in reversed(PurePosixPath(path).parents) if str(each) in self.writable), None)

    def report_shared(self) -> None:
        """Report volumes that several services mount and only one node at a time can."""
        for key, users in self._users.items():
            if len(users) > 1 and self.data[key].get("perReplica"):
                message = f"the replicas of {', '.join(sorted(users))} each have their own volume, and do not share it."
                self._report.approximate(path_of(_VOLUMES, key), message, "Use a volume without the slot in its name.")
            elif len(users) > 1 and not self.data[key].keys() & {"mode", "claim", "nfs"}:
                message = f"{', '.join(sorted(users))} share this volume, which only one node at a time can mount."
                remedy = f"Set spec.data.{key}.mode to ReadWriteMany where the cluster has such storage."
                self._report.approximate(path_of(_VOLUMES, key), message, remedy)


def _declared(key: str, entry: Entry, project: str) -> dict[str, Any]:
    name, driver, options = entry.take("name"), entry.take("driver"), entry.take("driver_opts") or {}
    labels = entry.take("labels") or {}
    if entry.take("external"):
        claim = naming.shorten(naming.sanitize(str(name or key)), 253)
        if claim != name:
            message = f"'{name}' is not a valid name of a claim; '{claim}' is mounted."
            entry.report.approximate(entry.where("name"), message, "Create it under that name.")
        what = "See to it that these are there, as the file calls them external"
        entry.report.required(entry.where("external"), what, f"PersistentVolumeClaim {claim}")
        return {"claim": claim}
    per_replica = _SLOT.search(str(name))
    if name and name != f"{project}_{key}":
        _report_name(str(name), entry)
    if nfs := _nfs(options):
        _report_nfs(options, labels, entry)
        return {"nfs": nfs}
    fields: dict[str, Any] = {}
    if driver not in (None, "local"):
        entry.note("driver")
    for option, value in options.items():
        if option == "size" and memory(value):
            entry.report.resolved(entry.where("driver_opts", option), f"'{value}' is the requested size of the claim.")
        else:
            entry.note("driver_opts", option)
    size = memory(options.get("size") or labels.get(f"{_KOMPOSE}volume.size") or "")
    storage_class = labels.get(f"{_KOMPOSE}volume.storage-class-name")
    if storage_class and accepts(_NAME, storage_class):
        fields["storageClass"] = storage_class
    if size and accepts(_SIZE, size):
        fields["size"] = size
    if per_replica:
        fields["perReplica"] = True
        message = f"every replica has its own volume, by '{per_replica[0]}' in its name."
        entry.report.resolved(entry.where("name"), message)
    fields |= _cluster(entry.inner("x-cluster-spec"))
    entry.put(Data, fields, "labels", metadata(_kept(labels, fields, entry), entry, "labels"), "labels")
    if "size" not in fields:
        message = f"Docker does not limit volumes; this one requests {_DEFAULT_SIZE}."
        entry.report.approximate(entry.path, message, f"Set spec.data.{key}.size to what it needs.")
    return fields


def _report_name(name: str, entry: Entry) -> None:
    """Report placeholders in a volume's name, which make several volumes of it."""
    placeholders = [each[0] for each in _PLACEHOLDER.finditer(name) if not _SLOT.fullmatch(each[0])]
    if placeholders:
        message = f"{', '.join(placeholders)} in its name makes several volumes in Swarm; here it has no effect."
        remedy = "Set perReplica: true in spec.data if each replica needs its own."
        entry.report.approximate(entry.where("name"), message, remedy)
    elif not _SLOT.search(name):
        entry.note("name")


def _report_nfs(options: dict[str, Any], labels: dict[str, Any], entry: Entry) -> None:
    """Report options of an NFS volume: its pods use the mount options of their node."""
    entry.report.resolved(entry.where("driver_opts"), "the server's folder is mounted directly, without a claim.")
    for key in options.keys() - {"type", "o", "device"}:
        entry.note("driver_opts", key)
    written = [each.strip() for each in str(options.get("o") or "").split(",")]
    if lost := [each for each in written if each.partition("=")[0] not in _NFS_OPTIONS]:
        message = f"the options {', '.join(lost)} have no effect: the node's own mount options apply."
        remedy = "Make a PersistentVolume with these mountOptions and a claim, and name the claim in spec.data."
        entry.report.approximate(entry.where("driver_opts", "o"), message, remedy)
    for name in labels:
        entry.report.ignored(entry.where("labels", name), "an NFS folder has no claim for labels.")


def _kept(labels: dict[str, Any], fields: dict[str, Any], entry: Entry) -> dict[str, Any]:
    """The labels without kompose's; unused ones of kompose are reported."""
    for name in labels:
        taken = _KOMPOSE_FIELDS.get(name.removeprefix(_KOMPOSE), "") in fields
        if name.startswith(_KOMPOSE) and not taken:
            entry.report.ignored(entry.where("labels", name), *_KOMPOSE_REASON)
    return {name: value for name, value in labels.items() if not name.startswith(_KOMPOSE)}


def _nfs(options: dict[str, Any]) -> dict[str, Any]:
    """The folder of an NFS server that the local driver would mount; empty for other options."""
    if str(options.get("type")) not in ("nfs", "nfs4"):
        return {}
    given = dict(each.partition("=")[::2] for each in str(options.get("o") or "").split(","))
    host, colon, path = str(options.get("device") or "").rpartition(":")
    fields: dict[str, Any] = {"server": given.get("addr") or host, "path": path}
    if "ro" in given:
        fields["readOnly"] = True
    return fields if colon and accepts(_NFS, fields) else {}


def _cluster(entry: Entry) -> dict[str, Any]:
    """Size and access mode of a volume of Swarm's cluster driver."""
    fields: dict[str, Any] = {}
    access, capacity = entry.inner("access_mode"), entry.inner("capacity_range")
    if "block_volume" in access.data:  # an empty map says it already
        access.take("block_volume")
        access.note("block_volume")
    scope, sharing = access.take("scope"), access.take("sharing")
    if scope or sharing:
        known = _MODES.get((str(scope or "single"), str(sharing or "none")))
        fields["mode"] = known or "ReadWriteOnce"
        if known is None:
            message = f"'{scope}' and '{sharing}' are not a valid scope and sharing; one node at a time can mount it."
            access.report.rejected(access.where("scope" if scope else "sharing"), message)
    for key, field in (("required_bytes", "size"), ("limit_bytes", "sizeLimit")):
        size = capacity.parsed(key, memory, "a size")
        if size and accepts(_SIZE, size):
            fields[field] = size
    return fields
