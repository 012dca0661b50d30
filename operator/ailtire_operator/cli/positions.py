"""Where in a text a value of a definition stands: looked for when something is wrong with it, and not before."""

from typing import Any, Final

import yaml

from ailtire_operator.compose.yaml_data import scalar

Place = tuple[int, int]
"""Line and column, each from 1 on."""
_MERGE: Final = "<<"
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Positions:
    """The places in one text, which has been read as YAML before: its bounds have been checked."""

    def __init__(self, text: str) -> None:
        self._documents = {
            node.start_mark.line + 1: node for node in yaml.compose_all(text, Loader=_Loader) if node is not None
        }

    def find(self, line: int, steps: tuple[int | str, ...], *, key: bool = False) -> Place:
        """Where the value at these steps stands in the document that begins in a line; or its key.

        Of a value that is missing, or was made by something else, what would hold it.
        """
        node = self._documents.get(line)
        return (line, 1) if node is None else _walk(node, steps, key=key)[1]

    def deepest(self, steps: tuple[int | str, ...]) -> tuple[int, Place]:
        """How many of the steps the documents hold, and where the last of them stands."""
        return max((_walk(each, steps) for each in self._documents.values()), default=(0, (1, 1)))


def _walk(node: Any, steps: tuple[int | str, ...], *, key: bool = False) -> tuple[int, Place]:
    """How many of the steps there are, and the place of the last of them."""
    found, number = node, 0
    for step in steps:
        below = _below(node, step)
        if below is None:
            break
        name, node = below
        found = name if key else node
        number += 1
    return number, (found.start_mark.line + 1, found.start_mark.column + 1)


def _below(node: Any, step: int | str) -> tuple[Any, Any] | None:
    """The key and the value of a map's entry; of a list's item the item twice."""
    if isinstance(node, yaml.SequenceNode):
        item = _item(node.value, step)
        return None if item is None else (item, item)
    if not isinstance(node, yaml.MappingNode):
        return None
    merged = None
    for key, value in node.value:
        if _text(key) == step:
            return key, value
        if _text(key) == _MERGE:
            merged = _merged(value, step) or merged
    return merged


def _item(items: list[Any], step: int | str) -> Any:
    """By its number, or of ``KEY=value``, as Compose files write maps, by its key."""
    if isinstance(step, int) or step.isdecimal():
        return items[int(step)] if int(step) < len(items) else None
    texts = ((each, str(each.value)) for each in items if isinstance(each, yaml.ScalarNode))
    return next((each for each, text in texts if text == step or text.startswith(f"{step}=")), None)


def _merged(value: Any, step: int | str) -> tuple[Any, Any] | None:
    sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
    return next(filter(None, (_below(each, step) for each in sources)), None)


def _text(key: Any) -> str:
    """A key as it is read: what YAML takes for a boolean is one of its two names."""
    text = str(key.value)
    try:
        value = text if key.style else scalar(text)
    except ValueError:
        return text
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
