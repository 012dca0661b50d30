"""From a resource as JSON to a typed stack; errors name the path to the value, through inline children too."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ailtire_operator import naming
from ailtire_operator.model.stack import DEPTH_LIMIT, TREE_LIMIT, Stack, StackSpec


@dataclass(frozen=True, slots=True)
class Problem:
    """One error in a definition."""

    path: str
    """``spec.services.cpl.stack.services.dm.image``."""
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class InvalidStack(ValueError):
    """The definition breaks a rule; ``problems`` holds each with its path."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(str(problem) for problem in problems[:8]) + (" ..." if len(problems) > 8 else ""))


def path_of(base: str, location: tuple[int | str, ...]) -> str:
    """A JSON path in dots; keys with dots or slashes stand in brackets: ``spec.services.web.interface["/web"].port``."""
    parts = [base]
    for step in location:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif step == "[key]":
            continue
        elif step.replace("_", "a").replace("-", "a").isalnum():
            parts.append(f".{step}")
        else:
            parts.append(f'["{step}"]')
    return "".join(parts)


def parse_spec(data: Any, path: str = "spec") -> StackSpec:
    """The typed spec. Raises InvalidStack with every problem found at this level."""
    try:
        return StackSpec.model_validate(data)
    except ValidationError as error:
        raise InvalidStack([Problem(path_of(path, each["loc"]), _sentence(each["msg"])) for each in error.errors()]) from None
    except RecursionError:
        raise InvalidStack([Problem(path, "nested too deeply")]) from None


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")


def parse_stack(resource: Mapping[str, Any]) -> Stack:
    """The typed stack of an AiltireStack resource, this level only. Raises InvalidStack."""
    metadata = resource.get("metadata") or {}
    spec = parse_spec(resource.get("spec") if resource.get("spec") is not None else {})
    _check_keys(spec)
    try:
        return Stack(
            name=metadata.get("name", ""),
            namespace=metadata.get("namespace") or "",
            uid=metadata.get("uid") or "",
            generation=metadata.get("generation") or 0,
            spec=spec,
        )
    except ValidationError as error:
        raise InvalidStack([Problem(path_of("metadata", each["loc"]), _sentence(each["msg"])) for each in error.errors()]) from None


def _check_keys(spec: StackSpec, path: str = "spec") -> None:
    """Two keys that become one name would share their objects. Raises InvalidStack."""
    for field, keys in (("services", spec.services), ("data", spec.data)):
        seen: dict[str, str] = {}
        for key in keys:
            name = naming.sanitize(key)
            if name in seen:
                raise InvalidStack([Problem(path_of(f"{path}.{field}", (key,)), f"'{key}' and '{seen[name]}' both become the name '{name}'")])
            seen[name] = key


@dataclass(frozen=True, slots=True)
class Level:
    """One stack of a definition's tree."""

    path: str
    """Path of its spec: ``spec`` or ``spec.services.cpl.stack``."""
    name: str
    """The name that its resource has or will have."""
    spec: StackSpec
    depth: int
    templates: tuple[str, ...] = ()
    """The templates on the way from the root."""


def levels(name: str, spec: StackSpec, templates: Mapping[str, StackSpec], *, path: str = "spec") -> Iterator[Level]:
    """Every stack of the tree, parents first; references resolved from ``templates`` (a missing one is left out).

    Raises InvalidStack for a wrong value at any level, a cycle of references, and trees too deep or too large.
    """
    place = spec.place
    start = Level(path, name, spec, place.depth if place else 0, tuple(place.templates) if place else ())
    waiting = [start]
    members = 0
    while waiting:
        level = waiting.pop()
        _check_keys(level.spec, level.path)
        members += len(level.spec.services)
        if members > TREE_LIMIT:
            raise InvalidStack([Problem(level.path, f"the tree has more than {TREE_LIMIT} services and stacks")])
        yield level
        waiting.extend(reversed(list(_children(level, templates))))


def _children(level: Level, templates: Mapping[str, StackSpec]) -> Iterator[Level]:
    for key, service in level.spec.children.items():
        path = path_of(f"{level.path}.services", (key,))
        if level.depth + 1 > DEPTH_LIMIT:
            raise InvalidStack([Problem(path, f"the tree is deeper than {DEPTH_LIMIT} levels")])
        name = naming.member(level.name, key)
        if service.stack_ref is None:
            yield Level(f"{path}.stack", name, child_spec(service.stack, f"{path}.stack"), level.depth + 1, level.templates)
            continue
        reference = service.stack_ref.name
        if reference in level.templates:
            cycle = " -> ".join([*level.templates[level.templates.index(reference) :], reference])
            raise InvalidStack([Problem(f"{path}.stackRef.name", f"a stack cannot contain itself: {cycle}")])
        if reference in templates:
            yield Level(f"{path}.stackRef({reference})", name, templates[reference], level.depth + 1, (*level.templates, reference))


_ROOT_ONLY = ("template", "place")


def child_spec(definition: Any, path: str) -> StackSpec:
    """The typed definition of an inline child. Raises InvalidStack, also for fields that only a resource may have."""
    spec = parse_spec(definition, path)
    for field in _ROOT_ONLY:
        if field in spec.model_fields_set and getattr(spec, field):
            raise InvalidStack([Problem(f"{path}.{field}", "only a resource of its own may set this, not an inline stack")])
    return spec
