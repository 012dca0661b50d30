"""Who waits for whom in a whole tree, so that nobody waits for himself. Pure: definitions in, cycles out.

What a stack's own definition can show is refused when it is read. A way round through several stacks only the tree
shows: a member is written once what it waits for is there and once its own stack is, and a stack is ready once all its
members are.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Final, NamedTuple

from ailtire_operator import naming
from ailtire_operator.model.dependencies import is_path
from ailtire_operator.model.loading import Level
from ailtire_operator.model.problems import FieldError, path_of
from ailtire_operator.plan.dependencies import target

_TOLD: Final = 8
"""Members of a circle that a sentence names."""


class Presence(Enum):
    """Whether a dependency's path leads anywhere."""

    THERE = "there"
    ABSENT = "absent"
    """The tree has no such member."""
    UNKNOWN = "unknown"
    """It leads through a stack whose definition is missing or wrong."""


class GraphError(NamedTuple):
    """What would keep a member waiting for ever."""

    location: tuple[str, ...]
    """Where it stands below the member."""
    sentence: str
    circle: frozenset[str] = frozenset()
    """The members that wait for each other; empty where a path leads nowhere."""


class _Step(NamedTuple):
    """A member of a stack as it is written, or as it is done: ready, or completed."""

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
        """How many the tree has."""
        return sum(len(level.spec.services) for level in self._levels.values())

    def problems(self) -> Iterator[FieldError]:
        """Every flaw of the tree, a circle once."""
        told: set[frozenset[str]] = set()
        for level in self._levels.values():
            for key in level.spec.services:
                flaw = self.flaw(level.name, key)
                if flaw is not None and flaw.circle not in told:
                    told |= {flaw.circle} if flaw.circle else set()
                    yield FieldError(path_of(f"{level.path}.services", key, *flaw.location), flaw.sentence)

    def absent(self, stack: str, key: str, *, required: bool) -> list[str]:
        """The paths by which a member calls what the tree does not have."""
        level = self._levels.get(stack)
        service = level.spec.services.get(key) if level is not None else None
        if level is None or service is None:
            return []
        paths = [name for name, each in service.depends_on.items() if each.required is required]
        known = level.spec.services
        return [each for each in paths if is_path(each, known) and self.presence(stack, each) is Presence.ABSENT]

    def flaw(self, stack: str, key: str) -> GraphError | None:
        """What is wrong with the dependencies of a member, as far as only the tree shows it."""
        for name in self.absent(stack, key, required=True):
            sentence = f"the tree has no '{name}'; correct the path, or say required: false"
            return GraphError(("dependsOn", name), sentence)
        if cycle := self.cycle(stack, key):
            told = cycle if len(cycle) <= _TOLD else [*cycle[: _TOLD // 2], "...", *cycle[-(_TOLD // 2) :]]
            sentence = f"members cannot wait for each other: {' -> '.join(told)}; take one of these dependencies out"
            return GraphError(("dependsOn",), sentence, frozenset(cycle))
        return None

    def presence(self, stack: str, name: str) -> Presence:
        """Whether there is what a member of the stack calls by this name."""
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
        """The shortest way from a member back to itself, by the paths of the members on it; empty if there is none."""
        if (stack, key) not in self._cycles:
            self._cycles[stack, key] = self._circle(stack, key)
        return self._cycles[stack, key]

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
        """What has to come first."""
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
        names = [self._path(step) for step in steps]
        told = [name for index, name in enumerate(names) if not index or name != names[index - 1]]
        return told if len(told) > 1 else told * 2

    def _path(self, step: _Step) -> str:
        """The member's path from the root, without the root."""
        parts = [step.key]
        level = self._levels[step.stack]
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
