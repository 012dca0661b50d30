"""Labels and annotations: Kubernetes does not allow every text that Docker does."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator.compose.compose_file.entry import Entry
from ailtire_operator.compose.scalars import accepts
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.model.keys import MetadataKey

Labels = dict[str, tuple[str, FieldPath]]
"""By name: the value and its path."""
_KEY: Final = TypeAdapter(MetadataKey)
_VALUE_LIMIT: Final = 4096
_COUNT_LIMIT: Final = 32
_FOLDED: Final = frozenset({"traefik."})
"""Prefixes of case-insensitive labels."""


def begins(name: str, *prefixes: str) -> bool:
    """Whether a label begins with one of the prefixes, as its tool compares them."""
    return any((name.lower() if each in _FOLDED else name).startswith(each) for each in prefixes)


def metadata(written: Mapping[str, Any], entry: Entry, *keys: str) -> dict[str, str]:
    """The valid ones; the others are reported below ``keys``."""
    result: dict[str, str] = {}
    for name, value in written.items():
        text = "" if value is None else str(value)
        if not accepts(_KEY, name) or len(text) > _VALUE_LIMIT or len(result) >= _COUNT_LIMIT:
            message = "not a valid label or annotation in Kubernetes, or reserved; it is left out."
            entry.report.rejected(entry.where(*keys, name), message)
        else:
            result[name] = text
    return result


def labels_of(service: Mapping[str, Any], path: FieldPath, prefix: str) -> Labels:
    """The labels with a prefix, of the container or of the Swarm service."""
    result: Labels = {}
    for where, holder in ((path, service), (path_of(path, "deploy"), service.get("deploy") or {})):
        for name, value in (holder.get("labels") or {}).items():
            if begins(name, prefix):
                result[name] = ("" if value is None else str(value), path_of(where, "labels", name))
    return result
