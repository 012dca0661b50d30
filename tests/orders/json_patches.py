"""JSON patches: test, add, replace and remove."""

from collections.abc import Sequence
from typing import Any

from ailtire_operator.cluster.managed_fields import pointer_keys
from orders.answers import failed_patch


def patched(obj: dict[str, Any], patch: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The object after a patch. Raises Refusal."""
    out: Any = obj
    for step in patch:
        keys = pointer_keys(step["path"])
        if step["op"] == "test":
            if _at(out, keys) != step["value"]:
                raise failed_patch(f"testing value {step['path']} failed")
        else:
            out = _changed(out, keys, step)
    return dict(out)


def _at(value: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def _changed(value: Any, keys: Sequence[str], step: dict[str, Any]) -> Any:
    """A copy of the value with one change in it."""
    key, below = keys[0], keys[1:]
    if isinstance(value, list):
        items = list(value)
        if below:
            items[int(key)] = _changed(items[int(key)], below, step)
        elif step["op"] == "add":
            items.insert(len(items) if key == "-" else int(key), step["value"])
        elif step["op"] == "replace":
            items[int(key)] = step["value"]
        elif int(key) < len(items):
            del items[int(key)]
        else:
            raise failed_patch(f"no item {key}")
        return items
    if not isinstance(value, dict) or (key not in value and (below or step["op"] == "remove")):
        raise failed_patch(f"no path {step['path']}")
    if below:
        return {**value, key: _changed(value[key], below, step)}
    if step["op"] == "remove":
        return {name: each for name, each in value.items() if name != key}
    return {**value, key: step["value"]}
