"""Plans as they stand in the cluster, kept while everything that they were made from stays the same."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, Protocol

from ailtire_operator.cluster.claim_sizes import keeping_sizes
from ailtire_operator.cluster.connection import Account
from ailtire_operator.cluster.kinds import Manifest, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.census import Census
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.settings import Settings
from ailtire_operator.model.stack import Stack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import FailedUpdate, Observed, Plan, SecretWatch
from ailtire_operator.reconcile.definitions import Definitions
from ailtire_operator.reconcile.gateway_facts import GatewayFacts
from ailtire_operator.reconcile.lru_cache import PER_OBJECT, PER_VALUE, LruCache
from ailtire_operator.reconcile.packing import packed, unpacked
from ailtire_operator.reconcile.plan_inputs import (
    JobNodes,
    MemberAddresses,
    SecretVersions,
    secret_reloads,
    with_own_objects,
)
from ailtire_operator.reconcile.pruning import owned
from ailtire_operator.reconcile.secret_readers import SecretReaders

WHOLE: Final = 12
"""Plans kept as they are used: those of stacks in which something moves. Status changes far more often than a plan."""
WHOLE_BYTES: Final = 2**20
"""What these may take together, as far as that can be estimated."""
KEPT: Final = 4096
"""Plans kept as few bytes, those among them."""
KEPT_BYTES: Final = 16 * 2**20
"""What their bytes may be together."""
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
    hostname_override: bool = False
    resource_claims: bool = False
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
            self.synced[live.ref] = live.owned_hash
        return True


@dataclass(frozen=True, slots=True)
class _Grounds:
    """What a plan, or the refusal of one, was made from: it holds for as long as all this stays the same."""

    generation: int
    features: Features
    addresses: MemberAddresses
    secret_versions: SecretVersions
    observed: Observed
    """All that the plan reads, the two before it among that."""


class _Kept:
    """A plan, or the refusal of one, and what it was made from."""

    __slots__ = ("_account", "_made", "_packed", "_synced", "grounds")

    def __init__(self, grounds: _Grounds, made: Planned | InvalidStack) -> None:
        self.grounds = grounds
        self._made: Planned | InvalidStack | None = made
        self._packed = b""

    def open(self, stack: Stack) -> Planned | InvalidStack:
        """The plan in full; ``stack``: the definition that it was made from."""
        if self._made is None:
            self._made = Planned(*unpacked(self._packed, stack), self._account, dict(zip(*self._synced, strict=True)))
        return self._made

    def pack(self) -> int:
        """Keep it as few bytes; how many. What is in sync by now is not written, so that it stays as it is."""
        if isinstance(self._made, Planned):
            # Two tuples take less than half of what the map takes.
            synced = self._made.synced
            self._account, self._synced = self._made.account, (tuple(synced), tuple(synced.values()))
            self._packed = self._packed or packed(self._made.plan, self._made.manifests)
            self._made = None
        return len(self._packed)


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
        gateways: GatewayFacts,
    ) -> None:
        self._store = store
        self._definitions = definitions
        self._settings = settings
        self._features = features
        self._failed_updates = failed_updates
        self._nodes = nodes
        self._secret_readers = secret_readers
        self._gateways = gateways
        self._kept: LruCache[_Kept] = LruCache(KEPT, KEPT_BYTES)
        self._whole: LruCache[_Kept] = LruCache(WHOLE, WHOLE_BYTES, self._pack)
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="plan")

    async def prepare(self, record: Record, stack: Stack) -> None:
        """Find out what the stack's plan depends on and no watch brings; make a large plan beside all other work."""
        await self._nodes.refresh(stack)
        for _ in range(_TRIES):
            known = self._kept.get(record.uid)
            if known is not None and self._is_current(known.grounds, record, stack):
                return
            if not self._is_large(record, stack):
                return
            grounds = self._grounds(record, stack)
            loop = asyncio.get_running_loop()
            made = await loop.run_in_executor(self._beside, self._make, stack, grounds)
            self._keep(record, grounds, made)

    def plan(self, record: Record, stack: Stack) -> Planned:
        """The plan of a stack as of now. Raises InvalidStack, also from memory: a refusal costs what a plan costs."""
        known = self._kept.get(record.uid)
        if known is None or not self._is_current(known.grounds, record, stack):
            grounds = self._grounds(record, stack)
            made = self._keep(record, grounds, self._make(stack, grounds))
        else:
            made = known.open(stack)
            self._use(record.uid, known, made)
        if isinstance(made, InvalidStack):
            raise made.with_traceback(None)  # else it would grow with every reconcile
        return made

    def forget(self, uid: str) -> None:
        """The stack is gone, and so is its plan."""
        self._kept.pop(uid)
        self._whole.pop(uid)
        self._secret_readers.forget(uid)

    def forget_resting(self) -> None:
        """Keep as few bytes what nobody has asked for since this was called before."""
        self._whole.forget_resting()

    def _is_large(self, record: Record, stack: Stack) -> bool:
        """Whether the plan takes long: it reads the stack's own members, and which networks those below belong to."""
        place = stack.spec.place
        below = Census(self._definitions.templates_of(record)).stack(stack.spec, place.depth if place else 0)
        return stack.spec.size.values + _PER_MEMBER * below.members > LARGE

    def _keep(self, record: Record, grounds: _Grounds, made: Planned | InvalidStack) -> Planned | InvalidStack:
        known = _Kept(grounds, made)
        self._kept.put(record.uid, known, len(str(made)) if isinstance(made, InvalidStack) else 0)
        self._secret_readers.update(record, grounds.secret_versions.asked)
        self._use(record.uid, known, made)
        return made

    def _use(self, uid: str, known: _Kept, made: Planned | InvalidStack) -> None:
        if isinstance(made, Planned) and self._whole.get(uid) is not known:
            self._whole.put(uid, known, _bytes(made))

    def _pack(self, uid: str, known: _Kept) -> None:
        if self._kept.get(uid) is known:
            self._kept.put(uid, known, known.pack())

    def _is_current(self, known: _Grounds, record: Record, stack: Stack) -> bool:
        return (
            known.generation == stack.generation
            and known.features == self._features()
            and known.observed.nodes == self._nodes.known
            and known.observed.templates is self._definitions.templates_of(record)
            and known.addresses.still_true()
            and known.secret_versions.still_true()
            and (
                not known.secret_versions.asked
                # Another process may have led meanwhile, and have noted newer versions than this one had seen.
                or known.observed.secret_reloads == secret_reloads(self._store, record.ref.namespace, record.uid)
            )
            and known.observed.failed_updates == self._failed_updates(record)
            and known.observed.gateway == self._gateways.observe(stack)
        )

    def _grounds(self, record: Record, stack: Stack) -> _Grounds:
        namespace, features = record.ref.namespace, self._features()
        addresses = MemberAddresses(self._store, namespace)
        secret_versions = SecretVersions(self._store, namespace)
        observed = Observed(
            addresses=addresses,
            templates=self._definitions.templates_of(record),
            stop_signal=features.stop_signal,
            hostname_override=features.hostname_override,
            resource_claims=features.resource_claims,
            http_routes=features.http_routes,
            nodes=self._nodes.known,
            secret_watch=features.secret_watch,
            secret_versions=secret_versions,
            failed_updates=self._failed_updates(record),
            gateway=self._gateways.observe(stack),
        )
        observed = with_own_objects(observed, self._store, namespace, record.uid)
        return _Grounds(stack.generation, features, addresses, secret_versions, observed)

    def _make(self, stack: Stack, grounds: _Grounds) -> Planned | InvalidStack:
        """The plan, or why there is none. Runs beside the event loop too: it reads, and changes nothing but itself."""
        try:
            made = plan(stack, self._settings, grounds.observed)
        except InvalidStack as error:
            return error
        return Planned(made, manifests_of(made, self._store), account_of(stack, self._settings))


def manifests_of(made: Plan, store: Store) -> dict[Ref, Manifest]:
    """The objects of a plan as they are to be applied, by their addresses."""
    manifests = {Ref.of(manifest): manifest for manifest in (owned(each, made.stack) for each in made.objects)}
    return {ref: keeping_sizes(manifest, store.get(ref)) for ref, manifest in manifests.items()}


def account_of(stack: Stack, settings: Settings) -> Account | None:
    """The service account by whose rights the stack is written; None where neither its root nor a setting names one."""
    name = stack.reconcile_as or settings.default_reconcile_as
    return None if name is None else Account(stack.namespace, name)


def _bytes(made: Planned) -> int:
    size = made.plan.stack.spec.size
    notices = sum(len(str(notice)) + PER_VALUE for notice in made.plan.notices)
    return len(made.manifests) * PER_OBJECT + size.values * PER_VALUE + size.characters + notices
