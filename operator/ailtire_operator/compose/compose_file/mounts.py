"""Translates mounts of a service: volumes, memory, scratch space, files of the project; never paths of a host."""

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator import naming
from ailtire_operator.compose.compose_file import embedded_files
from ailtire_operator.compose.compose_file.entry import Entry
from ailtire_operator.compose.compose_file.project_files import ProjectFiles
from ailtire_operator.compose.compose_file.project_volumes import ProjectVolumes
from ailtire_operator.compose.scalars import accepts, memory, whole
from ailtire_operator.model.field_path import FieldPath
from ailtire_operator.model.host_paths import Reach, reach
from ailtire_operator.model.service import VolumeMount
from ailtire_operator.model.values import AbsolutePath, ImageReference

_TARGET: Final = TypeAdapter(AbsolutePath)
_IMAGE: Final = TypeAdapter(ImageReference)

_KEY_LIMIT: Final = 63
_MODE: Final = re.compile(r"[0-7]{1,4}")
_FILES_LIMIT: Final = 32
"""Configs of one service; more files are in a volume."""
_CLOCKS: Final = frozenset({"/etc/localtime", "/etc/timezone"})
_PROTECTIVE: Final = re.compile(
    r"(?:^|[/._-])(?:htpasswd|htdigest|passwd|passwords?|auth|acls?|users|pg_hba|firewall|iptables|nftables|allow(?:list)?"
    r"|deny|whitelist|blacklist|blocklist|sudoers|authorized_keys|rbac|polic(?:y|ies)|permissions)(?:[/. ]|$)",
    re.IGNORECASE,
)
"""Names of files that control access."""
_OF_SYSTEM: Final = frozenset({"/etc/passwd", "/etc/group", "/etc/shadow"})
"""Files with the names of users."""
_SYSTEM: Final = ("/proc", "/sys", "/dev", "/run", "/var/run", "/etc", "/boot", "/lib", "/usr", "/var/lib/docker")
"""Folders with the state of a host, for which an empty volume would be wrong."""


