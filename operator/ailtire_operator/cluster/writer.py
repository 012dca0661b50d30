"""The one door through which everything is written: checked at the moment of sending, limited in number, counted.

Two things are checked there: that this process leads, and, for an object that exists, that it belongs to the stack for
which it is written. So every method that writes to an existing object takes a ``Target``, which says who wants it.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Self

from ailtire_operator import naming
from ailtire_operator.cluster.connection import APPLY, JSON_PATCH, Account, Connection
from ailtire_operator.cluster.errors import Conflict, Invalid, NotLeader
from ailtire_operator.cluster.gateway_tables import key_of, pointer_of
from ailtire_operator.cluster.kinds import (
    CONFIG_MAP,
    DAEMON_SET,
    DEPLOYMENT,
    EVENT,
    JOB,
    NETWORK_POLICY,
    OPERATORS_OWN_KINDS,
    POD,
    SERVICE,
    STACK,
    STATEFUL_SET,
    VOLUME_CLAIM,
    Manifest,
    Ref,
    kind_of,
    namespace_of,
)
from ailtire_operator.cluster.ownership import (
    foreign,
    is_free,
    is_gateway_pod,
    is_orphan,
    is_ours,
    is_replicas_claim,
    is_table_of,
    is_unclaimed,
)
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.cluster.write_throttle import WriteThrottle

WRITE_TIMEOUT: Final = 6.0
"""Seconds. Together with the lease's fence (8 s) less than the lease: a write has ended before another may lead."""

_OWN: Final = frozenset(kind.kind for kind in (*OPERATORS_OWN_KINDS, EVENT, POD))
_FIRST: Final = frozenset({STACK.kind, SERVICE.kind, NETWORK_POLICY.kind, CONFIG_MAP.kind, VOLUME_CLAIM.kind})
_LAST: Final = frozenset({DEPLOYMENT.kind, STATEFUL_SET.kind, DAEMON_SET.kind, JOB.kind})


REHEARSAL: Final = "rehearse"
"""The verb of a dry run, of which nothing is stored and nothing is counted."""
_CREATE_ONLY: Final = "1"
"""No object ever has this resourceVersion, so that an apply with it can only create."""


@dataclass(frozen=True, slots=True)
class Target:
    """An object that exists and is to be written."""

    record: Record
    """As it was last seen: no object of another uid is written."""
    owner_uid: str
    """The stack for which it is written: to this one the write is no news."""
    manifest: Manifest | None = None
    """What it is to become, if that is known: a volume that is to be retained has no owner, and is known by it."""


