"""``dependsOn``: which services must be ready before another is created or changed."""

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ailtire_operator.model.base import OrEmpty, Strict
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.model.keys import PLAIN
from ailtire_operator.model.problems import FieldError

Condition = Literal["started", "healthy", "completed"]


class Dependency(Strict):
    """A dependency."""

    condition: Condition = "started"
    """started: one replica of the current definition runs (a stack: it is reconciled). healthy: all are ready (a stack:
    the whole stack). completed: the Job has succeeded."""
    restart: bool = False
    """A change of the dependency restarts this service too."""
    required: bool = True
    """False: a dependency that does not exist is ignored."""


DependencyKey = Annotated[str, StringConstraints(min_length=1, max_length=253), PLAIN]
DependsOn = Annotated[
    dict[DependencyKey, Annotated[Dependency, OrEmpty]],
    Field(max_length=64),
]


def is_path(key: str, services: Collection[str]) -> bool:
    """Whether a key of ``dependsOn`` is a path from the root (``orders/api``) and not a member of the same stack."""
    return key not in services and "/" in key


def problems(graph: Mapping[str, Mapping[str, Dependency]], path: FieldPath) -> Iterator[FieldError]:
    """Unknown services and cycles among the members of one stack; ``path`` is that of its services."""
    for key, needed in graph.items():
        for other, dependency in needed.items():
            if other not in graph and not is_path(other, graph) and dependency.required:
                sentence = f"there is no service '{other}'; declare it, or say required: false"
                yield FieldError(path_of(path, key, "dependsOn", other), sentence)
    for cycle in _cycles(graph):
        sentence = f"services cannot wait for each other: {' -> '.join(cycle)}"
        yield FieldError(path_of(path, cycle[0], "dependsOn", cycle[1]), sentence)


def in_order(graph: Mapping[str, Mapping[str, Dependency]]) -> list[str]:
    """The members in topological order, otherwise in their own order. The graph must not have a cycle."""
    done: dict[str, None] = {}
    waiting = list(reversed(list(graph)))
    while waiting:
        key = waiting[-1]
        missing = [other for other in graph[key] if other in graph and other not in done]
        if key in done or not missing:
            done.setdefault(waiting.pop())
        else:
            waiting.extend(missing)
    return list(done)


def _cycles(graph: Mapping[str, Mapping[str, Dependency]]) -> Iterator[list[str]]:
    """The first cycle found from each member, without repetitions, as a list that ends with its first member."""
    seen: set[str] = set()
    for start in graph:
        trail: list[str] = []
        stack = [(start, iter(graph[start]))] if start not in seen else []
        while stack:
            key, others = stack[-1]
            if key not in seen:
                seen.add(key)
                trail.append(key)
            other = next((each for each in others if each in graph), None)
            if other is None:
                trail.pop()
                stack.pop()
            elif other in trail:
                yield [*trail[trail.index(other) :], other]
            elif other not in seen:
                stack.append((other, iter(graph[other])))
