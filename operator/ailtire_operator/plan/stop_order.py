"""In which order the services of a tree stop: what depends on others first. Pure: definitions in, order out.

Who depends on a stack depends on everything in it; what is in a stack depends on whatever that depends on.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from ailtire_operator import naming
from ailtire_operator.model.loading import Level
from ailtire_operator.plan.dependencies import target

Member = tuple[str, str]
"""The name of a stack, and the key of a member of it."""


class _Step(NamedTuple):
    """A node of the search: who depends on the member (``up``), or the member as one who does."""

    member: Member
    up: bool


class StopOrder:
    """The order of a tree, from the levels of its definition by the names of their stacks."""

    def __init__(self, levels: Mapping[str, Level], root: str) -> None:
        self._levels = levels
        self._root = root

    def is_stopped(self, stack: str, key: str) -> bool:
        """Whether the definition of the tree says that a member is stopped, at itself or at anything above."""
        level = self._levels.get(stack)
        while level is not None:
            service = level.spec.services.get(key)
            if level.spec.stopped or (service is not None and service.stopped):
                return True
            key = level.key
            level = self._levels.get(level.parent)
        return False

    def held(self, members: Collection[Member], runs: Callable[[Member], bool]) -> dict[Member, Member]:
        """Those of the members on which a service depends that is to stop and still ``runs``, each with one such.

        Every dependency is followed once, however many members there are. Of members that depend on each other each is
        held by another: that is for the caller to know.
        """
        steps = self._backwards(members)
        held_by: dict[_Step, Member] = {}
        waiting: deque[_Step] = deque()
        for step in steps:
            if not step.up and not self._is_stack(step.member) and self.is_stopped(*step.member) and runs(step.member):
                held_by[step] = step.member
                waiting.append(step)
        while waiting:
            step = waiting.popleft()
            for before in steps[step]:
                if before not in held_by:
                    held_by[before] = held_by[step]
                    waiting.append(before)
        found = {member: held_by.get(_Step(member, True), member) for member in members}
        return {member: by for member, by in found.items() if by != member}

    def _backwards(self, members: Collection[Member]) -> dict[_Step, list[_Step]]:
        """Every step on the way to who depends on the members, with the steps that lead to it."""
        found: dict[_Step, list[_Step]] = {_Step(member, True): [] for member in members}
        waiting = deque(found)
        while waiting:
            step = waiting.popleft()
            for following in self._following(step):
                if following not in found:
                    found[following] = []
                    waiting.append(following)
                found[following].append(step)
        return found

    def _following(self, step: _Step) -> Iterator[_Step]:
        stack, key = step.member
        level = self._levels.get(stack)
        if level is None:
            return
        if step.up:
            if level.parent:
                yield _Step((level.parent, level.key), True)
            yield from (_Step(each, False) for each in self._dependents.get(step.member, ()))
        elif self._is_stack(step.member):
            below = self._levels.get(naming.member(stack, key))
            yield from (_Step((below.name, each), False) for each in below.spec.services) if below else ()
        else:
            yield _Step(step.member, True)

    def _is_stack(self, member: Member) -> bool:
        level = self._levels.get(member[0])
        return level is not None and member[1] in level.spec.children

    @cached_property
    def _dependents(self) -> Mapping[Member, list[Member]]:
        """Who says in dependsOn that it depends on a member."""
        found: dict[Member, list[Member]] = {}
        for level in self._levels.values():
            for key, service in level.spec.services.items():
                for name in service.depends_on:
                    on = target(name, self._root, level.name, level.spec.services)
                    found.setdefault((on.stack, on.key), []).append((level.name, key))
        return found
