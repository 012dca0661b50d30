"""Limits the size of a definition by counting, before it is parsed.

Counting ends at the limit, so that a definition that is too large costs no more than one of the allowed size.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.model.problems import FieldError, InvalidStack

VALUE_LIMIT: Final = 50_000
"""Values in one definition, inline children included: the entries of all its maps and lists."""
CHARACTER_LIMIT: Final = 1_200_000
"""Characters of all its keys and texts. etcd limits a resource to about 1.5 MB."""
ROUTE_LIMIT: Final = 250
"""Routes of one stack's gateway: the entries of its members' interfaces. Each takes about 1.5 KB of the gateway's
configuration, and a ConfigMap has at most 1 MB."""


class Size(NamedTuple):
    """The size of a definition."""

    values: int
    """The entries of all its maps and lists."""
    characters: int
    """Of its keys, texts and numbers."""


def count(definition: Any, limit: int | None = None) -> Size:
    """The size of a definition as it is written; counting of values ends at the limit, if given."""
    values = characters = 0
    waiting = [definition]
    while waiting and (limit is None or values <= limit):
        value = waiting.pop()
        if isinstance(value, str):
            characters += len(value)
        elif isinstance(value, Mapping):
            values += len(value)
            waiting += value.keys()
            waiting += value.values()
        elif isinstance(value, list):
            values += len(value)
            waiting += value
        elif value is not None:
            characters += len(str(value))  # many fields accept both 3 and "3"
    return Size(values, characters)


def check(definition: Any, path: FieldPath) -> Size:
    """The size of a definition as it is written. Raises InvalidStack if it exceeds the limits."""
    size = count(definition, VALUE_LIMIT)
    for found, most, what in ((size.values, VALUE_LIMIT, "values"), (size.characters, CHARACTER_LIMIT, "characters")):
        if found > most:
            message = f"the definition has more than {most:,} {what}, inline stacks included; move some into templates"
            raise InvalidStack([FieldError(path, message)])
    return size


def check_routes(definition: Any, path: FieldPath) -> None:
    """Raise InvalidStack for more routes than one gateway can have; the definition may be invalid."""
    services = definition.get("services") if isinstance(definition, Mapping) else None
    interfaces = (
        service.get("interface")
        for service in (services.values() if isinstance(services, Mapping) else ())
        if isinstance(service, Mapping)
    )
    count = sum(len(each) for each in interfaces if isinstance(each, Mapping))
    if count > ROUTE_LIMIT:
        message = f"{count} routes exceed the limit of {ROUTE_LIMIT} for one gateway; move some into child stacks"
        raise InvalidStack([FieldError(path_of(path, "services"), message)])
