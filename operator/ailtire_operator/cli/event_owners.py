"""Whose Events are those of a subtree: the path of the stack or service to which the object of an Event belongs. Pure.

An Event names its object, and has none of its labels. What lives is known by them; what is gone, by the names that
Kubernetes makes for pods, ReplicaSets and the operator for the rest.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cli.paths import SEPARATOR, PathTarget, paths
from ailtire_operator.cli.service_pods import REPLICA_SET
from ailtire_operator.cli.trees import Resource, root_of, services_of
from ailtire_operator.cli.wait_conditions import subtree
from ailtire_operator.cluster.kinds import JOB, OWNED_KINDS, POD, STACK, Kind

SEEN_KINDS: Final[Mapping[str, Kind]] = {
    kind.kind: kind for kind in (POD, REPLICA_SET, *OWNED_KINDS) if kind is not STACK
}
"""Kinds whose objects may belong to a service or stack, by name."""
_ROOT_LIMIT: Final = 40
"""Characters of the root's name that every name below it holds; what is longer is cut somewhere behind them."""
_SAFE: Final = frozenset("bcdfghjklmnpqrstvwxz2456789")
"""The characters of which Kubernetes makes the ends of names."""
_HEX: Final = frozenset("0123456789abcdef")
_DIGITS: Final = frozenset("0123456789")


@dataclass(frozen=True, slots=True)
class EventScope:
    """A subtree, or one service of a stack."""

    root: str
    """The name of the tree's root."""
    stacks: Mapping[str, str]
    """The paths of the stacks, by name."""
    keys: Mapping[tuple[str, str], str]
    """The paths of the services, by stack and by how their keys stand in names."""
    names: Mapping[str, str]
    """The paths of what objects may be called, as far as that follows from the definition."""
    whole: bool
    """Whether stacks are meant, and not one service."""

    def may_hold(self, name: str) -> bool:
        """Whether an object of the name can be in the tree at all: a cheap look before any other."""
        return self.root[:_ROOT_LIMIT] in name

    def by_labels(self, name: str, labels: Mapping[str, str]) -> str:
        """The path of a live object; empty where it is none of the subtree's."""
        stack, service = labels.get(naming.LABEL_STACK, ""), labels.get(naming.LABEL_SERVICE, "")
        if labels.get(naming.LABEL_COMPONENT) == naming.COMPONENT_VERIFICATION:
            service = ""  # a check is the stack's own
        if at := self.keys.get((stack, service), ""):
            return at
        if self.whole:  # a service that is in the definition no more, or not yet in the one that was read
            return SEPARATOR.join(filter(None, (self.stacks[stack], service))) if stack in self.stacks else ""
        return self.names.get(name, "") if labels.get(naming.LABEL_VOLUME) else ""

    def knows(self, stack: str, service: str) -> bool:
        """Whether the definition that was read holds the stack, and the service if there is one."""
        return (stack, service) in self.keys if service else stack in self.stacks

    def by_name(self, kind: str, name: str) -> str:
        """The path of an object that is gone; empty where its name is none of the subtree's."""
        if kind == STACK.kind:
            return self.stacks.get(name, "") if self.whole else ""
        if kind not in SEEN_KINDS:
            return ""
        return next((self.names[each] for each in _origins(kind, name) if each in self.names), "")


def event_scope(asked: PathTarget, tree: Sequence[Resource]) -> EventScope:
    """What a path means."""
    known = paths(tree)
    stacks = [asked.stack] if asked.key else subtree(asked.stack, tree)
    whole = not asked.key
    keys: dict[tuple[str, str], str] = {}
    names: dict[str, str] = {}
    for each in stacks:
        name = each["metadata"]["name"]
        path = known[name]
        if whole:
            check = naming.verification(name, "").rpartition("-")[0]
            names |= dict.fromkeys((name, naming.gateway(name), naming.tree_gateway(name), check), path)
            names |= {naming.volume(name, key): path for key in (each.get("spec") or {}).get("data") or {}}
        for key, service in services_of(each).items():
            if (service or {}).get("type") == "stack" or asked.key not in ("", key):
                continue
            at = f"{path}{SEPARATOR}{key}"
            keys[name, naming.sanitize(key)] = at
            names |= dict.fromkeys(_names(name, key), at)
            if not whole:
                names |= dict.fromkeys(_claims(name, service), at)
    root = root_of(asked.stack)
    return EventScope(
        root=root,
        stacks={name: known[name] for each in stacks if whole for name in [each["metadata"]["name"]]},
        keys=keys,
        names=names,
        whole=whole,
    )


def _names(stack: str, key: str) -> Iterator[str]:
    """What objects of a service are called: its Deployment, its StatefulSet, its Jobs without their hash."""
    yield naming.member(stack, key)
    yield naming.workload(stack, key)
    yield naming.job(stack, key, "").rpartition("-")[0]
    yield naming.published(stack, key)
    yield naming.pods(stack, key)


def _claims(stack: str, service: Mapping[str, Any] | None) -> Iterator[str]:
    """The claims of the stack's volumes that a service mounts."""
    for mount in ((service or {}).get("volumes") or {}).values():
        if source := (mount or {}).get("source"):
            yield naming.volume(stack, source)


def _origins(kind: str, name: str) -> Iterator[str]:
    """The names from which the name of an object may have been made."""
    yield name
    above, _, end = name.rpartition("-")
    if kind in (REPLICA_SET.kind, JOB.kind) and set(end) <= _SAFE | _HEX:
        yield above
    if kind != POD.kind:
        return
    if set(end) <= _DIGITS:  # a StatefulSet's
        yield above
    elif len(end) == 5 and set(end) <= _SAFE:
        yield above  # a DaemonSet's
        top, _, middle = above.rpartition("-")
        if set(middle) <= (_HEX if len(middle) == 8 else frozenset()) or (len(middle) > 5 and set(middle) <= _SAFE):
            yield top  # a Job's, a Deployment's
