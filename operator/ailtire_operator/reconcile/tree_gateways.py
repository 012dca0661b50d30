"""Writes what the gateway of a tree serves: each stack the table of its own routes, the root that of nobody any more.

After a table the gateway's pods are noted to have another content, so that their kubelets read it at once; and once
more a second later, as a kubelet's own watch may be behind.
"""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.apply_result import ApplyResult
from ailtire_operator.cluster.connection import Account
from ailtire_operator.cluster.errors import ClusterError, Conflict, Denied, Invalid, NotFound
from ailtire_operator.cluster.gateway_tables import digest_of
from ailtire_operator.cluster.kinds import CONFIG_MAP, DEPLOYMENT, POD, SERVICE, STACK, Ref
from ailtire_operator.cluster.ownership import foreign, is_gateway_pod, root_above
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.plan.types import Table
from ailtire_operator.reconcile.gateway_facts import SETTLE_SECONDS, GatewayFacts, port_of
from ailtire_operator.reconcile.mode import parent_of, root_of, spec_of
from ailtire_operator.reconcile.planner import Planned
from ailtire_operator.status.health import rolled_out
from ailtire_operator.status.observed import LiveObject

logger = logging.getLogger(__name__)

SIZE_LIMIT: Final = 1_000_000
"""Bytes of all tables of one ConfigMap: it holds 1 MiB with all its metadata."""
_SECOND_NOTE: Final = 1.0
"""Seconds after the first."""
_PAUSE: Final = 0.3
"""Seconds between two first notes: while a tree is made each of its stacks writes a table."""


