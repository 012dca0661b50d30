"""From the API server's bytes to objects, each held to the bound on nesting by itself.

The API server takes objects that nest thousands of levels deep, in whatever its schema leaves open and in the list of
field managers. One of them must not make a whole list, or a line of a watch, unreadable. So what is too deep for the
decoder is cut out of the text first, and what is too deep for us out of the object: it keeps its name and its version,
the part that was cut is marked (``TooDeep``), and everything beside it is as it was.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import orjson

from ailtire_operator.model.nesting import NESTING_LIMIT, TooDeep, cut_off, is_deeper

_TEXT_LIMIT: Final = NESTING_LIMIT + 8
"""More than the limit by what stands around an object in a list or an event: what is cut here is found again there."""
_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.?)*+(?:"|\Z)|[\[{]|[\]}]', re.DOTALL)
"""A string, to its end or to that of the text, or a bracket: each byte is looked at once."""


def decode(data: bytes, *, bounded: bool = True) -> Any:
    """The value, in which no object nests deeper than the limit. Raises ValueError for what is no JSON.

    Where nobody reads what nests, it need not be ``bounded``, which is most of the work.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        value = orjson.loads(shallow(data, _TEXT_LIMIT))
    for each in _objects(value) if bounded else ():
        if is_deeper(each):
            _cut(each)
    return value


def shallow(data: bytes, limit: int) -> bytes:
    """JSON without the content of the maps and lists that are nested deeper than the limit, by one pass over it."""
    kept: list[bytes] = []
    start = depth = 0
    for match in _TOKEN.finditer(data):
        first = data[match.start()]
        if first in b"[{":
            depth += 1
            if depth == limit + 1:
                kept.append(data[start : match.end()])
        elif first in b"]}":
            if depth == limit + 1:
                start = match.start()
            depth -= 1
    return b"".join(kept) + (data[start:] if depth <= limit else b"")


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of a list, of a watch's event, or the one that the value is."""
    if not isinstance(value, dict):
        return
    items = value.get("items")
    event = value.get("object") if "type" in value else None
    for each in items if isinstance(items, list) else (event if isinstance(event, dict) else value,):
        if isinstance(each, dict):
            yield each


def _cut(obj: dict[str, Any]) -> None:
    """Cut off what is too deep, part by part."""
    for key, part in obj.items():
        if key == "metadata" and isinstance(part, dict):
            _forget_fields(part)
        # The object itself is the first level.
        location = cut_off(part, NESTING_LIMIT - 1)
        if location is not None and isinstance(part, dict):
            obj[key] = TooDeep(part, location)


def _forget_fields(metadata: dict[str, Any]) -> None:
    """Who holds the fields of an object says nothing of the object: an entry that is too deep holds nothing."""
    entries = metadata.get("managedFields")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and is_deeper(entry, NESTING_LIMIT - 3):
            entry["fieldsV1"] = {}
