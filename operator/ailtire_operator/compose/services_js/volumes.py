"""Translates volumes of services.js: named ones and host paths become data of the stack."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator import naming
from ailtire_operator.compose.reporting import Report, described
from ailtire_operator.compose.scalars import accepts
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.model.host_paths import Reach, reach
from ailtire_operator.model.stack import Data
from ailtire_operator.model.values import AbsolutePath

_DATA: Final = TypeAdapter(Data)
_TARGET: Final = TypeAdapter(AbsolutePath)
_KEY_LIMIT: Final = 63
_KEYS: Final = ("source", "target", "readOnly", "read_only", "type")


class Volumes:
    """The volumes of one stack: every named one and every host path is one entry of its data."""

    def __init__(self, path: FieldPath, report: Report) -> None:
        self._path = path
        self._report = report
        self.data: dict[str, dict[str, Any]] = {}

    def declare(self, value: Any) -> None:
        """``data`` of the stack, read in the model's form, as upstream does not define one."""
        path = path_of(self._path, "data")
        for key, entry in self._report.mapping(value, path).items():
            fields = self._report.mapping(entry, path_of(path, key))
            if not 1 <= len(key) <= _KEY_LIMIT:
                self._report.rejected(
                    path_of(path, key), f"a volume's name has at most {_KEY_LIMIT} characters; it is left out."
                )
            elif accepts(_DATA, fields):
                self.data[key] = fields
            else:
                self.data[key] = {}
                self._report.rejected(
                    path_of(path, key),
                    f"{described(entry)} does not describe a volume; it gets the default size and class.",
                    "Describe it as in spec.data: size, storageClass, mode, retain.",
                )

    def mounts(self, value: Any, path: FieldPath) -> dict[str, dict[str, Any]]:
        """The mounts of a plain service."""
        result: dict[str, dict[str, Any]] = {}
        for key, mount in _entries(value, path, self._report):
            where = path_of(path, key)
            target, source = mount.get("target"), mount.get("source")
            self._report.unknown(mount, _KEYS, where)
            if not accepts(_TARGET, target) or not isinstance(source, str | None):
                self._report.rejected(
                    where, f"{described(mount)} is not a volume with a target in the container; it is left out."
                )
                continue
            name = naming.shorten(key, _KEY_LIMIT)
            result[name] = {"source": self._source(source, key, where)} if source else {}
            result[name]["target"] = target
            if mount.get("readOnly") or mount.get("read_only"):
                result[name]["readOnly"] = True
        return result

    def unused(self, value: Any, path: FieldPath) -> None:
        """Report the volumes of a stack service, which has no container to mount them."""
        for key, mount in _entries(value, path, self._report):
            if reach(str(mount.get("source") or ".")) is Reach.SOCKET:
                self._report.ignored(
                    path_of(path, key), "the operator replaces the stack container, which needed the Docker socket."
                )
            else:
                self._report.ignored(
                    path_of(path, key),
                    "there is no stack container that could mount it.",
                    "Mount it in the service of the child stack that needs it.",
                )

    def _source(self, source: str, key: str, path: FieldPath) -> str:
        """The mount's source in the spec."""
        if source.startswith("/") and reach(source) is Reach.SOCKET:
            self._report.ignored(
                path,
                "Kubernetes has no Docker socket: the operator does not mount it and reports it in the status.",
                "Remove it once the service no longer starts containers itself.",
            )
            return source
        if not source.startswith(("/", ".", "~")) and "/" not in source:
            return self._declare(naming.shorten(source, _KEY_LIMIT))
        name = self._declare(naming.shorten(naming.sanitize(source), _KEY_LIMIT))
        self._report.approximate(
            path,
            f"the host's path '{source}' became the volume '{name}', which starts empty, without files of the host.",
            f"Set its size in {self._path}.data, and copy the files if they are needed.",
        )
        return name

    def _declare(self, name: str) -> str:
        """The volume's key in the stack's data; spellings with the same sanitized name are one volume."""
        same = next((other for other in self.data if naming.sanitize(other) == naming.sanitize(name)), name)
        self.data.setdefault(same, {})
        return same


def _entries(value: Any, path: FieldPath, report: Report) -> list[tuple[str, Mapping[str, Any]]]:
    """Volumes by key, each as a map; Compose's list and its short form (``source:target:ro``) as well."""
    entries = (
        {str(index): each for index, each in enumerate(value)}
        if isinstance(value, list)
        else report.mapping(value, path)
    )
    return [
        (key or "volume", _short(each) if isinstance(each, str) else report.mapping(each, path_of(path, key)))
        for key, each in entries.items()
    ]


def _short(text: str) -> dict[str, Any]:
    source, colon, rest = text.partition(":")
    if not colon:
        return {"target": text}
    target, _, mode = rest.partition(":")
    return {"source": source, "target": target, **({"readOnly": True} if "ro" in mode.split(",") else {})}
