"""How large a definition may be, found out by counting, before anything is made of it.

An author decides what stands in a definition, and whoever reads it pays. So the reader counts first, and no further
than what he would accept: a megabyte of nonsense costs no more than a definition of the size that is allowed.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ailtire_operator.model.problems import FieldError, InvalidStack

VALUE_LIMIT: Final = 50_000
"""Values in one definition, inline children included: the entries of all its maps and lists."""
CHARACTER_LIMIT: Final = 1_200_000
"""Characters of all its keys and texts. A resource ends at about 1.5 MB, where etcd ends."""
ROUTE_LIMIT: Final = 250
"""Routes of one stack's gateway: the entries of its members' interfaces. Each is some 1.5 KB of the gateway's
configuration, and a ConfigMap holds 1 MB."""


class Size(NamedTuple):
    """What stands in a definition."""

    values: int
    """The entries of all its maps and lists."""
    characters: int
    """Of its keys, texts and numbers."""


def count(definition: Any, limit: int | None = None) -> Size:
    """The size of a definition as it is written; where there is a limit, values are counted no further than that."""
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
            characters += len(str(value))  # 3 and "3" are the same for many fields
    return Size(values, characters)


def check(definition: Any, path: str) -> Size:
    """The size of a definition as it is written. Raises InvalidStack where that is more than is looked at."""
    size = count(definition, VALUE_LIMIT)
    for found, most, what in ((size.values, VALUE_LIMIT, "values"), (size.characters, CHARACTER_LIMIT, "characters")):
        if found > most:
            message = f"the definition has more than {most:,} {what}, inline stacks included; make templates of some"
            raise InvalidStack([FieldError(path, message)])
    return size


def check_routes(definition: Any, path: str) -> None:
    """Raises InvalidStack for more routes than one gateway is to hold; the definition may be anything."""
    services = definition.get("services") if isinstance(definition, Mapping) else None
    interfaces = (
        service.get("interface")
        for service in (services.values() if isinstance(services, Mapping) else ())
        if isinstance(service, Mapping)
    )
    count = sum(len(each) for each in interfaces if isinstance(each, Mapping))
    if count > ROUTE_LIMIT:
        message = f"{count} routes are more than one gateway's {ROUTE_LIMIT}; put some into child stacks"
        raise InvalidStack([FieldError(f"{path}.services", message)])
