"""Bring one object in line with its manifest, and do not ask again for what was refused a moment ago."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.apply_result import ApplyOptions, ApplyResult
from ailtire_operator.cluster.changes import Change
from ailtire_operator.cluster.connection import Account
from ailtire_operator.cluster.errors import ClusterError, Invalid
from ailtire_operator.cluster.kinds import STACK, Manifest, Ref
from ailtire_operator.cluster.managed_fields import extra_paths, pointer_keys
from ailtire_operator.cluster.single_object_watch import holder
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.reconcile.mode import spec_of
from ailtire_operator.reconcile.sessions import Refusal, Sessions


class ObjectApplier:
    """The objects of all stacks, one at a time."""

    def __init__(self, store: Store, applier: Applier, sessions: Sessions) -> None:
        self._store = store
        self._applier = applier
        self._sessions = sessions

    async def bring(
        self,
        change: Change,
        owner: Record,
        synced: dict[Ref, str],
        *,
        account: Account | None,
        retry_refused: bool,
        adopt: bool = False,
        take: bool = False,
        must_exist: bool = False,
    ) -> ApplyResult | None:
        """Do what there is to do about one object; None if there was nothing. Raises NotLeader.

        By the rights of the ``account``, or by the operator's own. Without ``retry_refused`` what was refused is not
        sent again, unless another object stands there by now, or none. ``adopt``, ``take`` and ``must_exist`` are those
        of ``ApplyOptions``. ``synced`` takes the fingerprint of what is as planned then.
        """
        ref, manifest, applied = change.ref, change.manifest, None
        if change.is_none or manifest is None:
            return None
        if change.action != "none":
            options = ApplyOptions(autoscaled=change.autoscaled, adopt=adopt, take=take, must_exist=must_exist)
            applied = await self._send(manifest, owner, account, options, retry_refused=retry_refused)
            if applied.error is not None:
                return applied
            if (live := self._store.get(ref)) is not None:
                synced[ref] = live.owned_hash
        live = self._store.get(ref)
        if live is not None and ref.kind == STACK.kind:
            return _both(applied, await self._take_away_extra(manifest, owner, live))
        return applied

    async def remove(self, record: Record, owner: Record, account: Account | None) -> ApplyResult:
        """Delete an object of the owner's, by the rights of the account or by the operator's own. Raises NotLeader."""
        return await self._applier.acting_as(account).delete(record, owner.uid)

    async def _send(
        self, manifest: Manifest, owner: Record, account: Account | None, options: ApplyOptions, *, retry_refused: bool
    ) -> ApplyResult:
        ref = Ref.of(manifest)
        acting = self._applier.acting_as(account)
        refused, asked = self._sessions.of(owner).refused, options.adopt or options.take
        before, live = refused.get(ref), self._store.get(ref)
        if not retry_refused and before is not None and before.holds(manifest, account, asked, live):
            return before.applied
        try:
            applied = await acting.apply(manifest, owner.uid, options)
            if isinstance(applied.error, Invalid) and await self._empty(manifest, owner):
                applied = await acting.apply(manifest, owner.uid, options)
        except ClusterError as error:
            applied = ApplyResult(ref, False, self._store.get(ref), error, "none")
        if applied.error is None:
            refused.pop(ref, None)
        else:
            refused[ref] = Refusal(manifest, account, asked, holder(self._store.get(ref)), applied)
        return applied

    async def _empty(self, manifest: Manifest, owner: Record) -> bool:
        """Take the entries out of what the manifest wants empty; whether there was anything to do.

        Server-side apply cannot: where a map of ours loses all its entries it makes null of it, which is refused.
        """
        live = self._store.get(Ref.of(manifest))
        if live is None or live.ref.kind != STACK.kind:
            return False
        pointers = [
            each for each in extra_paths(manifest["spec"], spec_of(live)) if _is_emptied(manifest["spec"], each)
        ]
        if pointers:
            await self._applier.remove_extra(live, owner.uid, pointers)
        return bool(pointers)

    async def _take_away_extra(self, manifest: Manifest, owner: Record, live: Record) -> ApplyResult | None:
        """A child's definition is its parent's alone: what others have added to it is taken away."""
        pointers = extra_paths(manifest["spec"], spec_of(live))
        if not pointers:
            return None
        try:
            added = await self._applier.remove_extra(live, owner.uid, pointers)
        except ClusterError as error:
            return ApplyResult(live.ref, False, live, error, "none")
        return ApplyResult(live.ref, True, live, None, "update", put_back=added) if added else None


def _both(first: ApplyResult | None, second: ApplyResult | None) -> ApplyResult | None:
    """What became of one object in two steps: the second has the last word, and both put things back."""
    if first is None or second is None:
        return second or first
    return replace(second, put_back=(*first.put_back, *second.put_back))


def _is_emptied(desired: Any, pointer: str) -> bool:
    """Whether what holds the entry that the JSON pointer names shall be an empty map."""
    for key in pointer_keys(pointer)[:-1]:
        if not isinstance(desired, Mapping):
            return False
        desired = desired.get(key)
    return isinstance(desired, Mapping) and not desired
