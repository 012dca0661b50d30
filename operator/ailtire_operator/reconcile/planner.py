"""Plans as they stand in the cluster, kept while everything that they were made from stays the same."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, Protocol

from ailtire_operator.cluster.connection import Account
from ailtire_operator.cluster.kinds import Manifest, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.census import Census
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.settings import Settings
from ailtire_operator.model.stack import Stack, StackSpec
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import FailedUpdate, Node, Observed, Plan, SecretReload, SecretWatch
from ailtire_operator.reconcile.definitions import Definitions
from ailtire_operator.reconcile.lru_cache import PER_OBJECT, PER_VALUE, LruCache
from ailtire_operator.reconcile.plan_inputs import (
    JobNodes,
    MemberAddresses,
    SecretVersions,
    completions,
    restarts,
    secret_reloads,
    starting,
)
from ailtire_operator.reconcile.pruning import owned
from ailtire_operator.reconcile.secret_readers import SecretReaders

KEPT: Final = 256
"""Plans kept: those of stacks in which something moves. Their status changes far more often than their plan."""
KEPT_BYTES: Final = 64 * 2**20
"""What these may take together, as far as that can be estimated."""
LARGE: Final = 600
"""Values and (ten times) members from which on a plan is made in a thread beside the event loop: it takes some thirty
milliseconds and more, in which nobody else would be served."""
_PER_MEMBER: Final = 10
_TRIES: Final = 3
"""Plans of one reconcile that may be out of date before they are done; after that one is made while all else waits."""


@dataclass(frozen=True, slots=True)
class Features:
    """What this cluster can do."""

    stop_signal: bool = False
    http_routes: bool = False
    secret_watch: SecretWatch = "off"


class Comparer(Protocol):
    """Compares objects with what is planned; the applier does."""

    def in_sync(self, manifest: Manifest) -> bool:
        """Whether applying the manifest would change nothing."""
        ...

    def overridden(self, ref: Ref) -> bool:
        """Whether the object is as the cluster insists on having it."""
        ...


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and its objects by address."""

    plan: Plan
    manifests: Mapping[Ref, Manifest]
    account: Account | None
    """By whose rights the objects are written; None: the operator's own."""
    synced: dict[Ref, str] = field(default_factory=dict)
    """The fingerprint with which an object was last found to be in sync: comparing it again costs nothing."""

    def in_sync(self, ref: Ref, store: Store, applier: Comparer) -> bool:
        """Whether an object of the plan is there as planned; makes no request."""
        live, manifest = store.get(ref), self.manifests.get(ref)
        if live is None or live.deleting or manifest is None:
            return False
        if self.synced.get(ref) != live.owned_hash:
            if not applier.in_sync(manifest):
                return False
            self.synced[ref] = live.owned_hash
        return True


@dataclass(frozen=True, slots=True)
class _Grounds:
    """What a plan, or the refusal of one, was made from: it holds for as long as all this stays the same."""

    generation: int
    templates: Mapping[str, StackSpec]
    features: Features
    nodes: tuple[Node, ...] | None
    addresses: MemberAddresses
    completions: Mapping[str, int]
    restarts: Mapping[tuple[str, str], str]
    secret_versions: SecretVersions
    secret_reloads: Mapping[tuple[str, str], SecretReload]
    starting: frozenset[str]
    failed_updates: Mapping[str, FailedUpdate]


