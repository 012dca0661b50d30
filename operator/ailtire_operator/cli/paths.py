"""``shop/cpl/dm/web``: how a person says what is meant in a tree. Pure.

The first part is the name of an AiltireStack, wherever it is in its tree; the others are keys, as their author wrote
them or as they stand in the names of objects (``policy-engine`` for ``policy_engine``).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cli.failures import Failure, Missing, NotMade
from ailtire_operator.cli.trees import Resource, place_of, services_of
from ailtire_operator.status.text import listed

SEPARATOR: Final = "/"
_LISTED: Final = 12


@dataclass(frozen=True, slots=True)
class PathTarget:
    """A stack of a tree, or one of its plain services."""

    stack: Resource
    stack_path: str
    """Of the stack, from the root of the tree on."""
    key: str = ""
    """The plain service's; empty for the stack itself."""

    @property
    def path(self) -> str:
        """From the root of the tree on."""
        return f"{self.stack_path}{SEPARATOR}{self.key}" if self.key else self.stack_path

    @property
    def name(self) -> str:
        """The stack's name."""
        return str(self.stack["metadata"]["name"])


def parts(text: str) -> tuple[str, list[str]]:
    """The stack's name and the keys below it. Raises Failure for what is no path."""
    name, *keys = text.strip(SEPARATOR).split(SEPARATOR)
    if not name or not all(keys):
        raise Failure(f"'{text}' is no path; write STACK, STACK/CHILD or STACK/CHILD/SERVICE")
    return name, keys


def stack_of(target: PathTarget) -> str:
    """The name of the stack that a path leads to. Raises Failure where it leads to a service of one."""
    if target.key:
        raise Failure(f"{target.path} is a service, and has no tree", f"Its stack has: {target.stack_path}.")
    return target.name


def find(text: str, tree: Sequence[Resource]) -> PathTarget:
    """What the path leads to. Raises Missing, naming what is there."""
    return follow(*parts(text), tree)


def follow(name: str, keys: Sequence[str], tree: Sequence[Resource]) -> PathTarget:
    """What the keys below a stack lead to. Raises Missing, naming what is there."""
    known = paths(tree)
    by_name = {each["metadata"]["name"]: each for each in tree}
    below = {
        (place.get("parent"), naming.sanitize(place.get("parentKey", ""))): each
        for each in tree
        if (place := place_of(each))
    }
    stack = by_name[name]
    for number, wanted in enumerate(keys, 1):
        name = stack["metadata"]["name"]
        services = services_of(stack)
        key = match(wanted, services, known[name])
        if (services[key] or {}).get("type") != "stack":
            if number < len(keys):
                raise Failure(f"{known[name]}/{key} is a service, so there is nothing below it")
            return PathTarget(stack, known[name], key)
        if (name, naming.sanitize(key)) not in below:
            hint = f"'kubectl ailtire tree {known[name].partition(SEPARATOR)[0]}' says why."
            raise NotMade(f"the stack {known[name]}/{key} is declared, but has not been made", hint)
        stack = below[name, naming.sanitize(key)]
    return PathTarget(stack, known[stack["metadata"]["name"]])


def match(wanted: str, keys: Iterable[str], where: str) -> str:
    """The key that is meant. Raises Missing with what comes near."""
    keys = sorted(keys)
    for key in keys:
        if wanted == key or wanted == naming.sanitize(key):
            return key
    near = get_close_matches(wanted, keys, n=3)
    meant = f"Did you mean {' or '.join(near)}? " if near else ""
    holds = f"It holds: {listed(keys, _LISTED)}." if keys else "It holds nothing."
    raise Missing(f"there is no '{wanted}' in {where}", meant + holds)


def paths(tree: Iterable[Resource]) -> dict[str, str]:
    """The path of every stack, by its name. Of a parent that is not among them the name does."""
    places = {each["metadata"]["name"]: place_of(each) for each in tree}
    found: dict[str, str] = {}
    for name in places:
        keys: list[str] = []
        top = name
        # Bounded: what is read may be anything, and a circle would never end.
        while (place := places.get(top)) and len(keys) < len(places):
            keys.append(place["parentKey"])
            top = place["parent"]
        found[name] = SEPARATOR.join([top, *reversed(keys)])
    return found


def suggestions(incomplete: str, stacks: Sequence[Resource]) -> list[str]:
    """What may follow what was typed: paths, or where no path begins so, a stack's own name."""
    names = (each["metadata"]["name"] for each in stacks)
    return list(_paths_from(incomplete, stacks)) or [each for each in names if each.startswith(incomplete)]


def _paths_from(incomplete: str, stacks: Sequence[Resource]) -> Iterator[str]:
    """Paths of one part more than there is, so that the shell goes on level by level."""
    depth = incomplete.count(SEPARATOR)
    known = paths(stacks)
    for stack in stacks:
        path = known[stack["metadata"]["name"]]
        found = [path, *(f"{path}/{key}" for key in services_of(stack))]
        yield from (each for each in found if each.startswith(incomplete) and each.count(SEPARATOR) <= depth + 1)
