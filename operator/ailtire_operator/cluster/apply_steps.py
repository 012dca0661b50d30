"""The steps by which one object becomes its manifest: create, update, replace, take over; and once more after a 409."""

import copy
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

from ailtire_operator import naming
from ailtire_operator.cluster.adoption import patch_of, release_of, way_back, without_owner
from ailtire_operator.cluster.apply_result import ApplyResult, ApplyTask, Rehearsal, Verb
from ailtire_operator.cluster.changes import change_of
from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.drift_log import DriftLog
from ailtire_operator.cluster.errors import ClusterError, Conflict, Foreign, NotFound, NotGone, Orphaned, WouldLoseData
from ailtire_operator.cluster.kinds import Manifest, Ref
from ailtire_operator.cluster.managed_fields import NOBODY, before_first_apply_index
from ailtire_operator.cluster.ownership import is_ours, waits_for
from ailtire_operator.cluster.store import Record, Store, record_of
from ailtire_operator.cluster.taking_over import missing, taking
from ailtire_operator.cluster.template_changes import (
    ROLLED_KINDS,
    TemplateChange,
    replacement_changes,
    template_changes,
)
from ailtire_operator.cluster.write_history import WriteHistory
from ailtire_operator.cluster.writer import Target, Writer

logger = logging.getLogger(__name__)


