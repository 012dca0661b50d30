"""Which changes wait for what a member depends on, and why: the operator's own gate, asked as of the apply. No request.

Definitions are taken as they would be written, from the roots down; all else is as it is in the cluster now. So what is
said here is what the operator's first reconciles would say.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ailtire_operator.cluster.kinds import STACK, Manifest, Ref
from ailtire_operator.cluster.managed_fields import desired_projection, fingerprint
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.stack import Stack
from ailtire_operator.reconcile.ancestry import Ancestry
from ailtire_operator.reconcile.definitions import Definitions
from ailtire_operator.reconcile.dependency_gate import DependencyGate
from ailtire_operator.reconcile.dependency_index import DependencyIndex
from ailtire_operator.reconcile.mode import ReconcileMode, mode_of, spec_of
from ailtire_operator.reconcile.planner import Planned
from ailtire_operator.reconcile.pruning import HeldBack, held_back, reference
from ailtire_operator.reconcile.verification import with_check


def in_sync(manifest: Manifest, store: Store) -> bool:
    """Whether the cluster has the object with just the fields of the manifest, as far as they are the operator's."""
    record = store.get(Ref.of(manifest))
    return record is not None and record.owned_hash == fingerprint(desired_projection(manifest))


class HeldBackPreview:
    """The trees of one namespace. To be made with an empty store; what is asked at the end changes what is in it."""

    def __init__(self, store: Store, make: Callable[[Stack], Planned]) -> None:
        self._store = store
        self._plans = _Plans(make)
        ancestry = Ancestry(store, _Comparer(store), self._plans, Definitions(store))
        self._ancestry = ancestry
        self._gate = DependencyGate(
            store, ancestry, DependencyIndex(store, lambda record: None), is_paused=lambda record: False
        )

    def reasons(
        self, written: Iterable[Manifest], roots: Iterable[Ref], planned: Mapping[str, Planned]
    ) -> dict[Ref, str]:
        """Why objects would wait, as far as they would.

        ``written``: roots and templates as the API server would have them; ``planned``: the plans of all stacks.
        """
        self._plans.known = planned
        for each in written:
            self._write(each, None)
        running = self._run([record for ref in roots if (record := self._store.get(ref)) is not None])
        found: dict[Ref, str] = {}
        for record, plan in running:
            found |= self._held(record, plan)
        return found | self._below(found)

    def _run(self, waiting: list[Record]) -> list[tuple[Record, Planned]]:
        """Write the child stacks that are not held back, level by level; the stacks that are acted upon then."""
        running = []
        while waiting:
            record = waiting.pop()
            planned = self._ancestry.planned(record)
            if planned is None or mode_of(record, self._store).mode is not ReconcileMode.RUN:
                continue
            running.append((record, planned))
            held = self._held(record, planned)
            children = {ref: each for ref, each in planned.manifests.items() if ref.kind == STACK.kind}
            waiting += [self._write(each, record) for ref, each in children.items() if ref not in held]
        return running

    def _held(self, record: Record, planned: Planned) -> dict[Ref, str]:
        present = list(self._store.owned_by(record.ref.namespace, record.uid))
        found: dict[Ref, str] = {}
        for key, problem in self._gate.held(record, planned).items():
            reason = problem.message if problem.transient else str(problem)
            found |= dict.fromkeys(held_back(planned.manifests, present, [key]).refs, reason)
        check = with_check(HeldBack(), record, planned, {}, self._store, _Comparer(self._store)).refs
        return found | dict.fromkeys(check, "it checks the stack once everything else is ready")

    def _below(self, held: Mapping[Ref, str]) -> dict[Ref, str]:
        """What waits with a stack that is held back: all that is in it."""
        found: dict[Ref, str] = {}
        waiting = [(ref, reason) for ref, reason in held.items() if ref.kind == STACK.kind]
        while waiting:
            ref, reason = waiting.pop()
            planned = self._plans.known.get(ref.name)
            below = dict.fromkeys(planned.manifests, reason) if planned is not None else {}
            found |= below
            waiting += [each for each in below.items() if each[0].kind == STACK.kind]
        return found

    def _write(self, obj: Manifest, owner: Record | None) -> Record:
        """Put a stack into the store as it would be once it is written; its status is the one that it has."""
        ref, print_ = Ref.of(obj), fingerprint(desired_projection(obj))
        live = self._store.get(ref)
        same = live is not None and (live.owned_hash == print_ if owner else spec_of(live) == obj["spec"])
        metadata = {
            **obj["metadata"],
            "uid": live.uid if live is not None else f"new {ref.name}",
            "resourceVersion": str(live.version + 1 if live is not None else 1),
            "generation": (live.generation if live is not None else 0) + (not same),
        }
        if owner is not None:
            metadata["ownerReferences"] = [reference(owner.ref.name, owner.uid)]
        status: dict[str, Any] = {"status": live.summary.get("status")} if live is not None else {}
        record = self._store.put({**obj, **status, "metadata": metadata})
        assert record is not None  # its version is newer than any that is known
        record.owned_hash = print_
        return record


class _Plans:
    """The plans that were made already, and those of stacks that nobody has planned: suspended ones."""

    def __init__(self, make: Callable[[Stack], Planned]) -> None:
        self.known: Mapping[str, Planned] = {}
        self._make = make

    def plan(self, record: Record, stack: Stack) -> Planned:
        """The plan of a stack. Raises InvalidStack."""
        return self.known.get(stack.name) or self._make(stack)


class _Comparer:
    """Compares with what the cluster has; what another field manager overrides is not remembered here."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def in_sync(self, manifest: Manifest) -> bool:
        """Whether the object is as planned."""
        return in_sync(manifest, self._store)

    def overridden(self, ref: Ref) -> bool:
        """Nobody knows."""
        return False
