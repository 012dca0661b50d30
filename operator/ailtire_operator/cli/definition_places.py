"""Where the definition of a stack or service is written. Pure.

A child stack is written by its parent, so that an edit of the child would be undone at once. What a person can change
is the definition: that of the root, in which inline children stand, or the template that a child refers to.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cli.definition_writes import Steps, at
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.paths import SEPARATOR, match, parts
from ailtire_operator.cli.trees import Resource, place_of, spec_of
from ailtire_operator.model.limits import DEPTH_LIMIT
from ailtire_operator.model.templates import is_template

STOPPED: Final = "stopped"


@dataclass(frozen=True, slots=True)
class Spot:
    """An object in a resource that a person writes."""

    resource: Resource
    steps: Steps
    """The way to it, from the resource on."""

    @property
    def owner(self) -> str:
        """The resource's name."""
        return str(self.resource["metadata"]["name"])

    @property
    def value(self) -> Mapping[str, Any]:
        """What is written there; empty where nothing is."""
        found = at(self.resource, self.steps[:-1]).get(self.steps[-1])
        return found if isinstance(found, Mapping) else {}


@dataclass(frozen=True, slots=True)
class Level:
    """One stack of a tree."""

    names: tuple[str, ...]
    """The root's, and the keys from there on."""
    live: str
    """The name that its resource has or will have."""
    key: str
    """Its key in its parent's services; empty for the first."""
    entry: Spot
    """Where it is a member of its parent; of the first its definition."""
    definition: Spot | None
    """Where its services are written; None if its template is not there."""

    @property
    def path(self) -> str:
        """From the root on, for people."""
        return SEPARATOR.join(self.names)

    @property
    def template(self) -> str:
        """The template to which it refers; empty where its definition stands in its parent's."""
        return str((self.entry.value.get("stackRef") or {}).get("name", "")) if self.key else ""

    @property
    def spec(self) -> Mapping[str, Any]:
        """Its definition as it is written."""
        return self.definition.value if self.definition else {}

    @property
    def services(self) -> Mapping[str, Any]:
        """Its members as they are written."""
        return self.spec.get("services") or {}

    @property
    def stopped(self) -> bool:
        """Whether it is stopped, as a member of its parent or in its own definition."""
        return self.entry.value.get(STOPPED) is True or self.spec.get(STOPPED) is True

    def written(self) -> Spot:
        """Where its definition stands. Raises Failure if it refers to a template that is not there."""
        if self.definition is None:
            raise Failure(f"the template '{self.template}', to which {self.path} refers, is not there")
        return self.definition

    def member(self, key: str) -> Spot:
        """Where one of its members stands."""
        where = self.written()
        return Spot(where.resource, (*where.steps, "services", key))


@dataclass(frozen=True, slots=True)
class Place:
    """What a path leads to."""

    levels: tuple[Level, ...]
    """The stacks on the way, from the root on; the last is the stack itself, or that of the service."""
    key: str = ""
    """The plain service's; empty for a stack."""

    @property
    def names(self) -> tuple[str, ...]:
        """The root's, and the keys from there on."""
        return (*self.stack.names, self.key) if self.key else self.stack.names

    @property
    def path(self) -> str:
        """From the root on, for people."""
        return SEPARATOR.join(self.names)

    @property
    def stack(self) -> Level:
        """The stack that is meant, or that of the service."""
        return self.levels[-1]

    @property
    def entry(self) -> Spot:
        """The member, as it is written in its stack's or its parent's definition; of the root the spec."""
        return self.stack.member(self.key) if self.key else self.stack.entry

    @property
    def holder(self) -> str:
        """The name of the stack of which it is a member; of the root its own."""
        return self.stack.live if self.key or len(self.levels) == 1 else self.levels[-2].live

    @property
    def member(self) -> str:
        """Its key there; empty for the root."""
        return self.key or self.stack.key


def locate(path: str, stacks: Iterable[Resource]) -> Place:
    """Follow a path through the definitions, from the root on. Raises Failure or Missing."""
    by_name = {str(each["metadata"]["name"]): each for each in stacks}
    name, keys = parts(path)
    stack = by_name[name]
    while place := place_of(stack):
        keys.insert(0, place["parentKey"])
        if place["parent"] not in by_name or len(keys) > DEPTH_LIMIT * 2:
            raise Failure(f"the stack {place['parent']}, which writes {name}, is gone")
        stack = by_name[place["parent"]]
    top = str(stack["metadata"]["name"])
    spot = Spot(stack, ("spec",))
    levels = [Level((top,), top, "", spot, spot)]
    for number, wanted in enumerate(keys, 1):
        level = levels[-1]
        level.written()
        key = match(wanted, level.services, level.path)
        if (level.services[key] or {}).get("type") != "stack":
            if number < len(keys):
                raise Failure(f"{level.path}/{key} is a service, so there is nothing below it")
            return Place(tuple(levels), key)
        levels.append(_child(level, key, by_name))
    return Place(tuple(levels))


def subtree(place: Place, stacks: Iterable[Resource]) -> Iterator[Place]:
    """A stack and every stack below it, parents first, as far as their definitions are there."""
    by_name = {str(each["metadata"]["name"]): each for each in stacks}
    deepest = len(place.levels) + DEPTH_LIMIT  # templates may refer to each other in a circle
    waiting = [place.levels]
    while waiting:
        levels = waiting.pop()
        yield Place(levels)
        if len(levels) < deepest:
            keys = [key for key, member in levels[-1].services.items() if (member or {}).get("type") == "stack"]
            waiting += [(*levels, _child(levels[-1], key, by_name)) for key in reversed(keys)]


def outermost(places: Iterable[Place]) -> tuple[list[Place], list[str]]:
    """The places that are not below another one of them, each once; and a line for each that is."""
    by_names = {each.names: each for each in places}
    found, notes = [], []
    for names, place in by_names.items():
        outer = (by_names[names[:count]] for count in range(len(names)) if names[:count] in by_names)
        if (above := next(outer, None)) is None:
            found.append(place)
        else:
            notes.append(f"{place.path} is part of {above.path}")
    return found, notes


def stopped_by(place: Place) -> str:
    """The path of the outermost stack or service on the way that its definition stops; empty if none is."""
    for level in place.levels:
        if level.stopped:
            return level.path
    return place.path if place.entry.value.get(STOPPED) is True else ""


def _child(level: Level, key: str, by_name: Mapping[str, Resource]) -> Level:
    entry = level.member(key)
    names, live = (*level.names, key), naming.member(level.live, key)
    reference = entry.value.get("stackRef")
    if reference is None:
        return Level(names, live, key, entry, Spot(entry.resource, (*entry.steps, "stack")))
    template = by_name.get(reference["name"], {})
    return Level(names, live, key, entry, Spot(template, ("spec",)) if is_template(spec_of(template)) else None)
