"""Whether an answer is what was asked for: a success that is not (``200 {}`` of some proxy) is an error like any other.

Checked is what everybody here relies on: that an object says which one it is and of which version, that a list has its
items, and that an event of a watch is about an object.
"""

from collections.abc import Mapping
from typing import Any, Final

from ailtire_operator.cluster.decoding import decode
from ailtire_operator.cluster.errors import Unavailable, from_status

Json = dict[str, Any]

_OBJECT: Final = ("name", "uid", "resourceVersion")
_NOT_STORED: Final = ("name", "uid")
_ITEM: Final = ("name",)
"""Not every API gives its items more: those of metrics have neither uid nor version."""


def decoded(data: bytes, *, bounded: bool = True) -> Json:
    """The object that an answer, or a line of a watch, is. Raises Unavailable for anything else."""
    try:
        value = decode(data, bounded=bounded)
    except ValueError as error:
        raise Unavailable("the API server's answer is not the JSON that was expected") from error
    if not isinstance(value, dict):
        raise Unavailable("the API server's answer is not an object")
    return value


def checked(method: str, path: str, answer: Json, *, stored: bool = True) -> Json:
    """The answer to a request. Raises Unavailable for one that does not fit the method and the URL path.

    What is not ``stored`` (a dry run) has no version where it would be new.
    """
    kind = _resource(path)
    if kind is None:
        return answer
    _check(isinstance(answer.get("metadata"), dict), "the answer", "metadata")
    if method == "GET" and kind == "list":
        # An empty list may be null, as Go writes it.
        items = answer.get("items", _OBJECT)
        _check(items is None or isinstance(items, list), "the list", "items")
        for item in items or ():
            _check_object(item, _ITEM, "an item of the list")
    elif method in ("GET", "PUT", "PATCH"):
        _check_object(answer, _OBJECT if stored else _NOT_STORED, "the object")
    return answer


def version_of_list(answer: Json) -> str:
    """The resourceVersion of a list, from which a watch can go on. Raises Unavailable for a list without."""
    version = answer["metadata"].get("resourceVersion")
    _check(isinstance(version, str) and version != "", "the list", "metadata.resourceVersion")
    return str(version)


def event_of_watch(event: Mapping[str, Any]) -> tuple[str, Json]:
    """Type and object of an event. Raises Unavailable for what is none."""
    what, obj = event.get("type"), event.get("object")
    if not isinstance(what, str) or not isinstance(obj, dict):
        raise Unavailable("the API server's watch sent something that is no event")
    if what == "BOOKMARK":
        _check_object(obj, ("resourceVersion",), "the bookmark")
    elif what != "ERROR":
        _check_object(obj, _OBJECT, "the object of an event")
    return what, obj


def change_of_watch(event: Mapping[str, Any]) -> tuple[str, Json]:
    """Type and object of an event that is no error. Raises the ClusterError that an ERROR reports, and Unavailable."""
    what, obj = event_of_watch(event)
    if what == "ERROR":
        raise from_status(obj.get("code") or 500, obj)
    return what, obj


def _resource(path: str) -> str | None:
    """What the path of a request names: a ``list`` or an ``object``; None for what is no resource (``/version``)."""
    _, _, rest = path.partition("/api/v1/")
    if not rest and path.startswith("/apis/"):
        rest = path.removeprefix("/apis/").partition("/")[2].partition("/")[2]
    steps = [step for step in rest.split("/") if step]
    if not steps:
        return None
    if steps[0] == "namespaces" and len(steps) > 2:
        steps = steps[2:]
    return "list" if len(steps) == 1 else "object"


def _check_object(obj: object, needed: tuple[str, ...], what: str) -> None:
    metadata = obj.get("metadata") if isinstance(obj, dict) else None
    _check(isinstance(metadata, dict), what, "metadata")
    for name in needed:
        value = metadata.get(name) if isinstance(metadata, dict) else None
        _check(isinstance(value, str) and value != "", what, f"metadata.{name}")


def _check(fits: bool, what: str, path: str) -> None:
    if not fits:
        raise Unavailable(f"the API server's answer is not what was asked for: {what} has no {path}")