class Mounts:
    """The mounts of one service."""

    def __init__(self, service: Entry, volumes: ProjectVolumes, files: ProjectFiles) -> None:
        self._service = service
        self._key = str(service.location[-1])
        self._all = volumes
        self._files = files
        self._targets: set[str] = set()
        self.volumes: dict[str, Any] = {}
        self.tmpfs: dict[str, Any] = {}
        self.configs: dict[str, Any] = {}
        for entry in service.items("volumes"):
            self._mount(entry)
        for index, written in enumerate(service.texts("tmpfs")):
            self._memory(written, index)

    def _mount(self, entry: Entry) -> None:
        kind, source, target = entry.take("type"), entry.take("source"), str(entry.take("target") or "")
        read_only = bool(entry.take("read_only"))
        if not self._is_free(target, entry.path):
            return
        fields: dict[str, Any] = {"target": target} | ({"readOnly": True} if read_only else {})
        match kind:
            case "volume" | "cluster":
                self._volume(entry, source, fields)
            case "tmpfs":
                details = entry.inner("tmpfs")
                self._tmpfs(target, details.take("size"), whole(details.take("mode")))
            case "bind":
                self._bind(entry, str(source), fields)
            case "image" if accepts(_IMAGE, source):
                fields.pop("readOnly", None)
                path = entry.inner("image").take("subpath")
                entry.put(VolumeMount, fields, "subPath", path, "image", "subpath")
                self._add(str(source), {"image": source, **fields})
            case _:
                message = f"a mount of type '{kind}' is not supported; it is left out."
                entry.report.rejected(entry.where("type"), message)

    def _is_free(self, target: str, path: FieldPath) -> bool:
        """Whether the path is absolute and nothing else is mounted there yet."""
        plain = target.rstrip("/") or target
        if not accepts(_TARGET, target) or target == "/":
            self._service.report.rejected(path, f"'{target}' is not a mount path; it is left out.")
            return False
        if plain in self._targets:
            self._service.report.rejected(path, f"something else is mounted at '{target}' already; it is left out.")
            return False
        self._targets.add(plain)
        return True

    def _volume(self, entry: Entry, source: Any, fields: dict[str, Any]) -> None:
        details = entry.inner("volume")
        if details.take("nocopy"):
            fields["nocopy"] = True
        elif source:
            entry.note("volume", "nocopy")
        entry.put(VolumeMount, fields, "subPath", details.take("subpath"), "volume", "subpath")
        if not source:
            message = "a volume without a name has the lifetime of the pod."
            entry.report.approximate(entry.path, message, "Name it if the data must be kept.")
            self._add(str(fields["target"]), fields)
            return
        key = self._all.use(str(source), self._key)
        self._add(key, {"source": key, **fields})

    def _bind(self, entry: Entry, source: str, fields: dict[str, Any]) -> None:
        """Translate a bind mount: small files of the project become configs, other folders volumes."""
        path, report = entry.path, entry.report
        details = entry.inner("bind")
        for key in ("create_host_path", "propagation", "recursive", "selinux"):
            if details.take(key) not in (None, True, "rprivate", "private", "enabled"):
                details.note(key)
        if reach(source) is Reach.SOCKET:
            message = "Kubernetes has no Docker socket: it is not mounted."
            report.add(path, "gated", message, "Run the service elsewhere, or turn off its use of Docker.")
            return
        if source in _CLOCKS:
            report.ignored(path, "containers use UTC.", "Set TZ in environment.")
        elif reach(source) is Reach.ABOVE or _is_system(source):
            message = f"'{source}' is a path of the node, which stacks cannot access; it is not mounted."
            report.add(path, "gated", message, "Ask the administrator to run it as a DaemonSet.")
            self._close(entry, "it is a part of the node", source, str(fields["target"]))
        else:
            self._project_path(entry, source, fields)

    def _project_path(self, entry: Entry, source: str, fields: dict[str, Any]) -> None:
        target, name = str(fields["target"]), PurePosixPath(source).name
        root = self._all.root_of(source)
        if root is not None and not _is_file(source, target):
            self._nested(entry, source, root, fields)
            return
        if "readOnly" not in fields and self._files.is_writable(Path(source)):
            self._writable(entry, source, fields)
            return
        packed = self._files.pack(Path(source))
        if len(self.configs) + (len(packed) if isinstance(packed, list) else 0) > _FILES_LIMIT:
            packed = "it holds too many files"
        if isinstance(packed, str) and self._files.is_writable(Path(source)):  # a volume can be larger
            self._writable(entry, source, fields)
            return
        if isinstance(packed, list) and packed:
            for each in packed:
                key = self._files.add(f"{name}-{each.name}" if each.name else name, each.content)
                self.configs[key] = embedded_files.config(each, target, key)
            what = "the file" if not packed[0].name else f"the folder's {len(packed)} files"
            self._report_packed(entry, what, is_read="readOnly" in fields)
            return
        why = packed if isinstance(packed, str) else "it does not exist"
        self._close(entry, why, name, target)
        if _is_file(source, target):
            message = f"the host's file '{name}' cannot be embedded in the stack: {why}; it is not mounted."
            remedy = "Use secrets or configs, or build it into the image."
            entry.report.rejected(entry.path, message, remedy)
            return
        key = self._all.use_folder(source, self._key)
        message = f"the host's folder became the volume '{key}', which starts empty, without files of the host."
        remedy = f"Set spec.data.{key}.size, and copy the files if they are needed."
        entry.report.approximate(entry.path, message, remedy)
        self._add(key, {"source": key, **fields})

    def _report_packed(self, entry: Entry, what: str, *, is_read: bool) -> None:
        if is_read:
            entry.report.resolved(entry.path, f"{what} became configs of the stack, with their current content.")
            return
        message = f"{what} became configs of the stack, which the container cannot write."
        entry.report.approximate(entry.path, message, "Import again when it changes.")

    def _nested(self, entry: Entry, source: str, root: str, fields: dict[str, Any]) -> None:
        """A folder inside another mounted folder: a sub-path of the same volume, so that both have the same files."""
        part = PurePosixPath(source).relative_to(root).as_posix()
        key = self._all.use_folder(root, self._key)
        if not os.path.isdir(source):  # noqa: PTH112  # unlike Path's, it takes any name
            self._close(entry, "it does not exist", part, str(fields["target"]))
        message = f"the host's folder is '{part}' of the volume '{key}', as its parent folder is mounted too."
        entry.report.approximate(entry.path, message, f"Set spec.data.{key}.size to what it needs.")
        self._add(key, {"source": key, **fields, "subPath": part})

    def _writable(self, entry: Entry, source: str, fields: dict[str, Any]) -> None:
        """A folder, or a file that a program writes: a volume, filled once with the current files."""
        name, is_file = PurePosixPath(source).name, os.path.isfile(source)  # noqa: PTH113  # it takes any name
        seed = self._files.seed(Path(source))
        key = self._all.use_folder(source, self._key)
        size = f"Set spec.data.{key}.size to what it needs."
        if isinstance(seed, str):
            self._close(entry, seed, name, str(fields["target"]))
            message = f"the host's '{name}' became the volume '{key}', which starts empty: {seed}."
            entry.report.approximate(entry.path, message, f"{size} Copy the files if they are needed.")
        elif seed.archive:
            self._all.data[key]["seed"] = self._files.add(f"{key}-seed", {"binaryContent": seed.archive})
            count = "1 file" if seed.count == 1 else f"{seed.count} files"
            message = (
                f"the host's '{name}' became the volume '{key}', filled once with {count}; later edits have no effect."
            )
            entry.report.approximate(entry.path, message, size)
        else:
            message = f"the host's '{name}' became the volume '{key}', which starts empty, without files of the host."
            entry.report.approximate(entry.path, message, size)
        for left_out, reason in () if isinstance(seed, str) else seed.left_out:
            self._close(entry, f"it {reason}", left_out)
            entry.report.rejected(entry.path, f"'{left_out}' is not in the volume '{key}': it {reason}.")
        self._add(key, {"source": key, **fields} | ({"subPath": name} if is_file else {}))

    def _close(self, entry: Entry, why: str, *names: str) -> None:
        """Keep a service from running without a host file that may control access."""
        if any(map(_PROTECTIVE.search, (*names, why))) and not _OF_SYSTEM.issuperset(names):
            where = ("volumes", entry.location[-1])
            remedy = "Use secrets or configs of the project."
            self._service.close_service(f"the mounted file may control access, and {why}", *where, remedy=remedy)

    def _memory(self, written: str, index: int) -> None:
        """``/run:size=64m,mode=1777``"""
        target, _, options = written.partition(":")
        path = self._service.where("tmpfs", index)
        if not self._is_free(target, path):
            return
        given = dict(option.partition("=")[::2] for option in options.split(",") if option)
        size, mode = given.pop("size", None), given.pop("mode", None)
        if size and memory(size) is None:
            message = f"'size={size}' is not a number of bytes; only the container's memory limit applies."
            self._service.report.approximate(path, message, "Write a size such as 64m.")
        if mode and not _MODE.fullmatch(mode):
            self._service.report.rejected(path, f"'mode={mode}' is not a file mode; everybody may write.")
        for name in sorted(given.keys() - {"rw"}):
            message = f"the option '{name}' has no effect: everybody may write and execute files there."
            self._service.report.ignored(path, message)
        self._tmpfs(target, size, int(mode, 8) if mode and _MODE.fullmatch(mode) else None)

    def _tmpfs(self, target: str, size: Any, mode: int | None) -> None:
        bound = memory(size) if size else None
        fields = {"size": bound} if bound and bound != "0" else {}
        self.tmpfs[target] = fields | ({"mode": mode} if mode else {})

    def _add(self, written: str, fields: dict[str, Any]) -> None:
        """Add a mount under a unique name."""
        plain = naming.shorten(naming.sanitize(written), _KEY_LIMIT - 4)
        names = (plain, *(f"{plain}-{index}" for index in range(2, 999)))
        self.volumes[next(name for name in names if name not in self.volumes)] = fields


def writable_folders(services: Mapping[str, Any]) -> frozenset[str]:
    """The host folders that some service mounts writable, which become volumes."""
    found = set()
    for service in services.values():
        for mount in service.get("volumes") or ():
            source, target = str(mount.get("source")), str(mount.get("target"))
            if mount.get("type") == "bind" and not mount.get("read_only") and not _is_file(source, target):
                found.add(source)
    return frozenset(each for each in found if reach(each) is Reach.NOTHING and not _is_system(each))


def _is_system(path: str) -> bool:
    return any(path == each or path.startswith(f"{each}/") for each in _SYSTEM)


def _is_file(source: str, target: str) -> bool:
    """Whether a mount is a single file: it exists as a file, or both paths look like one."""
    if os.path.isdir(source):  # noqa: PTH112  # unlike Path's, it takes any name
        return False
    return os.path.isfile(source) or _is_file_name(source) or _is_file_name(target)  # noqa: PTH113


def _is_file_name(path: str) -> bool:
    """Whether a path looks like a single file's; ``conf.d`` is a folder."""
    return PurePosixPath(path).suffix not in ("", ".d")
