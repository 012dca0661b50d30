"""Chooses the names in Swarm: of stacks, services, and shared networks, volumes and files.

In each of its networks a Swarm service is reached by its key in the file. So a key that another service in one of these
networks has too is changed, and the right names become aliases.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from ailtire_operator import naming
from ailtire_operator.compose.swarm.branches import Branch, granted
from ailtire_operator.plan.network.membership import NetworkId

NAME_LIMIT: Final = 63
"""Characters of a service's full name, ``<stack>_<service>``."""
_KEY_LIMIT: Final = 40
GATEWAY: Final = "stack-gateway"
"""The default key of a stack's gateway."""
_KEY: Final = re.compile(r"[A-Za-z0-9]+(?:[_-]+[A-Za-z0-9]+)*")
"""A valid name in Swarm: the schema allows dots too, but the manager refuses them."""


def legal(key: str) -> str:
    """A valid key for Swarm."""
    return key if _KEY.fullmatch(key) else naming.sanitize(key)


def taken(section: str, key: str) -> str:
    """The message why one file cannot have the whole tree."""
    return f"in one file, two {section} would have the key '{key}'; rename one, or export a file for each stack"


@dataclass(frozen=True)
class Names:
    """The names of one export."""

    stacks: dict[str, str] = field(default_factory=dict)
    """By stack of the tree: the stack in Swarm, and the file's name."""
    services: dict[tuple[str, str], str] = field(default_factory=dict)
    """By stack and key: the key in the file. The gateway's key is empty."""
    prefixes: dict[str, str] = field(default_factory=dict)
    """By stack: the prefix of the keys of its networks, volumes and files; empty in a separate file."""
    aliases: dict[tuple[NetworkId, str], list[str]] = field(default_factory=dict)
    """See ``granted``."""
    common: bool = False
    """Whether one file has the whole tree."""

    @cached_property
    def holders(self) -> dict[tuple[NetworkId, str], set[str]]:
        """By network and name: the members with that name."""
        found: dict[tuple[NetworkId, str], set[str]] = {}
        for (network, member), given in self.aliases.items():
            for name in given:
                found.setdefault((network, name), set()).add(member)
        return found

    def stack(self, branch: Branch) -> str:
        """The stack in Swarm for a stack of the tree."""
        return self.stacks[branch.name]

    def service(self, branch: Branch, key: str) -> str:
        """The key of a service in its file; of the gateway if ``key`` is empty."""
        return self.services[branch.name, key]

    def host(self, branch: Branch, key: str) -> str:
        """The full name of a service, which is unique in every network."""
        return f"{self.stack(branch)}_{self.service(branch, key)}"

    def part(self, branch: Branch, key: str) -> str:
        """The key of a volume or file of the stack in its file."""
        prefix = self.prefixes[branch.name]
        return f"{prefix}-{legal(key)}" if prefix else legal(key)


def separate(branches: Sequence[Branch]) -> Names:
    """Names for a file per stack: keys are kept if possible."""
    names = Names(aliases=granted(branches))
    for branch in branches:
        used: set[str] = set()
        for key in _members(branch):
            plain = naming.shorten(legal(key) if key else GATEWAY, _KEY_LIMIT)
            wanted = (plain, naming.shorten(f"{branch.name}-{plain}", _KEY_LIMIT))
            found = next((each for each in wanted if each not in used and _is_free(names, branch, key, each)), None)
            found = found or f"{plain[: _KEY_LIMIT - 9]}-{naming.digest(f'{branch.name}/{key}')}"
            used.add(found)
            names.services[branch.name, key] = found
        longest = max(map(len, used), default=1)
        names.stacks[branch.name] = naming.shorten(branch.name, NAME_LIMIT - 1 - longest)
        names.prefixes[branch.name] = ""
    return names


def together(branches: Sequence[Branch]) -> Names:
    """Names for one file: keys of several stacks get their stack's name as prefix, except the root's."""
    root = branches[0].name
    names = Names(aliases=granted(branches), common=True)
    keys = [(branch, key) for branch in branches for key in _members(branch)]
    counts = Counter(legal(key) if key else GATEWAY for _, key in keys)
    stack = naming.shorten(root, NAME_LIMIT - 1 - _KEY_LIMIT)
    limit = NAME_LIMIT - 1 - len(stack)
    used: set[str] = set()
    for branch, key in keys:
        names.stacks[branch.name] = stack
        names.prefixes[branch.name] = "" if branch.name == root else branch.name.removeprefix(f"{root}-")
        plain = legal(key) if key else GATEWAY
        alone = branch.name == root or counts[plain] == 1
        wanted = naming.shorten(plain if alone else f"{names.prefixes[branch.name]}-{plain}", limit)
        if wanted in used or not _is_free(names, branch, key, wanted):
            wanted = f"{wanted[: limit - 9]}-{naming.digest(f'{branch.name}/{key}')}"
        used.add(wanted)
        names.services[branch.name, key] = wanted
    for branch in branches:  # stacks without members
        names.stacks.setdefault(branch.name, stack)
        names.prefixes.setdefault(branch.name, "" if branch.name == root else branch.name.removeprefix(f"{root}-"))
    return names


def _members(branch: Branch) -> Iterator[str]:
    """The keys of the services of a stack; the gateway's is empty and last."""
    yield from branch.spec.plain
    if branch.has_gateway:
        yield ""


def _is_free(names: Names, branch: Branch, key: str, wanted: str) -> bool:
    """Whether no other member has a name in the networks of a service."""
    member = naming.member(branch.name, key) if key else branch.name
    joined = set(branch.joined(key)) if key else gateway_networks(branch)
    return all(names.holders.get((network, wanted.lower()), {member}) == {member} for network in joined)


def gateway_networks(branch: Branch) -> set[NetworkId]:
    """The minimum networks of a gateway: its stack's and its parent's."""
    place = branch.spec.place
    return {branch.networks.own, *map(NetworkId.parse, place.gateway_networks if place else ())}
