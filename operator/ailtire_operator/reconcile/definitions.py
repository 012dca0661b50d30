"""Parsed definitions, remembered while they are likely to be asked for again; and the templates of each namespace.

They are remembered by what stands in them: the children of one template differ in their place alone.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from ailtire_operator.cluster.kinds import STACK
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model import templates as marks
from ailtire_operator.model.census import Census
from ailtire_operator.model.loading import named, parse_place, parse_spec
from ailtire_operator.model.nesting import TooDeep, with_entries
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.stack import Stack, StackSpec
from ailtire_operator.plan.definition_changes import TreeDefinition
from ailtire_operator.reconcile.lru_cache import PER_MEMBER, PER_VALUE, LruCache
from ailtire_operator.reconcile.mode import spec_of

KEPT: Final = 512
"""Definitions kept in memory: those that change; a resting tree of thousands costs nothing."""
KEPT_BYTES: Final = 8 * 2**20
"""What these may take together, as far as that can be estimated."""


class DefinitionCache:
    """The typed stacks of records."""

    def __init__(self) -> None:
        self._specs: LruCache[StackSpec | InvalidStack] = LruCache(KEPT, KEPT_BYTES)
        self._digests: dict[str, tuple[int, str]] = {}
        """Of each stack's definition without its place, by uid, with the generation."""

    @property
    def bytes(self) -> int:
        """What is kept takes about so many."""
        return self._specs.size

    def stack(self, record: Record) -> Stack:
        """The typed stack of a record. Raises InvalidStack."""
        spec, place = self._spec(record), spec_of(record).get("place")
        if place is not None:
            spec = spec.model_copy(update={"place": parse_place(place)})
        namespace = record.ref.namespace
        metadata = {"name": record.ref.name, "namespace": namespace, "uid": record.uid, "generation": record.generation}
        return named(metadata, spec)

    def forget(self, uid: str) -> None:
        """The stack with this uid is gone."""
        self._digests.pop(uid, None)

    def forget_resting(self) -> None:
        """Forget the parsed definitions that nobody has asked for since this was called before."""
        self._specs.forget_resting()

    def _spec(self, record: Record) -> StackSpec:
        """What the definition says without its place."""
        digest = self._digest(record)
        found = self._specs.get(digest)
        if found is None:
            found = _parsed(record)
            self._specs.put(digest, found, _bytes(found))
        if isinstance(found, InvalidStack):
            raise found.with_traceback(None)  # else it would grow with every reconcile
        return found

    def _digest(self, record: Record) -> str:
        known = self._digests.get(record.uid)
        if known is None or known[0] != record.generation:
            known = record.generation, _hash(record)
            self._digests[record.uid] = known
        return known[1]


class Templates(Mapping[str, StackSpec]):
    """The valid templates of a namespace, by name, as they are at one time; each is parsed when it is asked for."""

    def __init__(self, records: Mapping[str, Record], contents: DefinitionCache) -> None:
        self._records = dict(records)
        self._cache = contents

    def __getitem__(self, name: str) -> StackSpec:
        try:
            return self._cache.stack(self._records[name]).spec
        except InvalidStack:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._records if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True, slots=True)
class HeldDefinition:
    """What a tree runs in place of the definition that is written."""

    source: str
    """The uid of the revision that it comes from."""
    spec: StackSpec
    templates: Mapping[str, StackSpec]


