"""Which members of a stack are held back until what they depend on (``dependsOn``) is there.

Of a tree whose update has failed and is to go no further, every service is held.

Only where there is something to write: a member that is in sync stays as it is, whatever becomes of its dependencies.
What is held is neither made nor changed nor removed; what ran before runs on. A dependency counts in the definition
that it is to have: while its own stack, or one above, is not yet as its parent wants it, it is not there yet. In a
suspended stack nothing changes, so what runs there is taken as it is. What a circle of dependencies, or a path to
nothing, would hold for ever is held too, and is reported as something that only its author can mend.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import STACK, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.field_path import SPEC, path_of
from ailtire_operator.model.report import Notice
from ailtire_operator.plan.dependencies import target
from ailtire_operator.plan.dependency_graph import Presence
from ailtire_operator.plan.types import ChildPlan, DependencyPlan, ServicePlan
from ailtire_operator.reconcile.ancestry import Ancestry
from ailtire_operator.reconcile.dependency_index import DependencyIndex
from ailtire_operator.reconcile.mode import ReconcileMode, mode_of
from ailtire_operator.reconcile.planner import Planned
from ailtire_operator.reconcile.snapshot import StackSnapshot, floors, live_of
from ailtire_operator.reconcile.status_facts import invalid_child
from ailtire_operator.reconcile.stop_gate import StopGate
from ailtire_operator.status import waiting
from ailtire_operator.status.conditions import VERIFICATION
from ailtire_operator.status.observed import Child, Problem
from ailtire_operator.status.rollup import branch, is_observed
from ailtire_operator.status.text import bounded


class DependencyGate:
    """Decides who has to wait, and remembers which stacks it depends on."""

    def __init__(
        self, store: Store, ancestry: Ancestry, waits: DependencyIndex, is_paused: Callable[[Record], bool]
    ) -> None:
        """``is_paused``: whether the update of the tree that a stack belongs to has failed, and goes no further."""
        self._store = store
        self._ancestry = ancestry
        self._dependents = waits
        self._stops = StopGate(store, ancestry)
        self.is_paused = is_paused

    def held(self, record: Record, planned: Planned) -> dict[str, Problem]:
        """The members (by key) that are not to be written now, and why."""
        members = list(_members(planned, record.ref.namespace))
        found, watched = {}, set[str]()
        for key, ref, needs in members:
            problem = self._wrong(record, key)
            if problem is None and ref in planned.manifests and not self._ancestry.in_sync(planned, ref):
                problem = self._wait(record, planned, ref, needs)
            if problem is not None:
                found[key] = problem
                watched.update(name for need in needs for name in _on_the_way(planned, need))
        for key, waits in self._stops.held(record, planned).items():
            found[key] = waits.problem
            watched.update(waits.stacks)
        if self.is_paused(record):
            found |= self._paused(record, planned)
        self._dependents.update(record, planned.plan.stack.root if members or watched else None, watched)
        return found

    def _paused(self, record: Record, planned: Planned) -> dict[str, Problem]:
        """The services that would be changed, where nothing more is."""
        found = {}
        for service in planned.plan.services.values():
            ref = Ref(service.kind, record.ref.namespace, service.name)
            # What goes back to what ran before is no part of the update.
            if service.held is None and not self._ancestry.in_sync(planned, ref):
                found[service.key] = waiting.paused(exists=self._store.get(ref) is not None)
        return found

    def notices(self, record: Record, planned: Planned) -> Iterator[Notice]:
        """Dependencies on other stacks that have no effect, which no stack's own plan can tell."""
        for key, _, _ in _members(planned, record.ref.namespace):
            for name in self._ancestry.order(record).absent(record.ref.name, key, required=False):
                path = path_of(SPEC, "services", key, "dependsOn", name)
                yield Notice(path, "ignored", f"the tree has no '{name}', and it is not required.")

    def _wrong(self, record: Record, key: str) -> Problem | None:
        """What would hold a member for ever, whether there is anything to write now or not."""
        flaw = self._ancestry.order(record).flaw(record.ref.name, key)
        # A stack that is itself about to change may ask for what has just gone.
        if flaw is None or not self._ancestry.is_current(record):
            return None
        reason = waiting.DEPENDENCY_CYCLE if flaw.circle else waiting.DEPENDENCY_MISSING
        return Problem(reason, bounded(f"{path_of(SPEC, 'services', key, *flaw.location)}: {flaw.sentence}"))

    def _wait(self, record: Record, planned: Planned, ref: Ref, needs: Sequence[DependencyPlan]) -> Problem | None:
        """What a member has to wait for now, if anything."""
        unmet = []
        for need in needs:
            if need.stack == record.ref.name and _is_near(planned, need):
                unmet.append(self._member(record, planned, need, frozen=False))
            else:
                unmet.append(self._elsewhere(record, need))
        if not any(unmet):
            return None
        subject = "stack " if ref.kind == STACK.kind else ""
        return waiting.held(list(filter(None, unmet)), exists=self._store.get(ref) is not None, subject=subject)

    def _elsewhere(self, record: Record, need: DependencyPlan) -> str:
        """What is missing of a dependency in another stack of the tree."""
        presence = self._ancestry.order(record).presence(record.ref.name, need.path)
        stack = self._store.get(Ref(STACK.kind, record.ref.namespace, need.stack))
        if stack is None or presence is Presence.ABSENT:
            optional = not need.required and presence is not Presence.THERE
            return "" if optional else f"{need.path} ({waiting.NOT_CREATED})"
        mode = mode_of(stack, self._store).mode
        if (
            mode not in (ReconcileMode.RUN, ReconcileMode.SUSPENDED)
            or self._ancestry.root(stack).uid != self._ancestry.root(record).uid
        ):
            return f"{need.path} (its stack does not run)"
        if not self._ancestry.is_current(stack):
            return f"{need.path} ({waiting.NOT_UPDATED})"
        planned = self._ancestry.planned(stack)
        if planned is None:
            return f"{need.path} (the definition of its stack is not valid)"
        found = self._member(stack, planned, need, frozen=mode is ReconcileMode.SUSPENDED)
        return f"{found}, whose stack is suspended" if found and mode is ReconcileMode.SUSPENDED else found

    def _member(self, stack: Record, planned: Planned, need: DependencyPlan, *, frozen: bool) -> str:
        """What is missing of a member of a stack; ``frozen``: it is taken as it is."""
        snapshot = StackSnapshot(stack, self._store)
        if (service := planned.plan.services.get(need.key)) is not None:
            return self._service(snapshot, planned, service, need, frozen=frozen)
        if (child := planned.plan.children.get(need.key)) is not None:
            return self._child(snapshot, planned, child, need, frozen=frozen)
        return f"{need.path} ({waiting.NOT_UPDATED})"

    def _service(
        self, snapshot: StackSnapshot, planned: Planned, service: ServicePlan, need: DependencyPlan, *, frozen: bool
    ) -> str:
        if service.held is not None:
            return f"{need.path} (its update has failed)"
        if service.stopped:
            return f"{need.path} ({waiting.STOPPED})" if need.required else ""
        health = snapshot.health(service, floor=floors(planned.manifests).get((service.kind, service.name), 0))
        ref = Ref(service.kind, snapshot.record.ref.namespace, service.name)
        return waiting.unmet_by_service(
            need.path,
            need.condition,
            health,
            live_of(snapshot.get(service.kind, service.name)),
            snapshot.running(service),
            current=frozen or self._ancestry.in_sync(planned, ref),
        )

    def _child(
        self, snapshot: StackSnapshot, planned: Planned, child: ChildPlan, need: DependencyPlan, *, frozen: bool
    ) -> str:
        if child.missing is not None and not need.required:
            return ""
        if child.stopped:
            return f"{need.path} ({waiting.STOPPED})" if need.required else ""
        resource = live_of(snapshot.get(STACK.kind, child.name))
        ref = Ref(STACK.kind, snapshot.record.ref.namespace, child.name)
        found = branch(Child(child.key, child.name, resource, child.missing, child.optional, invalid_child(child)))
        if found.problem is not None and found.problem.reason in VERIFICATION:
            found = replace(found, ready=True, problem=None)  # nothing in a tree waits for a stack's check
        return waiting.unmet_by_stack(
            need.path,
            need.condition,
            found,
            exists=resource is not None,
            current=frozen or child.problem is not None or self._ancestry.in_sync(planned, ref),
            acted=resource is not None and is_observed(resource),
        )


