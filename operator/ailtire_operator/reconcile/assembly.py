"""How the reconciler is put together: once for the operator's process, once for the tests that need no cluster."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ailtire_operator.cluster import interning
from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.kinds import Manifest, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.settings import Settings
from ailtire_operator.plan.types import Node
from ailtire_operator.reconcile.ancestry import Ancestry
from ailtire_operator.reconcile.definitions import Definitions
from ailtire_operator.reconcile.dependency_gate import DependencyGate
from ailtire_operator.reconcile.dependency_index import DependencyIndex
from ailtire_operator.reconcile.executor import PlanExecutor
from ailtire_operator.reconcile.gateway_facts import GatewayFacts
from ailtire_operator.reconcile.name_conflicts import ForeignObjects, NameConflicts
from ailtire_operator.reconcile.plan_inputs import JobNodes
from ailtire_operator.reconcile.planner import Features, Planner
from ailtire_operator.reconcile.prerequisites import Prerequisites
from ailtire_operator.reconcile.queue import Queue
from ailtire_operator.reconcile.reconciler import Key, Reconciler
from ailtire_operator.reconcile.revisions import Revisions
from ailtire_operator.reconcile.rollback import Rollback
from ailtire_operator.reconcile.secret_readers import SecretReaders
from ailtire_operator.reconcile.sessions import Sessions
from ailtire_operator.reconcile.shared_hosts import SharedHosts
from ailtire_operator.reconcile.tree_gateways import TreeGateways
from ailtire_operator.reconcile.tree_rollback import TreeRollback
from ailtire_operator.reconcile.unready_pods import UnreadyPods
from ailtire_operator.reconcile.warning_events import WarningEvents


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """What the reconciler asks of its cluster beside the store, and what it calls for stacks that are due."""

    features: Callable[[], Features]
    synced: Callable[[], bool]
    """Whether the first lists are in."""
    server_time: Callable[[], float | None]
    """The API server's clock, in seconds."""
    nodes: Callable[[], Awaitable[tuple[Node, ...] | None]]
    claims: Callable[[str], Awaitable[Sequence[Manifest]]]
    """All volume claims of a namespace."""
    warning: Callable[[Ref, str], Awaitable[tuple[str, str] | None]]
    """Reason and message of the newest Warning Event of an object, by its uid."""
    until_changed: Callable[[Record], Awaitable[None]]
    """Returns when an object that no watch brings has gone or changed hands."""
    wake: Callable[[Record], None]
    wake_soon: Callable[[Record], None]
    clock: Callable[[], float]
    """Monotonic, in seconds."""
    now: Callable[[], str]
    """The time of day as Kubernetes writes it."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """What is asked for by name of all that was put together."""

    reconciler: Reconciler
    executor: PlanExecutor
    definitions: Definitions
    planner: Planner
    ancestry: Ancestry
    foreign_objects: ForeignObjects
    sessions: Sessions

    def forget_resting(self) -> None:
        """Keep small what nobody has asked for since this was called before; it can be made again."""
        self.planner.forget_resting()
        self.definitions.forget_resting()
        interning.forget_resting()


def assemble(store: Store, applier: Applier, queue: Queue[Key], settings: Settings, cluster: ClusterAccess) -> Assembly:
    """Everything that decides, around one store; what is remembered of a stack ends with the stack."""
    sessions = Sessions(store, cluster.clock)
    definitions = Definitions(store)
    unready = UnreadyPods(store, clock=cluster.clock, server_time=cluster.server_time, synced=cluster.synced)
    rollback = Rollback(store, applier, unready)
    revisions = Revisions(store, applier, definitions)
    tree_rollback = TreeRollback(
        store,
        applier,
        definitions,
        revisions,
        wake=cluster.wake,
        clock=cluster.clock,
        server_time=cluster.server_time,
    )
    nodes = JobNodes(cluster.nodes, cluster.clock)
    readers = SecretReaders(store, cluster.wake)
    gateways = GatewayFacts(store, cluster.clock)
    tree_gateways = TreeGateways(store, applier, gateways, cluster.wake, cluster.clock)
    planner = Planner(store, definitions, settings, cluster.features, rollback.failed_updates, nodes, readers, gateways)
    ancestry = Ancestry(store, applier, planner, definitions)
    depended, needed = DependencyIndex(store, cluster.wake), DependencyIndex(store, cluster.wake)
    gate, prerequisites = (
        DependencyGate(store, ancestry, depended, tree_rollback.is_paused),
        Prerequisites(store, ancestry, needed, cluster.claims),
    )
    name_conflicts, foreign_objects = (
        NameConflicts(store, cluster.wake),
        ForeignObjects(store, cluster.until_changed, cluster.wake_soon),
    )
    hosts = SharedHosts(store, cluster.wake)
    executor = PlanExecutor(
        store,
        applier,
        planner,
        name_conflicts,
        hosts,
        rollback,
        gate,
        prerequisites,
        foreign_objects,
        sessions,
        tree_gateways,
    )
    warning_events = WarningEvents(cluster.warning, store, cluster.clock)
    reconciler = Reconciler(
        store,
        applier,
        definitions,
        executor,
        revisions,
        tree_rollback,
        warning_events,
        queue,
        sessions,
        now=cluster.now,
        clock=cluster.clock,
    )
    sessions.at_end(
        definitions.forget,
        revisions.forget,
        tree_rollback.forget,
        planner.forget,
        gateways.forget,
        tree_gateways.forget,
        ancestry.forget,
        depended.forget,
        needed.forget,
        name_conflicts.forget,
        foreign_objects.forget,
    )
    return Assembly(reconciler, executor, definitions, planner, ancestry, foreign_objects, sessions)