class Definitions:
    """Typed stacks by uid and generation."""

    def __init__(self, store: Store) -> None:
        self._cache = DefinitionCache()
        self._records: dict[str, dict[str, Record]] = defaultdict(dict)
        self._templates: dict[str, Templates] = {}
        self._held: dict[str, HeldDefinition] = {}
        """By the root's uid."""
        self._held_names: dict[tuple[str, str], str] = {}
        """The uid of each such root, by namespace and name."""
        store.listeners.append(self._changed)

    def stack(self, record: Record) -> Stack:
        """The typed stack of a record, as it is to run. Raises InvalidStack."""
        held = self._held.get(record.uid)
        if held is None:
            return self._cache.stack(record)
        # Another generation than that of what is written: what is noted of that one's services does not concern it.
        metadata = {"name": record.ref.name, "namespace": record.ref.namespace, "uid": record.uid}
        return named({**metadata, "generation": -record.generation}, held.spec)

    def hold(self, root: Record, source: str, definition: TreeDefinition) -> None:
        """Let a tree run this definition from now on, which the revision with the uid ``source`` has. Raises
        InvalidStack where this release cannot run it."""
        templates = {}
        for name, written in definition.templates.items():
            try:
                templates[name] = parse_spec(dict(written))
            except InvalidStack:
                continue  # as any template that is wrong: whoever refers to it reports it
        self._held[root.uid] = HeldDefinition(source, parse_spec(dict(definition.spec)), templates)
        self._held_names[root.ref.namespace, root.ref.name] = root.uid

    def release(self, uid: str) -> None:
        """Let the tree of the root with this uid run what is written."""
        self._held.pop(uid, None)
        self._held_names = {name: each for name, each in self._held_names.items() if each != uid}

    def held(self, uid: str) -> str | None:
        """The revision (by its uid) whose definition the tree of a root runs; None where it runs what is written."""
        found = self._held.get(uid)
        return None if found is None else found.source

    def templates_of(self, record: Record) -> Mapping[str, StackSpec]:
        """The templates that a stack's tree uses; the same object until one of them changes."""
        place = spec_of(record).get("place")
        root = str(place.get("root")) if isinstance(place, Mapping) else record.ref.name
        uid = self._held_names.get((record.ref.namespace, root))
        return self.templates(record.ref.namespace) if uid is None else self._held[uid].templates

    def templates(self, namespace: str) -> Mapping[str, StackSpec]:
        """The valid templates of a namespace, by name; the same object until one of them changes."""
        if namespace not in self._templates:
            self._templates[namespace] = Templates(self._records.get(namespace, {}), self._cache)
        return self._templates[namespace]

    def tree(self, root: Record) -> TreeDefinition:
        """The definition of a whole tree as it is written: the root's, and the templates that it refers to."""
        known = self._records.get(root.ref.namespace, {})
        templates: dict[str, Mapping[str, Any]] = {}
        waiting = [spec_of(root)]
        while waiting:
            for name in marks.references(waiting.pop()):
                if name in known and name not in templates:
                    templates[name] = spec_of(known[name])
                    waiting.append(templates[name])
        return TreeDefinition(spec_of(root), templates)

    def template_record(self, namespace: str, name: str) -> Record | None:
        """The resource of a template, valid or not."""
        return self._records.get(namespace, {}).get(name)

    def has_template(self, namespace: str, name: str) -> bool:
        """Whether there is such a template at all, valid or not."""
        return name in self._records.get(namespace, {})

    def forget(self, uid: str) -> None:
        """The stack is gone."""
        self._cache.forget(uid)
        self.release(uid)

    def forget_resting(self) -> None:
        """Forget what nobody has asked for since this was called before; it is parsed again when somebody does."""
        self._cache.forget_resting()

    def _changed(self, old: Record | None, new: Record | None) -> None:
        for record, present in ((old, False), (new, True)):
            if record is None or not is_template(record):
                continue
            if old is not None and new is not None and old.uid == new.uid and old.generation == new.generation:
                return
            self._templates.pop(record.ref.namespace, None)
            if present and not record.deleting:
                self._records[record.ref.namespace][record.ref.name] = record
            else:
                self._records[record.ref.namespace].pop(record.ref.name, None)


def is_template(record: Record) -> bool:
    """Whether the record is a stack that others refer to."""
    return record.ref.kind == STACK.kind and marks.is_template(spec_of(record))


def _without_place(record: Record) -> Any:
    spec = record.summary.get("spec")
    if not isinstance(spec, Mapping):
        return spec
    return with_entries(spec, {name: value for name, value in spec.items() if name != "place"})


def _hash(record: Record) -> str:
    spec = _without_place(record)
    if isinstance(spec, TooDeep):  # what is left of it may be what another says in full
        return f"{record.uid}/{record.generation}"
    return hashlib.blake2b(orjson.dumps(spec), digest_size=16).hexdigest()


def _parsed(record: Record) -> StackSpec | InvalidStack:
    spec = _without_place(record)
    try:
        return parse_spec({} if spec is None else spec)
    except InvalidStack as error:
        return error


def _bytes(found: StackSpec | InvalidStack) -> int:
    if isinstance(found, InvalidStack):
        return sum(PER_VALUE + len(str(problem)) for problem in found.problems)
    members = Census({}).stack(found, 0).members
    return found.size.characters + found.size.values * PER_VALUE + members * PER_MEMBER
