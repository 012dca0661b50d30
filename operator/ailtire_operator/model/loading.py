"""Parses a resource into a typed stack; errors have the path to the value, also in inline children."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic.alias_generators import to_snake

from ailtire_operator import naming
from ailtire_operator.model import additional, bounds, dependencies, service_accounts
from ailtire_operator.model.field_path import METADATA, REFERENCE, SPEC, FieldPath, Reference, path_of
from ailtire_operator.model.limits import DEPTH_LIMIT, TREE_LIMIT
from ailtire_operator.model.nesting import SENTENCE, TooDeep
from ailtire_operator.model.place import AdditionalKind, Place
from ailtire_operator.model.problems import FieldError, InvalidStack, invalid
from ailtire_operator.model.service import Service
from ailtire_operator.model.stack import Stack, StackSpec
from ailtire_operator.model.templates import RESOURCE_ONLY


def parse_spec(data: Any, path: FieldPath = SPEC) -> StackSpec:
    """The typed spec, this level only. Raises InvalidStack with all problems, or the size limit that is exceeded."""
    size = bounds.check(data, path)
    if isinstance(data, Mapping) and "place" in data:  # written by the operator
        size = bounds.count({name: value for name, value in data.items() if name != "place"})
    return _typed(data, path, size)


def _typed(data: Any, path: FieldPath, size: bounds.Size | None = None) -> StackSpec:
    """The same for a definition whose size was checked before."""
    if isinstance(data, TooDeep):
        raise InvalidStack([FieldError(path_of(path, *data.location), SENTENCE)])
    bounds.check_routes(data, path)
    try:
        spec = StackSpec.written(data)
    except ValidationError as error:
        raise invalid(path, error, StackSpec) from None
    except RecursionError:
        raise InvalidStack([FieldError(path, "nested too deeply")]) from None
    graph = {key: service.depends_on for key, service in spec.services.items()}
    dangling = [*_dangling_names(spec, path), *_dangling_files(spec, path)]
    problems = [
        *_colliding_keys(spec, path),
        *dangling,
        *dependencies.problems(graph, path_of(path, "services")),
    ]
    if problems:
        raise InvalidStack(problems)
    if size is not None:
        spec.measured(size)
    return spec


def parse_stack(resource: Mapping[str, Any]) -> Stack:
    """The typed stack of an AiltireStack resource, this level only. Raises InvalidStack."""
    return named(resource.get("metadata") or {}, parse_spec({} if resource.get("spec") is None else resource["spec"]))


def parse_place(data: Any) -> Place:
    """The typed place of a stack's resource. Raises InvalidStack."""
    try:
        return Place.model_validate(data)
    except ValidationError as error:
        raise invalid(path_of(SPEC, "place"), error, Place) from None


def named(metadata: Mapping[str, Any], spec: StackSpec) -> Stack:
    """A stack of this definition with the name and identity of its resource. Raises InvalidStack."""
    try:
        stack = Stack(
            name=metadata.get("name", ""),
            namespace=metadata.get("namespace") or "",
            uid=metadata.get("uid") or "",
            generation=metadata.get("generation") or 0,
            spec=spec,
        )
    except ValidationError as error:
        raise invalid(METADATA, error) from None
    if "--" in stack.name:
        raise InvalidStack([FieldError(path_of(METADATA, "name"), "a stack's name must not contain '--'")])
    return stack


def _colliding_keys(spec: StackSpec, path: FieldPath) -> Iterator[FieldError]:
    """Problems for keys whose object names are the same after sanitizing."""
    for field, keys in (("services", spec.services), ("data", spec.data), ("networks", spec.networks)):
        seen: dict[str, str] = {}
        for key in keys:
            other = seen.setdefault(naming.sanitize(key), key)
            if other != key:
                sentence = f"'{key}' and '{other}' both become the name '{naming.sanitize(key)}'; rename one"
                yield FieldError(path_of(path, field, key), sentence)


def _dangling_names(spec: StackSpec, path: FieldPath) -> Iterator[FieldError]:
    """Problems for networks and volumes that a service uses and the stack does not declare."""
    builtin = naming.OWN_NETWORKS | {naming.PARENT_NETWORK}
    for key, service in spec.services.items():
        for network in service.networks:
            if network not in spec.networks and network not in builtin:
                sentence = f"there is no network '{network}'; declare it in spec.networks"
                yield FieldError(path_of(path, "services", key, "networks", network), sentence)
        for name, mount in service.volumes.items():
            known = mount.source in spec.data or (mount.source or "/").startswith("/") or "{{" in (mount.source or "")
            if not known:
                sentence = f"there is no volume '{mount.source}'; declare it in spec.data"
                yield FieldError(path_of(path, "services", key, "volumes", name, "source"), sentence)


def _dangling_files(spec: StackSpec, path: FieldPath) -> Iterator[FieldError]:
    """Problems for configs and secrets that a service or a volume uses and the stack does not declare."""
    for key, data in spec.data.items():
        if data.seed is not None and data.seed not in spec.configs:
            sentence = f"there is no '{data.seed}' in spec.configs; declare it there"
            yield FieldError(path_of(path, "data", key, "seed"), sentence)
    for key, service in spec.services.items():
        for field, mounts, known in (
            ("configs", service.configs, frozenset(spec.configs)),
            ("secrets", service.secrets, frozenset(spec.secrets)),
        ):
            for name, mount in mounts.items():
                source = mount.source or name
                if source not in known:
                    sentence = f"there is no '{source}' in spec.{field}; declare it there"
                    yield FieldError(path_of(path, "services", key, field, name), sentence)


