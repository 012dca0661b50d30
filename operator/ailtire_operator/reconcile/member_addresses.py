"""Where the members of a stack answer, as the plan asks for it: by the name of their Service."""

from collections.abc import Iterator, Mapping

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import POD, SERVICE, STACK, Ref
from ailtire_operator.cluster.store import Record, Store


class MemberAddresses(Mapping[str, tuple[str, ...]]):
    """The addresses behind the Services of one namespace that belong to a stack.

    Looked up when asked for, and what was asked is remembered: the plan is still good while the answers are the same.
    """

    def __init__(self, store: Store, namespace: str) -> None:
        self._store = store
        self._namespace = namespace
        self._asked: dict[str, tuple[str, ...] | None] = {}

    def still_true(self) -> bool:
        """Whether every answer given so far would be given again."""
        return all(self._find(name) == answer for name, answer in self._asked.items())

    def __getitem__(self, name: str) -> tuple[str, ...]:
        answer = self._asked[name] = self._find(name)
        if answer is None:
            raise KeyError(name)
        return answer

    def __iter__(self) -> Iterator[str]:
        for record in self._store.of_kind(SERVICE.kind):
            if record.ref.namespace == self._namespace and record.ref.name in self:
                yield record.ref.name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

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