class Planner:
    """Makes plans."""

    def __init__(
        self,
        store: Store,
        definitions: Definitions,
        settings: Settings,
        features: Callable[[], Features],
        failed_updates: Callable[[Record], Mapping[str, FailedUpdate]],
        nodes: JobNodes,
        secret_readers: SecretReaders,
    ) -> None:
        self._store = store
        self._definitions = definitions
        self._settings = settings
        self._features = features
        self._failed_updates = failed_updates
        self._nodes = nodes
        self._secret_readers = secret_readers
        self._kept: LruCache[tuple[_Grounds, Planned | InvalidStack]] = LruCache(KEPT, KEPT_BYTES)
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="plan")

    async def prepare(self, record: Record, stack: Stack) -> None:
        """Find out what the stack's plan depends on and no watch brings; make a large plan beside all other work."""
        await self._nodes.refresh(stack)
        for _ in range(_TRIES):
            known = self._kept.get(record.uid)
            if (known is not None and self._is_current(known[0], record, stack)) or not self._is_large(record, stack):
                return
            grounds = self._grounds(record, stack)
            loop = asyncio.get_running_loop()
            made = await loop.run_in_executor(self._beside, self._make, stack, grounds)
            self._keep(record, grounds, made)

    def plan(self, record: Record, stack: Stack) -> Planned:
        """The plan of a stack as of now. Raises InvalidStack, also from memory: a refusal costs what a plan costs."""
        known = self._kept.get(record.uid)
        if known is None or not self._is_current(known[0], record, stack):
            grounds = self._grounds(record, stack)
            known = self._keep(record, grounds, self._make(stack, grounds))
        if isinstance(known[1], InvalidStack):
            raise known[1].with_traceback(None)  # else it would grow with every reconcile
        return known[1]

    def forget(self, uid: str) -> None:
        """The stack is gone, and so is its plan."""
        self._kept.pop(uid)
        self._secret_readers.forget(uid)

    def _is_large(self, record: Record, stack: Stack) -> bool:
        """Whether the plan takes long: it reads the stack's own members, and which networks those below belong to."""
        place = stack.spec.place
        below = Census(self._definitions.templates_of(record)).stack(stack.spec, place.depth if place else 0)
        return stack.spec.size.values + _PER_MEMBER * below.members > LARGE

    def _keep(
        self, record: Record, grounds: _Grounds, made: Planned | InvalidStack
    ) -> tuple[_Grounds, Planned | InvalidStack]:
        self._kept.put(record.uid, (grounds, made), _bytes(made))
        self._secret_readers.update(record, grounds.secret_versions.asked)
        return grounds, made

    def _is_current(self, known: _Grounds, record: Record, stack: Stack) -> bool:
        return (
            known.generation == stack.generation
            and known.features == self._features()
            and known.nodes == self._nodes.known
            and known.templates is self._definitions.templates_of(record)
            and known.addresses.still_true()
            and known.secret_versions.still_true()
            and known.starting == starting(self._store, record.ref.namespace, stack)
            and known.failed_updates == self._failed_updates(record)
        )

    def _grounds(self, record: Record, stack: Stack) -> _Grounds:
        return _Grounds(
            generation=stack.generation,
            templates=self._definitions.templates_of(record),
            features=self._features(),
            nodes=self._nodes.known,
            addresses=MemberAddresses(self._store, record.ref.namespace),
            completions=completions(self._store, record.ref.namespace, record.uid),
            restarts=restarts(self._store, record.ref.namespace, record.uid),
            secret_versions=SecretVersions(self._store, record.ref.namespace),
            secret_reloads=secret_reloads(self._store, record.ref.namespace, record.uid),
            starting=starting(self._store, record.ref.namespace, stack),
            failed_updates=self._failed_updates(record),
        )

    def _make(self, stack: Stack, grounds: _Grounds) -> Planned | InvalidStack:
        """The plan, or why there is none. Runs beside the event loop too: it reads, and changes nothing but itself."""
        observed = Observed(
            addresses=grounds.addresses,
            templates=grounds.templates,
            stop_signal=grounds.features.stop_signal,
            http_routes=grounds.features.http_routes,
            nodes=grounds.nodes,
            completions=grounds.completions,
            restarts=grounds.restarts,
            secret_watch=grounds.features.secret_watch,
            secret_versions=grounds.secret_versions,
            secret_reloads=grounds.secret_reloads,
            starting=grounds.starting,
            failed_updates=grounds.failed_updates,
        )
        try:
            made = plan(stack, self._settings, observed)
        except InvalidStack as error:
            return error
        manifests = {Ref.of(manifest): manifest for manifest in (owned(each, stack) for each in made.objects)}
        return Planned(made, manifests, account_of(stack, self._settings))


def account_of(stack: Stack, settings: Settings) -> Account | None:
    """The service account by whose rights the stack is written; None where neither its root nor a setting names one."""
    name = stack.reconcile_as or settings.default_reconcile_as
    return None if name is None else Account(stack.namespace, name)


def _bytes(made: Planned | InvalidStack) -> int:
    if isinstance(made, InvalidStack):
        return len(str(made))
    size = made.plan.stack.spec.size
    notices = sum(len(str(notice)) + PER_VALUE for notice in made.plan.notices)
    return len(made.manifests) * PER_OBJECT + size.values * PER_VALUE + size.characters + notices