def child_spec(service: Service, path: FieldPath) -> StackSpec:
    """The typed definition of an inline child, parsed once. Raises InvalidStack, also for fields only for resources."""
    if isinstance(service.parsed, StackSpec):
        return service.parsed
    spec = _typed(service.stack, path)
    for field in RESOURCE_ONLY:
        if getattr(spec, to_snake(field)):
            raise InvalidStack(
                [FieldError(path_of(path, field), "an inline stack cannot have this; only a separate resource can")]
            )
    service.remember(spec)
    return spec


@dataclass(frozen=True, slots=True)
class Level:
    """One stack of a definition's tree."""

    path: FieldPath
    """Path of its spec: ``spec`` or ``spec.services.cpl.stack``."""
    name: str
    """The name that its resource has or will have."""
    spec: StackSpec
    depth: int
    templates: tuple[str, ...] = ()
    """The templates on the path from the root."""
    key: str = ""
    """Its key in its parent's services; empty for the first."""
    parent: str = ""
    """Its parent's name; empty for the first."""
    kinds: frozenset[AdditionalKind] = frozenset()
    """The additional kinds that stacks below may use."""
    account: str | None = None
    """The root's service account."""
    pod_accounts: frozenset[str] = frozenset()
    """The service accounts that pods of this stack and those below may have."""


def first_level(name: str, spec: StackSpec) -> Level:
    """The stack itself as the root of its tree."""
    place = spec.place
    depth, templates = (place.depth, tuple(place.templates)) if place else (0, ())
    return Level(
        SPEC,
        name,
        spec,
        depth,
        templates,
        kinds=additional.declared(spec),
        account=place.reconcile_as if place else spec.reconcile_as,
        pod_accounts=service_accounts.declared(spec),
    )


def child_level(level: Level, key: str, templates: Mapping[str, StackSpec]) -> Level | None:
    """The child stack under a key, or None if its template does not exist.

    Raises InvalidStack for an invalid value in the child itself, a kind or a service account that no stack above
    declares, a cycle of references, and a tree that is too deep.
    """
    child = _below(level, key, templates)
    if child is not None:
        problems = additional.undeclared(child.spec, level.kinds, child.path, _declaring(level))
        problems += additional.other_account(child.spec, level.account, child.path)
        problems += service_accounts.undeclared(child.spec, child.pod_accounts, child.path, _declaring(child))
        if problems:
            raise InvalidStack(problems)
    return child


def _declaring(parent: Level) -> str:
    """The resources that must declare a child's additional kinds, in words."""
    names = "".join(f" and of the template '{each}'" for each in parent.templates)
    return f"the tree's root{names}"


def _below(level: Level, key: str, templates: Mapping[str, StackSpec]) -> Level | None:
    service = level.spec.services[key]
    path = path_of(level.path, "services", key)
    if level.depth + 1 > DEPTH_LIMIT:
        raise InvalidStack([FieldError(path, f"the tree is deeper than {DEPTH_LIMIT} levels")])
    name = naming.member(level.name, key)
    if service.stack_ref is None:
        path = path_of(path, "stack")
        spec = child_spec(service, path)
        inherited = (level.kinds, level.account, level.pod_accounts)
        return Level(path, name, spec, level.depth + 1, level.templates, key, level.name, *inherited)
    reference = service.stack_ref.name
    if reference in level.templates:
        cycle = " -> ".join([*level.templates[level.templates.index(reference) :], reference])
        raise InvalidStack([FieldError(path_of(path, REFERENCE, "name"), f"a stack cannot contain itself: {cycle}")])
    if reference not in templates:
        return None
    path = path_of(path, Reference(reference))
    spec = templates[reference]
    return Level(
        path,
        name,
        spec,
        level.depth + 1,
        (*level.templates, reference),
        key,
        level.name,
        level.kinds & additional.declared(spec),
        level.account,
        level.pod_accounts & service_accounts.declared(spec),
    )


def levels(name: str, spec: StackSpec, templates: Mapping[str, StackSpec]) -> Iterator[Level]:
    """Every stack of the tree, parents first; references are resolved from ``templates`` (a missing one is skipped).

    Raises InvalidStack for an invalid value at any level, a cycle of references, and a tree too deep or too large.
    """
    first = first_level(name, spec)
    if problems := service_accounts.undeclared(spec, first.pod_accounts, first.path, _declaring(first)):
        raise InvalidStack(problems)
    waiting = [first]
    members = 0
    while waiting:
        level = waiting.pop()
        members += len(level.spec.services)
        if members > TREE_LIMIT:
            raise InvalidStack([FieldError(level.path, f"the tree has more than {TREE_LIMIT} services and stacks")])
        yield level
        below = [child_level(level, key, templates) for key in reversed(level.spec.children)]
        waiting.extend(child for child in below if child is not None)


def sound_levels(name: str, spec: StackSpec, templates: Mapping[str, StackSpec]) -> Iterator[Level]:
    """The same without invalid branches, instead of raising.

    Ends with the level that makes the tree too large, so that a caller that counts notices it.
    """
    waiting = [first_level(name, spec)]
    members = 0
    while waiting:
        level = waiting.pop()
        members += len(level.spec.services)
        yield level
        if members > TREE_LIMIT:
            return
        for key in reversed(level.spec.children):
            try:
                child = child_level(level, key, templates)
            except InvalidStack:
                continue
            if child is not None:
                waiting.append(child)