class TreeGateways:
    """The tables of all trees."""

    def __init__(
        self,
        store: Store,
        applier: Applier,
        facts: GatewayFacts,
        wake: Callable[[Record], None],
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._applier = applier
        self._facts = facts
        self._wake = wake
        self._clock = clock
        self._noted: dict[str, tuple[str, float]] = {}
        """By uid of a root: the first note that was written last, and when."""
        self._denied: dict[str, str] = {}
        """By uid of a root: the note that the operator had no right to write. It is not asked for again."""
        store.triggers.append(self._changed)

    def forget(self, uid: str) -> None:
        """The stack is gone."""
        self._noted.pop(uid, None)
        self._denied.pop(uid, None)

    async def write(self, record: Record, planned: Planned) -> tuple[list[ApplyResult], float | None]:
        """Bring the stack's table in line, and tell the gateway; what was done, and after how many seconds to go on.

        Raises NotLeader.
        """
        root = root_above(record, self._store)
        table, done = planned.plan.table, list[ApplyResult]()
        port = naming.GATEWAY_PORT if root.uid == record.uid else port_of(record)
        if port is None or not (table is not None or self._facts.workload(record.ref.namespace, root.uid) is not None):
            return [], None
        done += [each async for each in self._table(record, root, port, table, planned.account)]
        if root.uid == record.uid:
            done += [each async for each in self._nobodys(record, planned.account)]
        again = [await self._announce(root)]
        if table is not None and self._is_turning(record, root):
            again.append(SETTLE_SECONDS)
        return done, min(filter(None, again), default=None)

    async def _table(
        self, record: Record, root: Record, port: int, table: Table | None, account: Account | None
    ) -> AsyncIterator[ApplyResult]:
        namespace = record.ref.namespace
        ref = Ref(CONFIG_MAP.kind, namespace, naming.gateway_tables(root.ref.name, port % naming.GATEWAY_TABLES))
        held, live = self._facts.tables(namespace, root.uid, port % naming.GATEWAY_TABLES), self._store.get(ref)
        if held is None:
            if table is not None and live is not None and not live.deleting and record.uid != root.uid:
                yield ApplyResult(ref, False, live, foreign(live, self._store), "foreign")
            return  # the root has not made it yet
        there = held.summary.get("tables", {})
        text = table.text if table is not None else None
        if (digest_of(text) if text is not None else None) == there.get(port, (None,))[0]:
            return
        size = sum(bytes_ for each, (_, bytes_, _) in there.items() if each != port) + len((text or "").encode())
        if size > SIZE_LIMIT:
            message = (
                f"spec.services: the routes of this stack do not fit into {ref}, which has those of others: "
                f"{size:,} bytes of {SIZE_LIMIT:,}; it keeps its old ones. Shorten policies, or set gateway.own"
            )
            yield ApplyResult(ref, False, held, Invalid(message), "refused")
            return
        try:
            await self._applier.acting_as(account).write_table(held, record.uid, port, text)
        except ClusterError as error:
            yield ApplyResult(ref, False, held, error, "none")
        else:
            yield ApplyResult(ref, True, held, None, "update")

    async def _nobodys(self, root: Record, account: Account | None) -> AsyncIterator[ApplyResult]:
        """Take away the tables whose port is nobody's any more."""
        namespace = root.ref.namespace
        ports = self._facts.ports(namespace, root.ref.name)
        for number in range(naming.GATEWAY_TABLES):
            held = self._facts.tables(namespace, root.uid, number)
            left = sorted(set(held.summary.get("tables", {})) - ports) if held is not None else []
            if held is None or not left:
                continue
            try:
                await self._applier.acting_as(account).remove_tables(held, root.uid, left)
            except ClusterError as error:
                yield ApplyResult(held.ref, False, held, error, "none")
            else:
                yield ApplyResult(held.ref, True, held, None, "update")

    def _is_turning(self, record: Record, root: Record) -> bool:
        """Whether the stack's Service is to lead to the tree's gateway, which has had its routes for some seconds only.

        While that gateway is not ready there is nothing to wait for: that it is ready wakes its stacks.
        """
        namespace = record.ref.namespace
        is_own = self._facts.leads_to(namespace, record.ref.name, record.uid) == "own"
        return is_own and self._facts.is_ready(namespace, naming.tree_gateway(root.ref.name), root.uid)

    async def _announce(self, root: Record) -> float | None:
        """Note on the gateway's pods what the tables are by now; after how many seconds to go on with it."""
        pods = list(self._pods(root))
        if not pods:
            return None
        content = self._content(root)
        first, second = f"{content}.1", f"{content}.2"
        known, since = self._noted.get(root.uid, ("", float("-inf")))
        passed = self._clock() - since
        if self._denied.get(root.uid) == content or all(each.summary.get("tables") == second for each in pods):
            return None
        late = [each for each in pods if each.summary.get("tables") not in (first, second)]
        if late:
            if known != first and passed < _PAUSE:
                return _PAUSE - passed
            self._noted[root.uid] = (first, self._clock())
            if await self._note(late, root, first):
                return _SECOND_NOTE
            self._denied[root.uid] = content
            return None
        if known == first and passed < _SECOND_NOTE:
            return _SECOND_NOTE - passed
        await self._note([each for each in pods if each.summary.get("tables") == first], root, second)
        return None

    async def _note(self, pods: list[Record], root: Record, content: str) -> bool:
        """Write a note on pods; whether the operator may. What has failed otherwise is tried again."""
        for pod in pods:
            try:
                await self._applier.announce(pod, root.ref.name, content)
            except (Conflict, NotFound):
                continue  # it has gone, and another has the routes from its start
            except Denied as error:
                logger.warning("a change of routes of %s is served up to 90 s later: %s", root.ref.name, error)
                return False
            except ClusterError as error:
                logger.info("%s: %s", pod.ref, error)
        return True

    def _pods(self, root: Record) -> Iterator[Record]:
        for each in self._store.by_label(root.ref.namespace, naming.LABEL_STACK, root.ref.name):
            is_pod = each.ref.kind == POD.kind and is_gateway_pod(each, root.ref.name)
            if is_pod and not each.deleting and each.summary.get("phase") == "Running":
                yield each

    def _content(self, root: Record) -> str:
        """What changes with any file of the gateway."""
        names = [naming.tree_gateway(root.ref.name)]
        names += [naming.gateway_tables(root.ref.name, number) for number in range(naming.GATEWAY_TABLES)]
        found = (self._store.get(Ref(CONFIG_MAP.kind, root.ref.namespace, name)) for name in names)
        return digest_of(" ".join(str(each.summary.get("data", "")) if each is not None else "-" for each in found))

    def _changed(self, old: Record | None, new: Record | None, origin: str | None) -> None:
        """Wake the stacks for which a change is news; that of their own is none."""
        record = new or old
        if record is None:
            return
        for each in self._concerned(old, new, record):
            if each.uid != origin:
                self._wake(each)

    def _concerned(self, old: Record | None, new: Record | None, record: Record) -> Iterator[Record]:
        namespace, root = record.ref.namespace, record.labels.get(naming.LABEL_ROOT, "")
        is_gateways = record.labels.get(naming.LABEL_COMPONENT) == naming.COMPONENT_TREE_GATEWAY
        if record.ref.kind == CONFIG_MAP.kind and is_gateways:
            yield from self._of_tables(old, new, namespace, root)
        elif record.ref.kind == DEPLOYMENT.kind and is_gateways:
            if _readiness(old) != _readiness(new):
                yield from self._facts.members(namespace, root)
        elif record.ref.kind == SERVICE.kind and _leads_to(old) != _leads_to(new):
            if naming.COMPONENT_TREE_GATEWAY in (_leads_to(old), _leads_to(new)):
                yield from self._root(namespace, root)
        elif record.ref.kind == STACK.kind and _seen_by_root(old) != _seen_by_root(new):
            yield from self._root(namespace, root_of(record))

    def _of_tables(self, old: Record | None, new: Record | None, namespace: str, root: str) -> Iterator[Record]:
        """The stacks whose table has changed, and the parents that call them; all where the object has come or gone."""
        if old is None or new is None or old.owner_uid != new.owner_uid:
            yield from self._facts.members(namespace, root)
            return
        before, after = old.summary.get("tables", {}), new.summary.get("tables", {})
        for port in before.keys() | after.keys():
            if before.get(port) == after.get(port):
                continue
            stack = self._facts.stack_of(namespace, root, port)
            if stack is None:
                continue
            yield stack
            parent = parent_of(stack, self._store)
            has_own = self._facts.leads_to(namespace, stack.ref.name, stack.uid) == "own"
            if has_own and parent is not None and (port in before) != (port in after):
                yield parent

    def _root(self, namespace: str, name: str) -> Iterator[Record]:
        if (found := self._store.get(Ref(STACK.kind, namespace, name))) is not None:
            yield found


def _readiness(workload: Record | None) -> tuple[bool, bool]:
    if workload is None or workload.deleting:
        return False, False
    wanted = int(workload.summary.get("specReplicas", 1))
    return True, rolled_out(LiveObject(workload.generation, workload.summary), wanted)


def _leads_to(service: Record | None) -> str:
    selector = service.summary.get("selector") if service is not None else None
    return str((selector or {}).get(naming.LABEL_COMPONENT, ""))


def _seen_by_root(stack: Record | None) -> tuple[int | None, object]:
    """What the root has to know of a stack below it: its port, and whether it has an edge."""
    if stack is None or (port := port_of(stack)) is None:
        return None, None
    return port, spec_of(stack).get("edge")