def _is_near(planned: Planned, need: DependencyPlan) -> bool:
    """Whether the dependency is a member of the stack itself, and there."""
    return need.key in planned.plan.services or need.key in planned.plan.children


def _members(planned: Planned, namespace: str) -> Iterator[tuple[str, Ref, tuple[DependencyPlan, ...]]]:
    """Every member that depends on anything, with what is held of it before all else."""
    for service in planned.plan.services.values():
        # Going back to what ran before waits for nobody, nor does what is not to run.
        if service.depends_on and service.held is None and not service.stopped:
            yield service.key, Ref(service.kind, namespace, service.name), service.depends_on
    for child in planned.plan.children.values():
        if child.depends_on and not child.stopped:
            yield child.key, Ref(STACK.kind, namespace, child.name), child.depends_on


def _on_the_way(planned: Planned, need: DependencyPlan) -> Iterator[str]:
    """The stacks whose changes may end the waiting: those down to the dependency, and itself where it is one.

    What happens in the stack itself and right below wakes it anyway.
    """
    stack = planned.plan.stack
    found = target(need.path, stack.root, stack.name, stack.spec.services)
    if found.stack == stack.name:
        return
    name = stack.root
    yield name
    for key in (*found.above, found.key):
        name = naming.member(name, key)
        yield name
