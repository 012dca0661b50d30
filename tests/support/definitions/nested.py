"""Values that nest as deep as one likes, built and written without recursion."""

from collections.abc import Callable
from typing import Any

SHAPES = ("lists", "maps", "stacks")


def lists(depth: int) -> str:
    """JSON of lists in lists."""
    return "[" * depth + "]" * depth


def maps(depth: int) -> str:
    """JSON of maps in maps."""
    return '{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)


def stacks(depth: int) -> str:
    """JSON of the spec of a stack with so many inline stacks in each other."""
    return '{"services":{"a":{"type":"stack","stack":' * depth + "{}" + "}}}" * depth


def spec(shape: str, depth: int) -> str:
    """JSON of the spec of a stack that holds the shape where its schema is open."""
    if shape == "stacks":
        return stacks(depth)
    written: Callable[[int], str] = lists if shape == "lists" else maps
    content = written(depth) if shape == "maps" else f'{{"a":{written(depth - 1)}}}'
    return f'{{"services":{{"a":{{"type":"stack","stack":{content}}}}}}}'


def fields(depth: int) -> str:
    """JSON of the tree of fields of a list of field managers."""
    return '{"f:a":' * (depth - 1) + "{}" + "}" * (depth - 1)


def value(depth: int) -> Any:
    """Lists and maps in turn."""
    found: Any = 1
    for level in range(depth):
        found = [found] if level % 2 else {"a": found}
    return found
