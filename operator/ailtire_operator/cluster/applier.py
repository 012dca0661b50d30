"""Write what differs, and only where we may.

Server-side apply with one field manager: fields that we no longer name disappear, and those of others stay. Never bare:
what the store does not know is applied with ``resourceVersion: "1"``, which creates it or answers 409, and what it
knows with its ``uid``; so ``force`` cannot merge us into an object of somebody else. Nothing here waits, and nothing
tries again: the queue does, with fresh data. The one exception is a 409, where the fresh data is one read away.
"""

import copy
import logging
from collections.abc import Callable, Sequence
from typing import Any, Self

from ailtire_operator.cluster.apply_result import DEFAULT_OPTIONS, ApplyOptions, ApplyResult, ApplyTask, Rehearsal
from ailtire_operator.cluster.apply_steps import ApplySteps, read
from ailtire_operator.cluster.connection import Account, Connection
from ailtire_operator.cluster.drift_log import Changes, DriftLog
from ailtire_operator.cluster.errors import ClusterError, Conflict, Foreign, NotFound
from ailtire_operator.cluster.events import event_of
from ailtire_operator.cluster.gateway_tables import pointer_of
from ailtire_operator.cluster.kinds import Manifest, Ref
from ailtire_operator.cluster.managed_fields import (
    desired_projection,
    fingerprint,
    leads_somewhere,
    pointer_step,
)
from ailtire_operator.cluster.ownership import is_ours
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.cluster.write_history import WriteHistory
from ailtire_operator.cluster.writer import Target, Writer

logger = logging.getLogger(__name__)


