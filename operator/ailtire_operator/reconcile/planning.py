"""Plans as they stand in the cluster, kept while everything that they were made from stays the same."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ailtire_operator.cluster.connection import Account
from ailtire_operator.cluster.kinds import JOB, Manifest, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.settings import Settings
from ailtire_operator.model.stack import Stack, StackSpec
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import FailedUpdate, Node, Observed, Plan
from ailtire_operator.reconcile.addresses import Addresses
from ailtire_operator.reconcile.decide import owned
from ailtire_operator.reconcile.definitions import Definitions
from ailtire_operator.reconcile.nodes import Nodes

_KEPT: Final = 256
"""Plans kept: those of stacks in which something moves. Their status changes far more often than their plan."""


@dataclass(frozen=True, slots=True)
class Features:
    """What this cluster can do."""

    stop_signal: bool = False
    http_routes: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, its objects by address, and what it was made from."""

    plan: Plan
    manifests: Mapping[Ref, Manifest]
    generation: int
    templates: Mapping[str, StackSpec]
    features: Features
    nodes: tuple[Node, ...] | None
    addresses: Addresses
    account: Account | None
    """By whose rights the objects are written; None: the operator's own."""
    failed_updates: Mapping[str, FailedUpdate] = field(default_factory=dict)
    synced: dict[Ref, str] = field(default_factory=dict)
    """The fingerprint with which an object was last found to be in sync: comparing it again costs nothing."""


class Planner:
    """Makes plans."""

    def __init__(
        self,
        store: Store,
        definitions: Definitions,
        settings: Settings,
        features: Callable[[], Features],
        failed_updates: Callable[[Record], Mapping[str, FailedUpdate]],
        nodes: Nodes,
    ) -> None:
        self._store = store
        self._definitions = definitions
        self._settings = settings
        self._features = features
        self._failed_updates = failed_updates
        self._nodes = nodes
        self._kept: OrderedDict[str, Planned] = OrderedDict()

    async def prepare(self, stack: Stack) -> None:
        """Find out what the stack's plan depends on and no watch brings."""
        await self._nodes.look_for(stack)

    def plan(self, record: Record, stack: Stack) -> Planned:
        """The plan of a stack as of now. Raises InvalidStack."""
        known = self._kept.get(record.uid)
        if known is None or not self._is_current(known, record):
            known = self._make(record, stack)
            self._kept[record.uid] = known
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(record.uid)
        return known

    def _is_current(self, known: Planned, record: Record) -> bool:
        return (
            known.generation == record.generation
            and known.features == self._features()
            and known.nodes == self._nodes.known
            and known.templates is self._definitions.templates(record.ref.namespace)
            and known.addresses.still_true()
            and known.failed_updates == self._failed_updates(record)
        )

    def _make(self, record: Record, stack: Stack) -> Planned:
        features = self._features()
        templates = self._definitions.templates(record.ref.namespace)
        addresses = Addresses(self._store, record.ref.namespace)
        failed = self._failed_updates(record)
        observed = Observed(
            addresses=addresses,
            templates=templates,
            stop_signal=features.stop_signal,
            http_routes=features.http_routes,
            nodes=self._nodes.known,
            completions=completions(self._store, record.ref.namespace, record.uid),
            failed_updates=failed,
        )
        made = plan(stack, self._settings, observed)
        manifests = {Ref.of(manifest): manifest for manifest in (owned(each, stack) for each in made.objects)}
        account = account_of(stack, self._settings)
        return Planned(
            made, manifests, record.generation, templates, features, observed.nodes, addresses, account, failed
        )


def account_of(stack: Stack, settings: Settings) -> Account | None:
    """The service account by whose rights the stack is written; None where neither its root nor a setting names one."""
    name = stack.reconcile_as or settings.default_reconcile_as
    return None if name is None else Account(stack.namespace, name)


def completions(store: Store, namespace: str, uid: str) -> dict[str, int]:
    """How often each Job of the stack of this uid was made to run."""
    jobs = (each for each in store.owned_by(namespace, uid) if each.ref.kind == JOB.kind and not each.deleting)
    return {each.ref.name: int(each.summary.get("specReplicas") or 0) for each in jobs}
