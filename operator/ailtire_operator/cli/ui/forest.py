"""All trees as records, kept current by what has changed: one stack of a thousand costs its ancestors, no more. Pure.

``put``, ``remove`` and the index of pods only take note; ``flush`` works out which records are different from then.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from ailtire_operator import naming
from ailtire_operator.cli.pod_facts import PodFacts
from ailtire_operator.cli.trees import Resource, State
from ailtire_operator.cli.ui.encoding import encode
from ailtire_operator.cli.ui.pod_index import PodIndex, StackName
from ailtire_operator.cli.ui.stack_records import Record, StackParts, parts_of, use_of
from ailtire_operator.model.limits import DEPTH_LIMIT

_NOTHING = PodFacts()


@dataclass(slots=True)
class _Stack:
    """A stack and what follows from others for it."""

    parts: StackParts
    parent: str = ""
    """The uid of the stack above it; empty for the top of a tree."""
    depth: int = 0
    root: str = ""
    """The id of the tree's top."""
    cut: bool = False
    """Whether it stands alone because the chain of its owners is too long, or a circle."""
    pods: dict[str, PodFacts] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    """What its pods run, by the service as it stands in names."""
    total: PodFacts = _NOTHING
    """Of its pods and of those of everything below it."""
    emitted: frozenset[str] = frozenset()
    """The ids of its records: its own, and one for each stack that it declares and that is missing."""