class Applier:
    """Brings manifests into the cluster, and takes objects out of it."""

    def __init__(
        self,
        connection: Connection,
        store: Store,
        *,
        fence: Callable[[], bool],
        on_write: Callable[[str, str], None] = lambda kind, verb: None,
        on_put_back: Callable[[str], None] = lambda kind: None,
        concurrency: int = 16,
    ) -> None:
        self._connection = connection
        self._store = store
        self._writer = Writer(connection, store, fence=fence, on_write=on_write, concurrency=concurrency)
        self._memory = WriteHistory()
        self._put_backs = DriftLog(connection, self._memory, on_put_back)
        self._steps = ApplySteps(connection, store, self._writer, self._memory, self._put_backs)
        store.listeners.append(self._memory.forget)

    def acting_as(self, account: Account | None) -> Self:
        """The same applier, which writes by the rights of this account; what is the operator's own stays so."""
        other = copy.copy(self)
        other._writer = self._writer.acting_as(account)
        other._steps = self._steps.writing_by(other._writer)
        return other

    def in_sync(self, manifest: Manifest) -> bool:
        """Whether applying the manifest would change nothing, as far as the store knows; makes no request."""
        record = self._store.get(Ref.of(manifest))
        return record is not None and self._memory.settled(record, fingerprint(desired_projection(manifest)))

    def overridden(self, ref: Ref) -> bool:
        """Whether the cluster keeps answering something else than what we send, so that it is no longer sent."""
        record = self._store.get(ref)
        return record is not None and self._memory.is_overridden(record)

    async def write_table(self, record: Record, owner_uid: str, port: int, text: str | None) -> None:
        """Write the routes of the stack of this uid into an object of its root, or remove them. Raises ClusterError."""
        await self._writer.table(Target(record, owner_uid), port, text)

    async def remove_tables(self, record: Record, owner_uid: str, ports: Sequence[int]) -> None:
        """Remove the routes of stacks that are gone from an object of the root of this uid. Raises ClusterError."""
        patch = [{"op": "remove", "path": pointer_of(port)} for port in ports]
        await self._writer.edit(Target(record, owner_uid), patch)

    async def announce(self, pod: Record, root: str, tables: str) -> None:
        """Note on a pod of a root's gateway for its tree what its tables are. Raises ClusterError."""
        await self._writer.announce(pod, root, tables)

    async def apply(self, manifest: Manifest, owner_uid: str, options: ApplyOptions = DEFAULT_OPTIONS) -> ApplyResult:
        """Make the object equal to the manifest, for the stack with this uid."""
        self._writer.check_fence()
        ref = Ref.of(manifest)
        wanted = fingerprint(desired_projection(manifest))
        try:
            task = ApplyTask(ref, manifest, owner_uid, wanted, options)
            return await self._steps.execute(task, self._store.get(ref))
        except Foreign as error:
            return ApplyResult(ref, False, self._store.get(ref), error, "foreign")
        except ClusterError as error:
            return ApplyResult(ref, False, self._store.get(ref), error, "none")

    async def adopt(self, manifest: Manifest, owner_uid: str) -> None:
        """Take over the object of this name if it has lost its owner, and change nothing else.

        Raises Foreign where it belongs to somebody else, and any other ClusterError.
        """
        record = self._store.get(ref := Ref.of(manifest))
        if record is None or is_ours(record, manifest, owner_uid):
            return
        task = ApplyTask(ref, manifest, owner_uid, "")
        found = await self._steps.orphan(task, record)
        if not is_ours(found, manifest, owner_uid):
            await self._steps.take_over(task, found)

    async def rehearse(self, manifest: Manifest, owner_uid: str) -> Rehearsal:
        """Whether the object of somebody else could become what is planned; nothing is written.

        Raises NotLeader.
        """
        self._writer.check_fence()
        return await self._steps.rehearse(_task(manifest, owner_uid))

    async def take_claim(self, manifest: Manifest, owner_uid: str, obj: Manifest) -> ApplyResult:
        """Take over this claim in exactly the version that ``rehearse`` gave. Raises ClusterError, NotLeader."""
        return await self._steps.take(_task(manifest, owner_uid), obj)

    async def expand(self, claim: Record, workload: Record, owner_uid: str, size: str) -> ApplyResult:
        """Expand the claim of a replica of this StatefulSet, which is the stack's of this uid. Raises NotLeader."""
        self._writer.check_fence()
        try:
            await self._writer.expand(Target(workload, owner_uid), claim, size)
        except Foreign as error:
            return ApplyResult(claim.ref, False, claim, error, "foreign")
        except ClusterError as error:
            return ApplyResult(claim.ref, False, claim, error, "none")
        return ApplyResult(claim.ref, True, self._store.get(claim.ref), None, "update")

    async def delete(self, record: Record, owner_uid: str) -> ApplyResult:
        """Delete just this object, for the stack with the owner's uid.

        What is gone already is a success; so is what a finalizer holds, which the record then shows.
        """
        return await self._steps.delete(record, owner_uid)

    async def write_status(self, ref: Ref, uid: str, status: dict[str, Any], *, first: bool = False) -> None:
        """Replace our part of the object's status; the caller has made sure that it differs.

        The API server does not compare the uid on a status, so that the resourceVersion has to say which object is
        meant; where that has moved on, the object is read once more. A ``first`` status gives way instead: Conflict.
        """
        record = self._store.get(ref)
        if record is not None and record.uid == uid:
            try:
                await self._writer.status(ref, uid, record.resource_version, status)
                return
            except Conflict:
                if first:
                    raise
        fresh = await read(self._connection, ref)
        if fresh is None:
            raise NotFound(f"{ref} is gone", status=404)
        if fresh.uid != uid:
            raise Conflict(f"another {ref} has the name by now", status=409)
        await self._writer.status(ref, uid, fresh.resource_version, status)

    async def remove_extra(self, record: Record, owner_uid: str, pointers: Sequence[str]) -> Changes:
        """Remove fields that others added to an object, by JSON pointers into its spec as ``extra_paths`` gives them.

        Returns who had added what, as far as that is known.
        What comes back at once (a default of the schema) is remembered and not removed again: never write in a circle.
        """
        ref = record.ref
        if not pointers or self._memory.is_stubborn(ref, pointers):
            return ()
        added = await self._put_backs.added(record, pointers)
        patch = [{"op": "remove", "path": f"/spec{pointer}"} for pointer in pointers]
        answer = await self._writer.edit(Target(record, owner_uid), patch)
        if all(leads_somewhere(answer.get("spec") or {}, pointer) for pointer in pointers):
            self._memory.learn_stubborn(ref, pointers)
            return ()
        self._put_backs.log(ref, added)
        return added

    async def read(self, ref: Ref, uid: str, owner_uid: str) -> Manifest | None:
        """The object of this uid in full, for the owner's stack; None if it is gone, which the store then knows too."""
        try:
            found: Manifest = await self._connection.request("GET", ref.path)
        except NotFound:
            found = {"metadata": {"uid": ""}}
        if found["metadata"]["uid"] != uid:
            self._store.remove(ref, uid, origin=owner_uid)
            return None
        return found

    async def annotate(self, record: Record, owner_uid: str, name: str, value: str | None) -> None:
        """Set or remove one annotation of an object that has others."""
        path = f"/metadata/annotations/{pointer_step(name)}"
        change = {"op": "remove", "path": path} if value is None else {"op": "add", "path": path, "value": value}
        await self._writer.edit(Target(record, owner_uid), [change])

    async def event(self, ref: Ref, uid: str, *, reason: str, message: str, warning: bool = False) -> None:
        """Write an Event of a stack, for ``kubectl describe``; how often is the caller's decision.

        It only tells of what has been done: one that is refused is logged, and nothing waits for it. Raises NotLeader.
        """
        try:
            await self._writer.event(event_of(ref, uid, warning=warning, reason=reason, message=message))
        except ClusterError as error:
            logger.warning("%s: the Event %s: %s", ref, reason, error)


def _task(manifest: Manifest, owner_uid: str) -> ApplyTask:
    """What is to be taken over."""
    return ApplyTask(Ref.of(manifest), manifest, owner_uid, fingerprint(desired_projection(manifest)))