class Writer:
    """The kinds of writes there are. What comes back is put into the store at once, as its watch may be slow."""

    def __init__(
        self,
        connection: Connection,
        store: Store,
        *,
        fence: Callable[[], bool],
        on_write: Callable[[str, str], None],
        concurrency: int,
    ) -> None:
        self._connection = connection
        self._store = store
        self._fence = fence
        self._on_write = on_write
        self._throttle = WriteThrottle(concurrency)
        self._account: Account | None = None

    def acting_as(self, account: Account | None) -> Self:
        """The same writer, which writes by the rights of this account; what is the operator's own stays so."""
        other = copy.copy(self)
        other._account = account
        return other

    def check_fence(self) -> None:
        """Raise NotLeader unless this process may write."""
        if not self._fence():
            raise NotLeader("this process does not hold the lease")

    async def create(self, manifest: Manifest, owner_uid: str, verb: str = "create") -> dict[str, Any]:
        """Create the object by server-side apply, for the stack of this uid; Conflict where one of its name exists."""
        return await self._apply(_at(manifest, resourceVersion=_CREATE_ONLY), owner_uid, verb, self.check_fence)

    async def update(self, target: Target, body: Manifest, *, manager: str = naming.FIELD_MANAGER) -> dict[str, Any]:
        """Server-side apply to the target, by force. Raises Foreign, Conflict."""
        addressed = _at(body, uid=target.record.uid)
        return await self._apply(addressed, target.owner_uid, "update", partial(self._check, target), manager=manager)

    async def edit(self, target: Target, patch: list[dict[str, Any]]) -> dict[str, Any]:
        """Change the target by a JSON patch, for what server-side apply has no words for. Raises Foreign, Conflict."""
        return await self._edit(target, patch, partial(self._check, target))

    async def _edit(self, target: Target, patch: list[dict[str, Any]], guard: Callable[[], None]) -> dict[str, Any]:
        ref = target.record.ref
        test = {"op": "test", "path": "/metadata/uid", "value": target.record.uid}
        options: dict[str, Any] = {"params": {"fieldManager": naming.FIELD_MANAGER}, "content_type": JSON_PATCH}
        try:
            answer = await self._send("PATCH", ref.path, ref.kind, "update", guard, body=[test, *patch], **options)
        except Invalid as error:
            if error.causes:
                raise
            # A test or a path that fails is a 422 without a word of explanation.
            raise Conflict(f"{ref} has changed since it was read", status=409) from error
        self._store.put(answer, origin=target.owner_uid)
        return answer

    async def expand(self, target: Target, claim: Record, size: str) -> None:
        """Give the claim of a replica of the target another size. No stack owns that: the target has to be the stack's.

        Raises Foreign, and Conflict where the claim asks for another size by now than the one that was seen.
        """
        path = "/spec/resources/requests/storage"
        test: dict[str, Any] = {"op": "test", "path": path, "value": claim.summary.get("size")}
        patch = [test, {"op": "replace", "path": path, "value": size}]
        await self._edit(Target(claim, target.owner_uid), patch, partial(self._check_claim, target, claim))

    async def adopt(self, target: Target, patch: list[dict[str, Any]]) -> dict[str, Any]:
        """Make a target that has lost its owner the stack's, by a JSON patch for the very version that was looked at.

        Raises Foreign, Conflict.
        """
        return await self._edit(target, patch, partial(self._check_orphan, target))

    async def take(self, target: Target, body: Manifest, *, rehearsal: bool = False) -> dict[str, Any]:
        """Server-side apply to what nobody owns and what becomes the stack's; ``body`` names the version that was read.

        ``rehearsal``: the API server is asked what it would make of it; nothing is written. Raises Foreign, Conflict.
        """
        guard = partial(self._check_nobodys, target)
        return await self._apply(body, target.owner_uid, REHEARSAL if rehearsal else "update", guard)

    async def table(self, target: Target, port: int, text: str | None) -> None:
        """Write the routes of the target's stack, as the key of its port, into an object of its root; None: remove it.

        By a field manager of this key alone, so that nobody else's is touched. Raises Foreign, Conflict.
        """
        guard = partial(self._check_table, target, port)
        if text is None:
            await self._edit(target, [{"op": "remove", "path": pointer_of(port)}], guard)
            return
        body = {**target.record.ref.address(uid=target.record.uid), "data": {key_of(port): text}}
        await self._apply(body, target.owner_uid, "update", guard, manager=naming.table_manager(port))

    async def announce(self, pod: Record, root: str, tables: str) -> None:
        """Note on a pod of a tree's gateway what its tables are, so that its kubelet reads them now. Raises Foreign.

        It is the only thing that is ever written to a pod, and by the operator's own rights.
        """
        note = {"annotations": {naming.ANNOTATION_TABLES: tables}}
        address = pod.ref.address(uid=pod.uid)
        body = {**address, "metadata": {**address["metadata"], **note}}
        await self._apply(body, "", "announce", partial(self._check_pod, pod, root))

    async def delete(self, target: Target) -> None:
        """Delete the target; what it owns goes with it. Raises Foreign, Conflict, NotFound."""
        ref, uid = target.record.ref, target.record.uid
        body = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        answer = await self._send("DELETE", ref.path, ref.kind, "delete", partial(self._check, target), body=body)
        if "deletionTimestamp" in answer.get("metadata", {}):
            # A finalizer holds it; otherwise a Status or the last state is answered.
            self._store.put(answer, origin=target.owner_uid)
        else:
            self._store.remove(ref, uid, origin=target.owner_uid)

    async def status(self, ref: Ref, uid: str, version: str, status: dict[str, Any]) -> None:
        """Replace our part of the status of the stack of this uid, in exactly the version of it that was read."""
        body = {**ref.address(resourceVersion=version), "status": status}
        await self._apply(body, uid, "status", self.check_fence, subresource="status")

    async def event(self, body: Manifest) -> None:
        """Create an Event, of which no record is kept."""
        await self._send(
            "POST", EVENT.path(body["metadata"]["namespace"]), EVENT.kind, "create", self.check_fence, body=body
        )

    def _check(self, target: Target) -> None:
        """Raise Foreign unless the target belongs to the stack for which it is to be written, as far as is known now.

        What is known may have changed while the write waited for its turn.
        """
        self.check_fence()
        seen = self._newest(target.record)
        if not is_ours(seen, target.manifest, target.owner_uid):
            raise foreign(seen, self._store)

    def _check_claim(self, target: Target, claim: Record) -> None:
        """Raise Foreign unless the target is the stack's and the claim is that of one of its replicas."""
        self._check(target)
        seen = self._newest(claim)
        if not is_replicas_claim(seen, target.record):
            raise foreign(seen, self._store)

    def _check_table(self, target: Target, port: int) -> None:
        """Raise Foreign unless the target has tables of the tree of the stack, and the port is the stack's."""
        self.check_fence()
        seen, stack = self._newest(target.record), self._store.by_uid(target.owner_uid)
        if stack is None or not is_table_of(seen, stack, port, self._store):
            raise foreign(seen, self._store)

    def _check_pod(self, pod: Record, root: str) -> None:
        """Raise Foreign unless the pod is one of the gateway of this root's tree."""
        self.check_fence()
        seen = self._newest(pod)
        if not is_gateway_pod(seen, root):
            raise foreign(seen, self._store)

    def _check_orphan(self, target: Target) -> None:
        """Raise Foreign unless the target may have lost its owner, as far as is known now."""
        self.check_fence()
        seen = self._newest(target.record)
        if target.manifest is None or not is_orphan(seen, target.manifest, self._store):
            raise foreign(seen, self._store)

    def _check_nobodys(self, target: Target) -> None:
        """Raise Foreign unless nobody owns the target, and it is a claim that is to be retained or such a Deployment.

        What the record does not hold is in the version that was read, which the write names.
        """
        self.check_fence()
        seen = self._newest(target.record)
        manifest = target.manifest
        if manifest is None or not (is_unclaimed(seen, manifest) or is_free(seen, manifest)):
            raise foreign(seen, self._store)

    def _newest(self, record: Record) -> Record:
        """The object as it was seen last, by whomever."""
        known = self._store.get(record.ref)
        return known if known is not None and known.uid == record.uid and known.version > record.version else record

    async def _apply(
        self,
        body: Manifest,
        owner_uid: str,
        verb: str,
        guard: Callable[[], None],
        *,
        subresource: str | None = None,
        manager: str = naming.FIELD_MANAGER,
    ) -> dict[str, Any]:
        """Server-side apply; by force, so the body has to say which object it means (uid or resourceVersion)."""
        ref = Ref.of(body)
        path = kind_of(body).path(ref.namespace, ref.name, subresource)
        params = {"fieldManager": manager, "force": "true", "fieldValidation": "Strict"}
        params |= {"dryRun": "All"} if verb == REHEARSAL else {}
        answer = await self._send("PATCH", path, ref.kind, verb, guard, params=params, body=body, content_type=APPLY)
        if verb != REHEARSAL:
            self._store.put(answer, origin=owner_uid)
        return answer

    async def _send(
        self, method: str, path: str, kind: str, verb: str, guard: Callable[[], None], **options: Any
    ) -> dict[str, Any]:
        async with self._throttle.turn(namespace_of(path), _rank(kind, verb)):
            answer = await self._connection.request(
                method,
                path,
                account=None if kind in _OWN else self._account,
                guard=guard,
                timeout=WRITE_TIMEOUT,
                **options,
            )
        if verb != REHEARSAL:
            self._on_write(kind, verb)
        return answer


def _at(manifest: Manifest, **which: str) -> Manifest:
    """The manifest for exactly one object: that of this uid or resourceVersion."""
    return {**manifest, "metadata": {**manifest["metadata"], **which}}


def _rank(kind: str, verb: str) -> int:
    """Who goes first where many writes of one namespace wait.

    Statuses: with its status a reconcile ends, and makes room for the next. Then child stacks, Services, and what no
    pod may run without: the rest of the tree waits for them. New workloads last: each sets off some ten writes of
    Kubernetes' own controllers, which would slow down all that is still to come.
    """
    if verb == "status":
        return 0
    if verb == "create" and kind in _FIRST:
        return 1
    return 3 if verb == "create" and kind in _LAST else 2
