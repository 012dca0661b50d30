"""What is wrong around the spec of a resource, where the models do not look: judged as the API server judges it."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.model.field_path import METADATA, SPEC, WHOLE, FieldPath, path_of
from ailtire_operator.model.keys import QUALIFIED_PATTERN
from ailtire_operator.model.problems import FieldError

_TOP_LEVEL: Final = ("apiVersion", "kind", "metadata", "spec", "status")
_METADATA: Final = (
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
)
_QUALIFIED: Final = re.compile(QUALIFIED_PATTERN)
_VALUE: Final = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_NAMESPACE: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_LIMIT: Final = 63
_PREFIX_LIMIT: Final = 253
_ANNOTATIONS_LIMIT: Final = 256 * 1024


def problems(resource: Mapping[str, Any]) -> Iterator[FieldError]:
    """Everything but the spec's own content; without a name there is nothing more to say."""
    version = resource.get("apiVersion")
    if version != naming.API_VERSION:
        yield FieldError(FieldPath("apiVersion"), f"'{version}' is unknown; this program reads {naming.API_VERSION}")
    for key in resource:
        if key not in _TOP_LEVEL:
            below = "; the definition stands below spec"
            yield FieldError(path_of(WHOLE, key), f"unknown field{_meant(key, _TOP_LEVEL)}{below}", of_key=True)
    if resource.get("spec") is None:
        yield FieldError(SPEC, "is required; the definition stands below it")
    metadata = resource.get("metadata")
    if not isinstance(metadata, dict) or not metadata.get("name"):
        yield FieldError(path_of(METADATA, "name"), "a stack needs a name")
        return
    yield from _of_metadata(metadata)
    if _has_place(resource.get("spec")) and not metadata.get("uid"):
        sentence = "is written by the operator alone, into child stacks; leave it out of a stack of your own"
        yield FieldError(path_of(SPEC, "place"), sentence, of_key=True)


def _has_place(spec: Any) -> bool:
    """Whether a spec has what an admission policy refuses from anybody but the operator.

    A child that was read from the cluster, with its uid, may be applied with the place that it has.
    """
    return isinstance(spec, dict) and spec.get("place") is not None


def _of_metadata(metadata: Mapping[str, Any]) -> Iterator[FieldError]:
    for key in metadata:
        if key not in _METADATA:
            yield FieldError(path_of(METADATA, key), f"unknown field{_meant(key, _METADATA)}", of_key=True)
    for key in ("name", "namespace"):
        if not isinstance(metadata.get(key) or "", str):
            yield FieldError(path_of(METADATA, key), "must be a string (quote it)")
    namespace = metadata.get("namespace") or ""
    if isinstance(namespace, str) and namespace and not _is_label(namespace, _NAMESPACE):
        yield FieldError(
            path_of(METADATA, "namespace"), "is no namespace's name: at most 63 of a-z, 0-9 and -, no hyphen outside"
        )
    yield from _finalizers(metadata.get("finalizers"))
    yield from _labels(metadata.get("labels"))
    yield from _annotations(metadata.get("annotations"))


def _finalizers(finalizers: Any) -> Iterator[FieldError]:
    if not isinstance(finalizers, list | None):
        yield FieldError(path_of(METADATA, "finalizers"), "must be a list of texts")
        return
    for index, each in enumerate(finalizers or ()):
        if not isinstance(each, str) or not _is_qualified(each):
            yield FieldError(path_of(METADATA, "finalizers", index), "is no finalizer's name: example.com/name")


def _labels(labels: Any) -> Iterator[FieldError]:
    for key, value in _texts("labels", labels):
        if isinstance(value, FieldError):
            yield value
            continue
        path = path_of(METADATA, "labels", key)
        if not _is_qualified(key):
            yield FieldError(path, "is no label's name: app, or example.com/app", of_key=True)
        if not _is_label(value, _VALUE):
            message = "is no label's value: at most 63 letters, digits, -, _ and ., the first and last no sign"
            yield FieldError(path, message)


def _annotations(annotations: Any) -> Iterator[FieldError]:
    size = 0
    for key, value in _texts("annotations", annotations):
        if isinstance(value, FieldError):
            yield value
            continue
        size += len(key.encode()) + len(value.encode())
        if not _is_qualified(key.lower()):
            path = path_of(METADATA, "annotations", key)
            yield FieldError(path, "is no annotation's name: note, or example.com/note", of_key=True)
    if size > _ANNOTATIONS_LIMIT:
        yield FieldError(path_of(METADATA, "annotations"), "annotations have at most 256 KiB together")


def _texts(field: str, entries: Any) -> Iterator[tuple[str, Any]]:
    """The entries of a map of texts; a FieldError in place of what is none. Null is an empty text to the API server."""
    path = path_of(METADATA, field)
    if not isinstance(entries, dict | None):
        yield "", FieldError(path, "must be texts by name")
        return
    for key, value in (entries or {}).items():
        if isinstance(value, str | None):
            yield key, value or ""
        else:
            yield key, FieldError(path_of(path, key), "must be a string (quote numbers, yes and no)")


def _is_label(text: str, pattern: re.Pattern[str]) -> bool:
    return len(text) <= _LABEL_LIMIT and pattern.fullmatch(text) is not None


def _is_qualified(key: str) -> bool:
    return _QUALIFIED.fullmatch(key) is not None and len(key.rpartition("/")[0]) <= _PREFIX_LIMIT


def _meant(key: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(key, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
