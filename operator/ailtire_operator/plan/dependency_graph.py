"""The dependency graph of a whole tree, and its cycles. Pure: definitions in, cycles out.

Cycles within one definition are refused when it is read. Cycles through several stacks show in the tree only: a
member is written after its dependencies and its own stack, and a stack is ready once all its members are.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cached_property
from typing import Final, NamedTuple

from ailtire_operator import naming
from ailtire_operator.model.dependencies import is_path
from ailtire_operator.model.field_path import path_of
from ailtire_operator.model.loading import Level
from ailtire_operator.model.problems import FieldError
from ailtire_operator.plan.dependencies import target
from ailtire_operator.plan.stop_order import StopOrder

_NAMED: Final = 8
"""The most members of a cycle that a message names."""


class Presence(Enum):
    """Whether the member at a dependency's path exists."""

    THERE = "there"
    ABSENT = "absent"
    """The tree has no such member."""
    UNKNOWN = "unknown"
    """A stack on the path has a missing or invalid definition."""


class GraphError(NamedTuple):
    """A dependency that can never be met."""

    location: tuple[str, ...]
    """Its path below the member."""
    sentence: str
    circle: frozenset[str] = frozenset()
    """The members that wait for each other; empty if the error is a path without a member."""


class _Step(NamedTuple):
    """A node of the graph: a member being written, or being done (ready or completed)."""

    stack: str
    key: str
    done: bool


class DependencyGraph:
    """The dependencies of a tree, from the levels of its definition that can be read."""

    def __init__(self, levels: Iterable[Level]) -> None:
        self._levels: dict[str, Level] = {}
        for level in levels:
            self._levels.setdefault(level.name, level)
        self._root = next(iter(self._levels), "")
        self._cycles: dict[tuple[str, str], list[str]] = {}

    @property
    def members(self) -> int:
        """The number of members in the tree."""
        return sum(len(level.spec.services) for level in self._levels.values())

    def problems(self) -> Iterator[FieldError]:
        """All errors of the tree, each cycle once."""
        named: set[frozenset[str]] = set()
        for level in self._levels.values():
            for key in level.spec.services:
                flaw = self.flaw(level.name, key)
                if flaw is not None and flaw.circle not in named:
                    named |= {flaw.circle} if flaw.circle else set()
                    yield FieldError(path_of(level.path, "services", key, *flaw.location), flaw.sentence)

    def absent(self, stack: str, key: str, *, required: bool) -> list[str]:
        """The paths in a member's dependencies that the tree does not have."""
        level = self._levels.get(stack)
        service = level.spec.services.get(key) if level is not None else None
        if level is None or service is None:
            return []
        paths = [name for name, each in service.depends_on.items() if each.required is required]
        known = level.spec.services
        return [each for each in paths if is_path(each, known) and self.presence(stack, each) is Presence.ABSENT]

    def flaw(self, stack: str, key: str) -> GraphError | None:
        """The first error in the dependencies of a member that only the whole tree shows."""
        for name in self.absent(stack, key, required=True):
            sentence = f"the tree has no '{name}'; correct the path, or say required: false"
            return GraphError(("dependsOn", name), sentence)
        if cycle := self.cycle(stack, key):
            named = cycle if len(cycle) <= _NAMED else [*cycle[: _NAMED // 2], "...", *cycle[-(_NAMED // 2) :]]
            sentence = f"members cannot wait for each other: {' -> '.join(named)}; remove one of these dependencies"
            return GraphError(("dependsOn",), sentence, frozenset(cycle))
        return None

    def presence(self, stack: str, name: str) -> Presence:
        """Whether the tree has the member that a key of ``dependsOn`` names."""
        level = self._levels.get(stack)
        if level is None:
            return Presence.UNKNOWN
        found = target(name, self._root, stack, level.spec.services)
        holder = self._root
        for key in found.above:
            above = self._levels.get(holder)
            if above is None:
                return Presence.UNKNOWN
            if key not in above.spec.children:
                return Presence.ABSENT
            holder = naming.member(holder, key)
        last = self._levels.get(found.stack)
        if last is None:
            return Presence.UNKNOWN
        return Presence.THERE if found.key in last.spec.services else Presence.ABSENT

    def cycle(self, stack: str, key: str) -> list[str]:
        """The shortest cycle through a member, as the paths of its members; empty if there is none."""
        if (stack, key) not in self._cycles:
            self._cycles[stack, key] = self._circle(stack, key)
        return self._cycles[stack, key]

    @cached_property
    def stop_order(self) -> StopOrder:
        """The order in which its services stop."""
        return StopOrder(self._levels, self._root)

    def _circle(self, stack: str, key: str) -> list[str]:
        start = _Step(stack, key, done=False)
        before: dict[_Step, _Step] = {}
        waiting = deque([start])
        while waiting:
            step = waiting.popleft()
            for following in self._after(step):
                if following == start:
                    return self._reported([start, *_path(before, start, step), start])
                if following not in before:
                    before[following] = step
                    waiting.append(following)
        return []

    def _after(self, step: _Step) -> Iterator[_Step]:
        """The steps that must come before."""
        level = self._levels.get(step.stack)
        service = level.spec.services.get(step.key) if level is not None else None
        if level is None or service is None:
            return
        if step.done:
            yield _Step(step.stack, step.key, done=False)
            below = self._levels.get(naming.member(step.stack, step.key)) if service.is_stack else None
            if below is not None:
                yield from (_Step(below.name, key, done=True) for key in below.spec.services)
            return
        if level.parent:
            yield _Step(level.parent, level.key, done=False)
        for name, wanted in service.depends_on.items():
            found = target(name, self._root, step.stack, level.spec.services)
            yield _Step(found.stack, found.key, done=wanted.condition != "started")

    def _reported(self, steps: list[_Step]) -> list[str]:
        names = [self.path(step.stack, step.key) for step in steps]
        named = [name for index, name in enumerate(names) if not index or name != names[index - 1]]
        return named if len(named) > 1 else named * 2

    def path(self, stack: str, key: str) -> str:
        """The member's path from the root, without the root."""
        parts = [key]
        level = self._levels[stack]
        while level.parent:
            parts.append(level.key)
            level = self._levels[level.parent]
        return "/".join(reversed(parts))


def _path(before: dict[_Step, _Step], start: _Step, end: _Step) -> list[_Step]:
    """The steps from the start to the end, without the start."""
    way: list[_Step] = []
    while end != start:
        way.append(end)
        end = before[end]
    return way[::-1]
