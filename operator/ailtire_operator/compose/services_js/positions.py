"""Where in a services.js the values stand: looked for where something is to be said of one, and not before."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ailtire_operator.compose.services_js import literals
from ailtire_operator.compose.services_js.javascript import exported, parse_module

if TYPE_CHECKING:
    from tree_sitter import Node


class JavaScriptPositions:
    """The places in one file. Raises JavaScriptError where it is no data."""

    def __init__(self, text: str, *, name: str) -> None:
        parse_module(text, name=name)  # its bounds, and that all of it is data
        self._source = text.encode()
        self._top = exported(text)

    def deepest(self, steps: tuple[int | str, ...]) -> tuple[int, tuple[int, int]]:
        """How many steps the data holds, and line and column of the last value, from 1 on; 0 where it holds none."""
        node, number = self._top, 0
        for step in steps:
            below = self._below(node, step)
            if below is None:
                break
            node, number = below, number + 1
        return number, self._place(node) if number else (0, 0)

    def _below(self, node: "Node", step: int | str) -> "Node | None":
        if node.type == "array":
            items = [each for each in node.children if each.is_named and each.type != "comment"]
            number = step if isinstance(step, int) else int(step) if step.isdecimal() else len(items)
            return items[number] if number < len(items) else None
        if node.type != "object":
            return None
        # Of a key that stands twice the last one counts.
        return next((value for key, value in reversed(list(self._pairs(node))) if key == step), None)

    def _pairs(self, node: "Node") -> "Iterator[tuple[str, Node]]":
        for pair in node.children:
            key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
            if key is not None and value is not None:
                text = self._source[key.start_byte : key.end_byte].decode()
                yield (literals.text(text) if key.type == "string" else text), value

    def _place(self, node: "Node") -> tuple[int, int]:
        row, column = node.start_point
        line = self._source[node.start_byte - column : node.start_byte]
        return row + 1, len(line.decode()) + 1