class ApplySteps:
    """What the applier does with one object. Errors of the cluster are raised, but for those that a result holds."""

    def __init__(
        self, connection: Connection, store: Store, writer: Writer, memory: WriteHistory, put_backs: DriftLog
    ) -> None:
        self._connection = connection
        self._store = store
        self._writer = writer
        self._memory = memory
        self._put_backs = put_backs

    def writing_by(self, writer: Writer) -> Self:
        """The same steps by another writer."""
        other = copy.copy(self)
        other._writer = writer
        return other

    async def delete(self, record: Record, owner_uid: str) -> ApplyResult:
        """Delete just this object, for the stack with the owner's uid.

        What is gone already is a success; so is what a finalizer holds, which the record then shows.
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
        except (Conflict, NotFound):
            # Ours is no more, or another object has the name by now; or else the API server only asks for patience.
            # Not even a 404 is believed unasked: no watch would tell that the object is there after all.
            fresh = await read(self._connection, ref)
            if fresh is not None and fresh.uid == uid:
                raise
            self._store.remove(ref, uid, origin=target.owner_uid)
            return False

    async def _in_the_way(self, task: ApplyTask, record: Record, obj: Manifest | None = None) -> ApplyResult:
        """What is not ours stays as it is, unless it has no owner and somebody asks for it to be taken over."""
        try:
            if task.options.take:
                return await self._take_named(task, obj)
            found = await self.orphan(task, record, obj)
            if is_ours(found, task.manifest, task.owner_uid):
                return await self.execute(task, found)
            if not task.options.adopt:
                raise Orphaned(f"{found.ref} exists already and has no owner; {way_back(task.manifest)}")
        except Foreign as error:
            age = self._memory.in_the_way(record)
            return ApplyResult(record.ref, False, record, error, "foreign", age=age)
        return replace(await self.execute(task, await self.take_over(task, found)), adopted=True)

    async def orphan(self, task: ApplyTask, record: Record, obj: Manifest | None = None) -> Record:
        """The object as it is now, if it has lost its owner. Raises Foreign, and any other ClusterError."""
        return await without_owner(record, task.manifest, task.owner_uid, self._store, self._connection, obj)

    async def take_over(self, task: ApplyTask, record: Record) -> Record:
        """Make an object that has lost its owner the stack's, and change nothing else of it."""
        await self._check_owner(task.owner_uid)
        target = Target(record, task.owner_uid, task.manifest)
        answer = await self._writer.adopt(target, patch_of(task.manifest, record))
        logger.info("%s had lost its owner and is taken over", task.ref)
        return self._store.get(task.ref) or record_of(answer)

    async def _take_named(self, task: ApplyTask, obj: Manifest | None) -> ApplyResult:
        """Take over the object of this name as it is now. Raises Foreign, and any other ClusterError."""
        obj = obj or await self._connection.request("GET", task.ref.path)
        record = record_of(obj)
        if not is_ours(record, task.manifest, task.owner_uid):
            return await self.take(task, obj)
        return await self.execute(task, self._store.offer(record, origin=task.owner_uid) or record)

    async def rehearse(self, task: ApplyTask) -> Rehearsal:
        """Whether the object of this name could be taken over, by the API server's dry run; nothing is written."""
        obj: Manifest | None = None
        try:
            obj = await self._connection.request("GET", task.ref.path)
            record = record_of(obj)
            if is_ours(record, task.manifest, task.owner_uid):  # its watch is behind
                self._store.offer(record, origin=task.owner_uid)
                return Rehearsal(None, None)
            await self._writer.take(_target(task, obj), taking(task.manifest, obj), rehearsal=True)
        except ClusterError as error:
            return Rehearsal(obj, error)
        return Rehearsal(obj, None)

    async def take(self, task: ApplyTask, obj: Manifest) -> ApplyResult:
        """Make a claim or a Deployment of nobody the stack's, in exactly the version that was read."""
        body = taking(task.manifest, obj)
        if self._memory.in_write_loop(task.ref, task.wanted):
            taken = f"the labels or the owner of {task.ref} are taken away"
            raise Conflict(f"{taken} by somebody else as often as it is taken over")
        await self._check_owner(task.owner_uid)
        answer = await self._writer.take(_target(task, obj), body)
        logger.info("%s belonged to nobody and is taken over", task.ref)
        rolled = _rolled(obj.get("spec") or {}, answer) if task.ref.kind in ROLLED_KINDS else ()
        return replace(await self._learn(task, answer, "update"), adopted=True, rolled=rolled)

    async def _create(self, task: ApplyTask) -> ApplyResult:
        if task.options.must_exist:
            raise Foreign(missing(task.ref))
        deleted = self._put_backs.deleted(task.ref, task.wanted)
        if deleted:
            await self._check_owner(task.owner_uid)
        try:
            applied = await self._learn(task, await self._writer.create(task.manifest, task.owner_uid), "create")
            self._put_backs.log(task.ref, deleted)
            return replace(applied, put_back=deleted)
        except Conflict:
            if task.again:
                raise
        return await self._retry(task)

    async def _check_owner(self, uid: str) -> None:
        """Ask for the stack before it gets an object, or gets one again. Raises NotFound where it has gone or goes.

        While its watch is behind, the garbage collector would take the object: what is made as often as it is made, and
        what is taken over with all that is in it.
        """
        known = self._store.by_uid(uid)
        if known is None:
            return
        fresh = await read(self._connection, known.ref)
        if fresh is None or fresh.uid != uid:
            self._store.remove(known.ref, uid)
        else:
            self._store.offer(fresh)
        owner = self._store.by_uid(uid)  # which the watch may have brought up to date meanwhile
        if owner is None:
            raise NotFound(f"{known.ref} is gone", status=404)
        if owner.deleting:
            raise NotFound(f"{known.ref} is being deleted", status=404)

    async def execute(self, task: ApplyTask, record: Record | None, obj: Manifest | None = None) -> ApplyResult:
        """Do what there is to do about the object as it is; ``obj``: the same in full, if it was read just now."""
        settled = record is not None and self._memory.settled(record, task.wanted)
        change = change_of(task.manifest, record, task.owner_uid, settled=settled, autoscaled=task.options.autoscaled)
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
        return await self._change(task, record, change.replicas)

    async def _replace(self, task: ApplyTask, record: Record) -> ApplyResult:
        """Delete an object of ours, and make it anew at once if it goes at once."""
        before = await self._spec(record)
        deleted = await self.delete(record, task.owner_uid)
        if deleted.error is not None:
            raise deleted.error
        if (left := deleted.record) is not None and left.uid == record.uid:
            return ApplyResult(task.ref, True, left, NotGone(waits_for(left)), "delete")
        answer = await self._writer.create(task.manifest, task.owner_uid, "replace")
        rolled = () if before is None else replacement_changes(before, answer["spec"])
        return replace(await self._learn(task, answer, "replace"), rolled=rolled)

    async def _change(self, task: ApplyTask, record: Record, replicas: int | None) -> ApplyResult:
        """Update an object of ours; ``replicas``: the live count that is handed over before."""
        try:
            changes = await self._put_backs.changed(task.manifest, task.wanted, record)
            before = await self._spec(record)
            answer = await self._update(task, record, replicas)
            applied = await self._learn(task, answer, "update")
            self._put_backs.log(task.ref, changes)
            return replace(applied, put_back=changes, rolled=_rolled(before, answer))
        except Foreign:
            raise
        except Conflict:
            if task.again:
                raise
        return await self._retry(task)

    async def _spec(self, record: Record) -> Mapping[str, Any] | None:
        """The spec of a workload that is about to be written, by one read; None where it is none, or cannot be read.

        Of workloads the store keeps no template, and what a rollout changes is known only from before and after.
        """
        if record.ref.kind not in ROLLED_KINDS:
            return None
        try:
            obj = await self._connection.request("GET", record.ref.path)
        except ClusterError:
            return None
        return obj.get("spec") or {} if obj["metadata"].get("uid") == record.uid else None

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
        return await self.execute(task, record, obj)

    async def _update(self, task: ApplyTask, record: Record, replicas: int | None) -> dict[str, Any]:
        """Apply the manifest to an object of ours.

        A field whose last owner drops it falls back to its default: an autoscaled workload would shrink to one pod. So
        a second manager first holds ``spec.replicas`` at the live value, where ours lets go of it.
        """
        target = Target(record, task.owner_uid, task.manifest)
        if replicas is not None:
            body = {**task.ref.address(), "spec": {"replicas": replicas}}
            await self._writer.update(target, body, manager=naming.HANDOVER_MANAGER)
        return await self._writer.update(target, task.manifest)

    async def _learn(self, task: ApplyTask, answer: dict[str, Any], verb: Verb) -> ApplyResult:
        """Note how the API server took an apply."""
        if (index := before_first_apply_index(answer)) is not None:
            answer = await self._disown(Target(record_of(answer), task.owner_uid, task.manifest), index)
        if patch := release_of(task.manifest, answer, task.owner_uid):
            answer = await self._writer.edit(Target(record_of(answer), task.owner_uid, task.manifest), patch)
        known, metadata = self._store.get(task.ref), answer["metadata"]
        same = known is not None and (known.uid, known.resource_version) == (
            metadata["uid"],
            metadata["resourceVersion"],
        )
        record = known if known is not None and same else record_of(answer)  # slow: not made where it is known
        self._memory.learn(record, task.wanted, created=verb != "update")
        return ApplyResult(task.ref, True, known or record, None, verb)

    async def _disown(self, target: Target, index: int) -> dict[str, Any]:
        """Strike an invented owner off the list of those who hold the object's fields."""
        entry = f"/metadata/managedFields/{index}"
        test = {"op": "test", "path": f"{entry}/manager", "value": NOBODY}
        return await self._writer.edit(target, [test, {"op": "remove", "path": entry}])


def _target(task: ApplyTask, obj: Manifest) -> Target:
    return Target(record_of(obj), task.owner_uid, task.manifest)


def _rolled(before: Mapping[str, Any] | None, answer: Mapping[str, Any]) -> tuple[TemplateChange, ...]:
    if before is None:
        return ()
    return template_changes(before.get("template") or {}, answer["spec"].get("template") or {})


async def read(connection: Connection, ref: Ref) -> Record | None:
    """What the API server has under this address now."""
    try:
        return record_of(await connection.request("GET", ref.path))
    except NotFound:
        return None
