"""Counts the stacks, services and characters of a whole tree; each template is counted once.

Each level of a tree is written separately and must not exceed what the stacks above have counted for it, which its
place's budget has. Walking the tree is impossible: sixteen levels of five hundred references each are too many
stacks. Multiplication counts them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from ailtire_operator.model import bounds
from ailtire_operator.model.limits import DEPTH_LIMIT
from ailtire_operator.model.place import Place
from ailtire_operator.model.service import Service
from ailtire_operator.model.stack import StackSpec

_MOST: Final = 10**12
"""The cap of all counts: above every limit, and still a small number."""
_NETWORK: Final = 128
"""Characters of one network in a place."""
_URLS: Final = 32
"""The most URLs in a place."""


class Count(NamedTuple):
    """The counts of a stack and everything below it."""

    members: int = 0
    """Services and stacks, without itself."""
    stacks: int = 0
    """Stacks, including itself: each is a resource."""
    characters: int = 0
    """Characters of the definitions in all these resources, with inherited values."""

    def plus(self, below: "Count", times: int = 1, inherited: int = 0) -> "Count":
        """The sum with ``times`` subtrees ``below``, whose stacks inherit ``inherited`` characters each."""
        characters = below.characters + below.stacks * inherited
        return Count(
            min(self.members + times * below.members, _MOST),
            min(self.stacks + times * below.stacks, _MOST),
            min(self.characters + times * characters, _MOST),
        )


_NOTHING: Final = Count()


@dataclass(frozen=True)
class Census:
    """Counts trees whose references are resolved from these templates."""

    templates: Mapping[str, StackSpec]
    _known: dict[tuple[str, int], Count] = field(default_factory=dict)
    """The cache, by template and depth."""

    def stack(self, spec: StackSpec, depth: int) -> Count:
        """The stack at this depth and all below it."""
        own = Count(len(spec.services), 1, spec.size.characters)
        names = [network.name or key for key, network in spec.networks.items()]
        below, _ = self._below(
            _children(spec), depth + 1, _passed_on([spec.images, spec.env], names, spec.edge.hosts if spec.edge else [])
        )
        inherited = inherited_from(spec.place) if spec.place else 0
        return _NOTHING.plus(own.plus(below), 1, inherited)

    def child(self, service: Service, place: Place) -> Count:
        """The child stack of a member in this place."""
        reference = service.stack_ref.name if service.stack_ref else ""
        found, _ = self._below([(reference, service.stack)], place.depth, inherited_from(place))
        return found

    def circle(self, spec: StackSpec) -> list[str]:
        """A cycle of templates that refer to each other; empty if there is none."""
        done: set[str] = set()
        for start in self._referred(spec):
            way: dict[str, Iterator[str]] = {} if start in done else {start: self._referred(self.templates[start])}
            while way:
                last = next(reversed(way))
                following = next(way[last], None)
                if following is None:
                    done.add(last)
                    del way[last]
                elif following in way:
                    names = list(way)
                    return [*names[names.index(following) :], following]
                elif following not in done:
                    way[following] = self._referred(self.templates[following])
        return []

    def _referred(self, spec: StackSpec) -> Iterator[str]:
        """The templates that a stack refers to, in its inline stacks too."""
        found: dict[str, None] = {}
        waiting = list(_children(spec))
        while waiting:
            reference, definition = waiting.pop()
            if reference in self.templates:
                found[reference] = None
            services = _field(definition, "services")
            if isinstance(services, Mapping):
                waiting += [(_reference(each), each.get("stack")) for each in services.values() if _is_stack(each)]
        return iter(found)

    def _below(self, members: Iterable[tuple[str, Any]], depth: int, inherited: int) -> tuple[Count, int]:
        """Child stacks at this depth, by reference or definition, and the characters of those definitions."""
        total, written = _NOTHING, 0
        references: Counter[str] = Counter()
        for reference, definition in members:
            if reference:
                references[reference] += 1
            else:
                found = self._inline(definition, depth)
                total, written = total.plus(found[0], 1, inherited), written + found[1]
        for reference, times in references.items():
            total = total.plus(self._template(reference, depth), times, inherited)
        return total, written

    def _template(self, name: str, depth: int) -> Count:
        """A template's counts; zero if it does not exist or is too deep, which also ends cycles."""
        if depth > DEPTH_LIMIT or name not in self.templates:
            return _NOTHING
        if (name, depth) not in self._known:
            self._known[name, depth] = self.stack(self.templates[name], depth)
        return self._known[name, depth]

    def _inline(self, definition: Any, depth: int) -> tuple[Count, int]:
        """An inline child, and its characters. It is not validated yet: it may contain anything."""
        services = definition.get("services") if isinstance(definition, Mapping) else None
        if depth > DEPTH_LIMIT or not isinstance(services, Mapping):
            characters = _characters(definition)
            return Count(0, 1, characters), characters
        rest = {**definition, "services": None}
        plain = [_without_definition(each) for each in services.values()]
        members = [(_reference(each), each.get("stack")) for each in services.values() if _is_stack(each)]
        below, written = self._below(members, depth + 1, _passed_on_as_written(rest))
        characters = _characters(rest, plain, list(services)) + written
        return Count(len(services), 1, characters).plus(below), characters


def _children(spec: StackSpec) -> Iterator[tuple[str, Any]]:
    """Each child's template name or inline definition."""
    return ((each.stack_ref.name if each.stack_ref else "", each.stack) for each in spec.children.values())


def inherited_from(place: Place) -> int:
    """The characters of a place that every stack below inherits."""
    hosts = [urlsplit(url).netloc for url in place.urls]
    return _passed_on([place.images, place.env], place.networks, hosts)


def _passed_on(maps: Iterable[Mapping[str, Any]], networks: Iterable[str], hosts: Iterable[Any]) -> int:
    """The same for a stack with these values; the number of URLs in a place is limited, whatever the hosts."""
    longest = max((len(host) for host in hosts if isinstance(host, str)), default=0)
    return _characters(*maps) + sum(len(name) + _NETWORK for name in networks) + _URLS * longest


def _passed_on_as_written(definition: Mapping[str, Any]) -> int:
    networks, edge = definition.get("networks"), definition.get("edge")
    maps = [each for name in ("images", "env") if isinstance(each := definition.get(name), Mapping)]
    hosts = edge.get("hosts") if isinstance(edge, Mapping) else None
    names = [
        str(_field(value, "name") or key) for key, value in (networks if isinstance(networks, Mapping) else {}).items()
    ]
    return _passed_on(maps, names, hosts if isinstance(hosts, list) else [])


def _field(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _characters(*values: Any) -> int:
    return bounds.count(list(values)).characters


def _is_stack(service: Any) -> bool:
    return isinstance(service, Mapping) and service.get("type") == "stack"


def _reference(service: Mapping[str, Any]) -> str:
    name = _field(service.get("stackRef"), "name")
    return name if isinstance(name, str) else ""


def _without_definition(service: Any) -> Any:
    return {**service, "stack": None} if _is_stack(service) and "stack" in service else service