class Forest:
    """The trees of a cluster or namespace."""

    def __init__(self) -> None:
        self.records: dict[str, bytes] = {}
        """The records as JSON, by id."""
        self._above: dict[str, str] = {}
        """Of each record the id of the one above it; empty for the top of a tree."""
        self._stacks: dict[str, _Stack] = {}
        self._uids: dict[str, str] = {}
        """By id."""
        self._owned: dict[str, set[str]] = {}
        """By the uid of a stack the stacks that say it is their owner."""
        self._moved: set[str] = set()
        self._totals: set[str] = set()
        self._stale: set[str] = set()
        self._gone: set[str] = set()
        self._pods_of: set[StackName] = set()
        self.pods = PodIndex(self._pods_of)

    def put(self, resource: Resource) -> None:
        """A stack as it is now."""
        parts = parts_of(resource)
        known = self._stacks.get(parts.uid)
        if known is None:
            self._stacks[parts.uid] = _Stack(parts)
            self._uids[parts.id] = parts.uid
            self._pods_of.add((parts.namespace, parts.name))
            self._stale.add(parts.owner)
        elif known.parts == parts:
            return
        else:
            self._disown(known.parts)
            if (known.parts.owner, known.parts.key) != (parts.owner, parts.key):
                self._stale |= {known.parts.owner, parts.owner}
                self._moved.add(parts.uid)
            known.parts = parts
            self._totals.add(parts.uid)
        if parts.owner:
            self._owned.setdefault(parts.owner, set()).add(parts.uid)
        if known is None:
            self._moved.add(parts.uid)
        self._stale.add(parts.uid)

    def remove(self, uid: str) -> None:
        """A stack that is gone."""
        stack = self._stacks.pop(uid, None)
        if stack is None:
            return
        self._disown(stack.parts)
        if self._uids.get(stack.parts.id) == uid:
            del self._uids[stack.parts.id]
        self._stale.add(stack.parts.owner)
        self._gone |= stack.emitted
        self._totals.add(stack.parent)
        self._moved |= self._owned.get(uid, set())

    def keep(self, uids: Collection[str]) -> None:
        """All others are gone."""
        for uid in self._stacks.keys() - set(uids):
            self.remove(uid)

    def within(self, record: str, top: str) -> bool:
        """Whether a record is that of a stack or of something below it."""
        for _ in range(DEPTH_LIMIT + 2):
            if record == top:
                return True
            record = self._above.get(record, "")
        return False

    def flush(self) -> set[str]:
        """Work out what follows from the changes since the last time: the ids of the records that are different."""
        self._place()
        self._count_pods()
        self._add_up()
        stale, gone = self._stale & self._stacks.keys(), self._gone
        self._stale, self._gone = set(), set()
        changed: set[str] = set()
        for uid in stale:
            before = self._stacks[uid].emitted
            changed |= self._emit(self._stacks[uid])
            gone |= before - self._stacks[uid].emitted
        for each in gone - changed:
            stack = self._stacks.get(self._uids.get(each, ""))
            if each in self.records and (stack is None or each not in stack.emitted):
                del self.records[each], self._above[each]
                changed.add(each)
        return changed

    def _disown(self, parts: StackParts) -> None:
        siblings = self._owned.get(parts.owner)
        if siblings is not None:
            siblings.discard(parts.uid)
            if not siblings:
                del self._owned[parts.owner]

    def _place(self) -> None:
        """The place of every stack that has come or has another owner, and of those below it."""
        waiting, seen = list(self._moved), set(self._moved)
        self._moved = set()
        while waiting:
            uid = waiting.pop()
            below = self._owned.get(uid, set()) - seen
            seen |= below
            waiting.extend(below)
        for uid in seen & self._stacks.keys():
            stack = self._stacks[uid]
            before = stack.parent, stack.depth, stack.root, stack.cut
            self._put_in_place(stack)
            if before != (stack.parent, stack.depth, stack.root, stack.cut):
                self._stale |= {before[0], stack.parent, uid}
                self._totals |= {before[0], stack.parent, uid}

    def _put_in_place(self, stack: _Stack) -> None:
        depth, top = 0, stack
        while top.parts.owner in self._stacks and depth <= DEPTH_LIMIT:
            depth, top = depth + 1, self._stacks[top.parts.owner]
        stack.cut = depth > DEPTH_LIMIT
        if stack.cut:
            stack.parent, stack.depth, stack.root = "", 0, stack.parts.id
        else:
            stack.parent = stack.parts.owner if depth else ""
            stack.depth, stack.root = depth, top.parts.id

    def _count_pods(self) -> None:
        for namespace, name in self._pods_of:
            stack = self._stacks.get(self._uids.get(f"{namespace}/{name}", ""))
            if stack is None:
                continue
            pods, images = self.pods.facts((namespace, name)), self.pods.images((namespace, name))
            if (pods, images) != (stack.pods, stack.images):
                stack.pods, stack.images = pods, images
                self._stale.add(stack.parts.uid)
                self._totals.add(stack.parts.uid)
        self._pods_of.clear()

    def _add_up(self) -> None:
        """Totals from the deepest stack up, as far as they are others than before."""
        levels: list[set[str]] = [set() for _ in range(DEPTH_LIMIT + 1)]
        for uid in self._totals & self._stacks.keys():
            levels[self._stacks[uid].depth].add(uid)
        self._totals = set()
        for depth in range(DEPTH_LIMIT, -1, -1):
            for uid in levels[depth]:
                stack = self._stacks[uid]
                total = self._total(stack)
                if total == stack.total:
                    continue
                stack.total = total
                self._stale.add(uid)
                if stack.parent:
                    levels[depth - 1].add(stack.parent)

    def _total(self, stack: _Stack) -> PodFacts:
        total = stack.pods.get("", _NOTHING)
        for service in stack.parts.services:
            total += stack.pods.get(naming.sanitize(service["key"]), _NOTHING)
        for below in self._below(stack):
            total += below.total
        return total

    def _below(self, stack: _Stack) -> Iterator[_Stack]:
        for uid in self._owned.get(stack.parts.uid, ()):
            if self._stacks[uid].parent == stack.parts.uid:
                yield self._stacks[uid]

    def _emit(self, stack: _Stack) -> set[str]:
        """Write the stack's records; the ids of those that are different."""
        above = self._stacks[stack.parent].parts.id if stack.parent else ""
        found = {stack.parts.id: (above, self._record(stack, above))}
        missing = self._missing_below(stack)
        found |= {name: (stack.parts.id, record) for name, record in missing.items()}
        stack.emitted = frozenset(found)
        changed = set()
        for name, (parent, record) in found.items():
            self._above[name] = parent
            text = encode(record)
            if self.records.get(name) != text:
                self.records[name] = text
                changed.add(name)
        return changed

    def _record(self, stack: _Stack, above: str) -> Record:
        parts = stack.parts
        services = [self._service(stack, each) for each in parts.services]
        record = {
            "id": parts.id,
            "namespace": parts.namespace,
            "key": parts.key if above else "",
            "parent": above or None,
            "root": stack.root,
            "depth": stack.depth,
            **parts.record,
            **use_of(stack.total),
            "services": services,
        }
        return record | _TOO_DEEP if stack.cut else record

    @staticmethod
    def _service(stack: _Stack, record: Record) -> Record:
        name = naming.sanitize(record["key"])
        image = stack.images.get(name) or record["image"]
        return record | use_of(stack.pods.get(name, _NOTHING)) | {"image": image}

    def _missing_below(self, stack: _Stack) -> dict[str, Record]:
        there = {each.parts.key or each.parts.name for each in self._below(stack)}
        found = {}
        for key, record in stack.parts.declared.items():
            if key in there:
                continue
            name = f"{stack.parts.id}/{key}"  # by its own name somebody else's stack may be known
            found[name] = {
                "id": name,
                "namespace": stack.parts.namespace,
                "key": key,
                "parent": stack.parts.id,
                "root": stack.root,
                "depth": stack.depth + 1,
                **record,
                **use_of(_NOTHING),
                "services": [],
            }
        return found


_TOO_DEEP: Record = {
    "ready": False,
    "state": str(State.TROUBLE),
    "reason": "TooDeep",
    "message": f"a tree has at most {DEPTH_LIMIT} levels, and its owners are more, or a circle",
}
