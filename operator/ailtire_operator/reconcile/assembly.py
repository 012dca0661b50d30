"""How the reconciler is put together: once for the operator's process, once for the tests that need no cluster."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ailtire_operator.cluster.apply import Applier
from ailtire_operator.cluster.kinds import Manifest, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.settings import Settings
from ailtire_operator.plan.types import Node
from ailtire_operator.reconcile.act import Actor
from ailtire_operator.reconcile.contests import Contests
from ailtire_operator.reconcile.definitions import Definitions
from ailtire_operator.reconcile.explain import Explainer
from ailtire_operator.reconcile.gates import Gates
from ailtire_operator.reconcile.history import History
from ailtire_operator.reconcile.hosts import Hosts
from ailtire_operator.reconcile.lineage import Lineage
from ailtire_operator.reconcile.loop import Key, Reconciler
from ailtire_operator.reconcile.nodes import Nodes
from ailtire_operator.reconcile.obstacles import Obstacles
from ailtire_operator.reconcile.planning import Features, Planner
from ailtire_operator.reconcile.prerequisites import Prerequisites
from ailtire_operator.reconcile.queue import Queue
from ailtire_operator.reconcile.sessions import Sessions
from ailtire_operator.reconcile.unready import UnreadyPods
from ailtire_operator.reconcile.waits import Waits


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the reconciler asks of its cluster beside the store, and whom it tells of stacks that are due."""

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
    actor: Actor
    definitions: Definitions
    planner: Planner
    lineage: Lineage
    obstacles: Obstacles
    sessions: Sessions


def assemble(store: Store, applier: Applier, queue: Queue[Key], settings: Settings, around: Surroundings) -> Assembly:
    """Everything that decides, around one store; what is remembered of a stack ends with the stack."""
    sessions = Sessions(store, around.clock)
    definitions = Definitions(store)
    unready = UnreadyPods(store, clock=around.clock, server_time=around.server_time, synced=around.synced)
    history = History(store, applier, unready)
    nodes = Nodes(around.nodes, around.clock)
    planner = Planner(store, definitions, settings, around.features, history.failed_updates, nodes)
    lineage = Lineage(store, applier, planner, definitions)
    depended, needed = Waits(store, around.wake), Waits(store, around.wake)
    gates, prerequisites = Gates(store, lineage, depended), Prerequisites(store, lineage, needed, around.claims)
    contests, obstacles = Contests(store, around.wake), Obstacles(store, around.until_changed, around.wake_soon)
    hosts = Hosts(store, around.wake)
    actor = Actor(store, applier, planner, contests, hosts, history, gates, prerequisites, obstacles, sessions)
    explainer = Explainer(around.warning, store, around.clock)
    reconciler = Reconciler(
        store, applier, definitions, actor, explainer, queue, sessions, now=around.now, clock=around.clock
    )
    sessions.at_end(
        definitions.forget,
        planner.forget,
        lineage.forget,
        depended.forget,
        needed.forget,
        contests.forget,
        obstacles.forget,
    )
    return Assembly(reconciler, actor, definitions, planner, lineage, obstacles, sessions)
