"""A stack and those above it: which tree it belongs to, and whether it is what they want it to be by now."""

from collections import deque
from collections.abc import Mapping
from typing import Final, Protocol

from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.loading import sound_levels
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.stack import Stack, StackSpec
from ailtire_operator.plan.dependency_graph import DependencyGraph
from ailtire_operator.reconcile.definitions import Definitions
from ailtire_operator.reconcile.lru_cache import PER_MEMBER, LruCache
from ailtire_operator.reconcile.mode import ReconcileMode, ancestors, mode_of
from ailtire_operator.reconcile.planner import Comparer, Planned

_KEPT: Final = 64
"""Trees whose order is remembered: those in which somebody waits."""
_KEPT_BYTES: Final = 32 * 2**20
"""What these may take together, as far as that can be estimated."""


class Plans(Protocol):
    """Makes plans, or has them already."""

    def plan(self, record: Record, stack: Stack) -> Planned:
        """The plan of a stack. Raises InvalidStack."""
        ...


class Ancestry:
    """Reads the trees of the store."""

    def __init__(self, store: Store, applier: Comparer, planner: Plans, definitions: Definitions) -> None:
        self._store = store
        self._applier = applier
        self._planner = planner
        self._definitions = definitions
        self._orders: LruCache[tuple[int, Mapping[str, StackSpec], DependencyGraph]] = LruCache(_KEPT, _KEPT_BYTES)

    def forget(self, uid: str) -> None:
        """The stack is gone, and with a root its tree."""
        self._orders.pop(uid)

    def root(self, record: Record) -> Record:
        """The stack at the top."""
        return next(iter(deque(ancestors(record, self._store), maxlen=1)), record)

    def order(self, record: Record) -> DependencyGraph:
        """Who waits for whom in the tree of the stack, as its root's definition has it."""
        root = self.root(record)
        templates = self._definitions.templates_of(root)
        known = self._orders.get(root.uid)
        if known is None or known[0] != root.generation or known[1] is not templates:
            known = (root.generation, templates, self._read(root, templates))
            self._orders.put(root.uid, known, known[2].members * PER_MEMBER)
        return known[2]

    def is_current(self, record: Record) -> bool:
        """Whether the stack has the definition that it is to have, and so has every stack above it.

        Of a parent that is suspended, or whose definition is wrong, nothing new will come, so nothing is waited for.
        """
        for parent in ancestors(record, self._store):
            if mode_of(parent, self._store).mode is ReconcileMode.RUN:
                planned = self.planned(parent)
                if planned is not None and not self.in_sync(planned, record.ref):
                    return False
            record = parent
        return True

    def planned(self, record: Record) -> Planned | None:
        """The plan of a stack; None if its definition is wrong."""
        try:
            return self._planner.plan(record, self._definitions.stack(record))
        except InvalidStack:
            return None

    def in_sync(self, planned: Planned, ref: Ref) -> bool:
        """Whether an object of the plan is there as planned; makes no request."""
        return planned.in_sync(ref, self._store, self._applier)

    def overridden(self, ref: Ref) -> bool:
        """Whether an object is as the cluster insists on having it, whatever is sent."""
        return self._applier.overridden(ref)

    def _read(self, root: Record, templates: Mapping[str, StackSpec]) -> DependencyGraph:
        try:
            stack = self._definitions.stack(root)
        except InvalidStack:
            return DependencyGraph(())
        return DependencyGraph(sound_levels(stack.name, stack.spec, templates))
