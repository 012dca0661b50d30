"""Write what differs, and only where we may.

Server-side apply with one field manager: fields that we no longer name disappear, and those of others stay. Never bare:
what the store does not know is applied with ``resourceVersion: "1"``, which creates it or answers 409, and what it
knows with its ``uid``; so ``force`` cannot merge us into an object of somebody else. Nothing here waits, and nothing
tries again: the queue does, with fresh data. The one exception is a 409, where the fresh data is one read away.
"""

import copy
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Self

from ailtire_operator import naming
from ailtire_operator.cluster.adoption import patch_of, way_back, without_owner
from ailtire_operator.cluster.apply_result import ApplyResult, ApplyTask, HandOver, Verb
from ailtire_operator.cluster.changes import change_of
from ailtire_operator.cluster.connection import Account, Connection
from ailtire_operator.cluster.drift_log import Changes, DriftLog
from ailtire_operator.cluster.errors import ClusterError, Conflict, Foreign, NotFound, NotGone, Orphaned, WouldLoseData
from ailtire_operator.cluster.events import event_of
from ailtire_operator.cluster.kinds import Manifest, Ref
from ailtire_operator.cluster.managed_fields import (
    NOBODY,
    before_first_apply_index,
    desired_projection,
    fingerprint,
    leads_somewhere,
    pointer_step,
)
from ailtire_operator.cluster.ownership import is_ours, waits_for
from ailtire_operator.cluster.store import Record, Store, record_of
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
        store.listeners.append(self._memory.forget)

    def acting_as(self, account: Account | None) -> Self:
        """The same applier, which writes by the rights of this account; what is the operator's own stays so."""
        other = copy.copy(self)
        other._writer = self._writer.acting_as(account)
        return other

    def in_sync(self, manifest: Manifest) -> bool:
        """Whether applying the manifest would change nothing, as far as the store knows; makes no request."""
        record = self._store.get(Ref.of(manifest))
        return record is not None and self._memory.settled(record, fingerprint(desired_projection(manifest)))

    def overridden(self, ref: Ref) -> bool:
        """Whether the cluster keeps answering something else than what we send, so that it is no longer sent."""
        record = self._store.get(ref)
        return record is not None and self._memory.is_overridden(record)

    async def apply(
        self, manifest: Manifest, owner_uid: str, hand_over: HandOver = lambda record: None, *, adopt: bool = False
    ) -> ApplyResult:
        """Make the object equal to the manifest, for the stack with this uid.

        ``adopt``: what has lost its owner is taken over; otherwise it is left as it is, which is an Orphaned error.
        """
        self._writer.check_fence()
        ref = Ref.of(manifest)
        wanted = fingerprint(desired_projection(manifest))
        try:
            return await self._apply(ApplyTask(ref, manifest, owner_uid, hand_over, wanted, adopt))
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
        task = ApplyTask(ref, manifest, owner_uid, lambda record: None, "")
        found = await self._orphan(task, record)
        if not is_ours(found, manifest, owner_uid):
            await self._take_over(task, found)

    async def delete(self, record: Record, owner_uid: str) -> ApplyResult:
        """Delete just this object, for the stack with the owner's uid.

        What is gone already is a success; so is what a finalizer holds, which the record then tells.
        """
        ref = record.ref
        self._memory.expect_end(ref)
        try:
            if not await self._delete(Target(record, owner_uid)):
                return ApplyResult(ref, False, None, None, "none")
        except ClusterError as error:
            return ApplyResult(ref, False, self._store.get(ref), error, "none")
        return ApplyResult(ref, True, self._store.get(ref), None, "delete")

    async def _delete(self, target: Target) -> bool:
        """Whether there was anything to delete."""
        ref, uid = target.record.ref, target.record.uid
        try:
            await self._writer.delete(target)
            return True
        except Foreign:
            raise
        except NotFound:
            self._store.remove(ref, uid, origin=target.owner_uid)
            return False
        except Conflict:
            # Another object has the name by now and ours is no more; or else the API server only asks for patience.
            fresh = await self._read(ref)
            if fresh is not None and fresh.uid == uid:
                raise
            self._store.remove(ref, uid, origin=target.owner_uid)
            return False

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
        fresh = await self._read(ref)
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
        """Tell of a stack, for ``kubectl describe``; how often is the caller's affair."""
        await self._writer.event(event_of(ref, uid, warning=warning, reason=reason, message=message))

    async def _apply(self, task: ApplyTask) -> ApplyResult:
        return await self._execute(task, self._store.get(task.ref))

    async def _in_the_way(self, task: ApplyTask, record: Record, obj: Manifest | None = None) -> ApplyResult:
        """What is not ours stays as it is, unless it has lost its owner and somebody asks for it to be taken over."""
        try:
            found = await self._orphan(task, record, obj)
            if is_ours(found, task.manifest, task.owner_uid):
                return await self._execute(task, found)
            if not task.adopt:
                raise Orphaned(f"{found.ref} exists already and has no owner; {way_back(task.manifest)}")
        except Foreign as error:
            age = self._memory.in_the_way(record)
            return ApplyResult(record.ref, False, record, error, "foreign", age=age)
        return replace(await self._execute(task, await self._take_over(task, found)), adopted=True)

    async def _orphan(self, task: ApplyTask, record: Record, obj: Manifest | None = None) -> Record:
        return await without_owner(record, task.manifest, task.owner_uid, self._store, self._connection, obj)

    async def _take_over(self, task: ApplyTask, record: Record) -> Record:
        """Make an object that has lost its owner the stack's, and change nothing else of it."""
        target = Target(record, task.owner_uid, task.manifest)
        answer = await self._writer.adopt(target, patch_of(task.manifest, record))
        logger.info("%s had lost its owner and is taken over", task.ref)
        return self._store.get(task.ref) or record_of(answer)

    async def _create(self, task: ApplyTask) -> ApplyResult:
        deleted = self._put_backs.deleted(task.ref, task.wanted)
        try:
            applied = await self._learn(task, await self._writer.create(task.manifest, task.owner_uid), "create")
            self._put_backs.log(task.ref, deleted)
            return replace(applied, put_back=deleted)
        except Conflict:
            if task.again:
                raise
        return await self._retry(task)

    async def _execute(self, task: ApplyTask, record: Record | None, obj: Manifest | None = None) -> ApplyResult:
        """Do what there is to do about the object as it is; ``obj``: the same in full, if it was read just now."""
        settled = record is not None and self._memory.settled(record, task.wanted)
        change = change_of(task.manifest, record, task.owner_uid, settled=settled)
        if record is None:
            return await self._create(task)
        match change.action:
            case "foreign":
                return await self._in_the_way(task, record, obj)
            case "leaving":
                return ApplyResult(task.ref, False, record, NotGone(change.why), "none")
            case "none":
                return ApplyResult(task.ref, False, record, None, "none")
        if self._memory.in_write_loop(task.ref, task.wanted):
            fight = Conflict(f"{task.ref} is changed by somebody else as often as it is put right; waiting")
            return ApplyResult(task.ref, False, record, fight, "none")
        match change.action:
            case "refused":
                return ApplyResult(task.ref, False, record, WouldLoseData(change.why), "refused")
            case "replace":
                return await self._replace(task, record)
        return await self._change(task, record)

    async def _replace(self, task: ApplyTask, record: Record) -> ApplyResult:
        """Delete an object of ours, and make it anew at once if it goes at once."""
        deleted = await self.delete(record, task.owner_uid)
        if deleted.error is not None:
            raise deleted.error
        if (left := deleted.record) is not None and left.uid == record.uid:
            return ApplyResult(task.ref, True, left, NotGone(waits_for(left)), "delete")
        return await self._learn(task, await self._writer.create(task.manifest, task.owner_uid, "replace"), "replace")

    async def _change(self, task: ApplyTask, record: Record) -> ApplyResult:
        """Update an object of ours."""
        try:
            changes = await self._put_backs.changed(task.manifest, task.wanted, record)
            applied = await self._learn(task, await self._update(task, record), "update")
            self._put_backs.log(task.ref, changes)
            return replace(applied, put_back=changes)
        except Foreign:
            raise
        except Conflict:
            if task.again:
                raise
        return await self._retry(task)

    async def _retry(self, task: ApplyTask) -> ApplyResult:
        """Once more after a 409, with what the API server says is there now."""
        task = replace(task, again=True)
        try:
            obj = await self._connection.request("GET", task.ref.path)
        except NotFound:
            if (known := self._store.get(task.ref)) is not None:
                self._store.remove(task.ref, known.uid, origin=task.owner_uid)
            return await self._create(task)
        record = record_of(obj)
        if is_ours(record, task.manifest, task.owner_uid):
            record = self._store.offer(record, origin=task.owner_uid) or record
        return await self._execute(task, record, obj)

    async def _update(self, task: ApplyTask, record: Record) -> dict[str, Any]:
        """Apply the manifest to an object of ours.

        A field whose last owner drops it falls back to its default: an autoscaled workload would shrink to one pod. So
        a second manager first holds ``spec.replicas`` at the live value, where ours lets go of it.
        """
        target = Target(record, task.owner_uid, task.manifest)
        if (replicas := task.hand_over(record)) is not None:
            body = {**task.ref.address(), "spec": {"replicas": replicas}}
            await self._writer.update(target, body, manager=naming.HANDOVER_MANAGER)
        return await self._writer.update(target, task.manifest)

    async def _learn(self, task: ApplyTask, answer: dict[str, Any], verb: Verb) -> ApplyResult:
        """Note how the API server took an apply."""
        if (index := before_first_apply_index(answer)) is not None:
            answer = await self._disown(Target(record_of(answer), task.owner_uid, task.manifest), index)
        record = record_of(answer)
        self._memory.learn(record, task.wanted, created=verb != "update")
        return ApplyResult(task.ref, True, self._store.get(task.ref) or record, None, verb)

    async def _read(self, ref: Ref) -> Record | None:
        """What the API server has under this address now."""
        try:
            return record_of(await self._connection.request("GET", ref.path))
        except NotFound:
            return None

    async def _disown(self, target: Target, index: int) -> dict[str, Any]:
        """Strike an invented owner off the list of those who hold the object's fields."""
        entry = f"/metadata/managedFields/{index}"
        test = {"op": "test", "path": f"{entry}/manager", "value": NOBODY}
        return await self._writer.edit(target, [test, {"op": "remove", "path": entry}])
