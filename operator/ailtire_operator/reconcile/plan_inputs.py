"""What a plan asks of the cluster: where members answer, how often jobs ran, and the nodes for jobs on all of them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from typing import ClassVar, Final, TypeVar

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import JOB, POD, SECRET, SERVICE, STACK, Kind, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.nesting import loads
from ailtire_operator.model.stack import Stack, StackSpec
from ailtire_operator.plan.types import Node, Observed, SecretReload

Answer = TypeVar("Answer")

_SECONDS: Final = 30.0
"""How long a list holds: nodes come and go slowly, and thousands of them are no small thing to ask for."""


class _Answers(Mapping[str, Answer]):
    """What is known of the objects of one kind in a namespace, by name.

    Looked up when asked for, and what was asked is remembered: the plan is still good while the answers are the same.
    """

    kind: ClassVar[Kind]

    def __init__(self, store: Store, namespace: str) -> None:
        self._store = store
        self._namespace = namespace
        self._asked: dict[str, Answer | None] = {}

    @property
    def asked(self) -> frozenset[str]:
        """The names that were asked for, whether there is anything under them or not."""
        return frozenset(self._asked)

    def still_true(self) -> bool:
        """Whether every answer given so far would be given again."""
        return all(self._find(name) == answer for name, answer in self._asked.items())

    def __getitem__(self, name: str) -> Answer:
        answer = self._asked[name] = self._find(name)
        if answer is None:
            raise KeyError(name)
        return answer

    def __iter__(self) -> Iterator[str]:
        for record in self._store.of_kind(self.kind.kind):
            if record.ref.namespace == self._namespace and record.ref.name in self:
                yield record.ref.name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _find(self, name: str) -> Answer | None:
        raise NotImplementedError


class MemberAddresses(_Answers[tuple[str, ...]]):
    """The addresses behind the Services of one namespace that belong to a stack."""

    kind = SERVICE

    def _find(self, name: str) -> tuple[str, ...] | None:
        record = self._store.get(Ref(SERVICE.kind, self._namespace, name))
        if record is None or record.deleting or not self._belongs(record):
            return None
        if not record.summary.get("headless"):
            return tuple(record.summary.get("clusterIPs", ())) or None
        return self._ready_pods(record) or None

    def _belongs(self, record: Record) -> bool:
        """A Service of somebody else's that happens to have the name is nobody's address."""
        owner = self._store.owner_of(record)
        return owner is not None and owner.ref.kind == STACK.kind

    def _ready_pods(self, service: Record) -> tuple[str, ...]:
        stack = service.labels.get(naming.LABEL_STACK, "")
        wanted = service.labels.get(naming.LABEL_SERVICE)
        addresses: set[str] = set()
        for pod in self._store.by_label(self._namespace, naming.LABEL_STACK, stack):
            if pod.ref.kind == POD.kind and pod.summary.get("service") == wanted and serves(pod):
                addresses.update(pod.summary.get("podIPs", ()))
        return tuple(sorted(addresses))


def serves(pod: Record) -> bool:
    """Whether a pod takes requests."""
    return bool(pod.summary.get("ready")) and not pod.deleting


class JobNodes:
    """The nodes, asked for where a stack has such a job: most clusters have none."""

    def __init__(self, read: Callable[[], Awaitable[tuple[Node, ...] | None]], clock: Callable[[], float]) -> None:
        self.known: tuple[Node, ...] | None = ()
        """None: they may not be listed."""
        self._look = read
        self._clock = clock
        self._looked: float | None = None
        self._asking = asyncio.Lock()

    async def refresh(self, stack: Stack) -> None:
        """Make sure that ``known`` is good enough for the plan of this stack. Raises ClusterError."""
        if not _has_global_job(stack.spec):
            return
        async with self._asking:
            if self._looked is None or self._clock() - self._looked > _SECONDS:
                self.known = await self._look()
                self._looked = self._clock()


def _has_global_job(spec: StackSpec) -> bool:
    return any(each.deploy is not None and each.deploy.mode == "globalJob" for each in spec.services.values())


def with_own_objects(observed: Observed, store: Store, namespace: str, uid: str) -> Observed:
    """The same with what the plan of the stack of this uid asks of the objects that the stack has already."""
    return replace(
        observed,
        completions=completions(store, namespace, uid),
        restarts=restarts(store, namespace, uid),
        secret_reloads=secret_reloads(store, namespace, uid),
    )


def restarts(store: Store, namespace: str, uid: str) -> dict[tuple[str, str], str]:
    """When each workload of the stack of this uid was last asked to restart, by kind and name."""
    owned = (each for each in store.owned_by(namespace, uid) if not each.deleting)
    return {(each.ref.kind, each.ref.name): time for each in owned if (time := each.summary.get("restartedAt"))}


class SecretVersions(_Answers[str]):
    """The versions of the Secrets of one namespace."""

    kind = SECRET

    def _find(self, name: str) -> str | None:
        record = self._store.get(Ref(SECRET.kind, self._namespace, name))
        return None if record is None else str(record.summary["version"])


def secret_reloads(store: Store, namespace: str, uid: str) -> dict[tuple[str, str], SecretReload]:
    """For which versions of its Secrets each workload of the stack of this uid runs, by kind and name."""
    found = {}
    for each in store.owned_by(namespace, uid):
        versions, reloaded = each.summary.get("secretVersions"), each.summary.get("reloadedFor")
        if (versions or reloaded) and not each.deleting:
            found[each.ref.kind, each.ref.name] = SecretReload(_versions(versions), reloaded)
    return found


def _versions(text: str | None) -> dict[str, str]:
    """What the annotation says; nothing where somebody has written anything else into it."""
    try:
        found = loads(text or "{}")
    except ValueError:
        return {}
    return (
        {name: version for name, version in found.items() if isinstance(version, str)}
        if isinstance(found, dict)
        else {}
    )


def completions(store: Store, namespace: str, uid: str) -> dict[str, int]:
    """How often each Job of the stack of this uid was made to run."""
    jobs = (each for each in store.owned_by(namespace, uid) if each.ref.kind == JOB.kind and not each.deleting)
    return {each.ref.name: int(each.summary.get("specReplicas") or 0) for each in jobs}
