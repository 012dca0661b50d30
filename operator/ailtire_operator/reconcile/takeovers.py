"""Takes over the volume claims that a definition names: all of a stack together, or none of them.

First each is read and tried by a dry run. Where all of them would be allowed, they are written, in exactly the versions
that were tried. Where one is not there or is refused, none is written. No other step of a pass writes or makes what
is decided here, so that no claim is made empty in place of one that was expected.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from typing import TypeVar

from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.apply_result import ApplyResult, Rehearsal
from ailtire_operator.cluster.errors import ClusterError, Conflict, Denied, Foreign, Invalid, NotFound
from ailtire_operator.cluster.kinds import VOLUME_CLAIM, Manifest, Ref
from ailtire_operator.cluster.ownership import is_orphan, is_ours, is_strange
from ailtire_operator.cluster.single_object_watch import holder
from ailtire_operator.cluster.store import Record, Store, record_of
from ailtire_operator.cluster.taking_over import missing
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.plan.adoption import adopted_claims
from ailtire_operator.reconcile.apply_errors import lacks_right
from ailtire_operator.reconcile.mode import adopts
from ailtire_operator.reconcile.planner import Planned
from ailtire_operator.reconcile.sessions import Refusal, Sessions

Results = Mapping[Ref, ApplyResult]
_Found = TypeVar("_Found")


class Takeovers:
    """The claims that definitions name."""

    def __init__(self, store: Store, applier: Applier, sessions: Sessions) -> None:
        self._store = store
        self._applier = applier
        self._sessions = sessions

    async def take_over(self, record: Record, planned: Planned, *, retry_refused: bool) -> Results:
        """What became of the claims that are named and are none of the stack's yet.

        Empty where there are none, as in every pass but the first. Raises NotLeader.
        """
        places = {
            Ref(VOLUME_CLAIM.kind, record.ref.namespace, name): path
            for name, path in adopted_claims(planned.plan).items()
        }
        unknown = [
            ref for ref in places if is_strange(self._store.get(ref), planned.manifests[ref], record.uid, self._store)
        ]
        if not unknown:
            return {}
        if not retry_refused and (before := self._remembered(record, planned, unknown)):
            return before
        acting = self._applier.acting_as(planned.account)
        tried = await _all({ref: acting.rehearse(planned.manifests[ref], record.uid) for ref in unknown})
        found = _refusals(tried, places, self._blocked(record, planned, places))
        if not found:
            taken = {ref: each.obj for ref, each in tried.items() if each.obj is not None}
            calls = {
                ref: _take(acting, planned.manifests[ref], record.uid, obj, places[ref]) for ref, obj in taken.items()
            }
            found = await _all(calls)
        self._remember(record, planned, found)
        return found

    def _blocked(self, record: Record, planned: Planned, places: Iterable[Ref]) -> Ref | None:
        """A claim that is named, that another owner has or this stack has lost, and that does not become this one's."""
        for ref in places:
            live, manifest = self._store.get(ref), planned.manifests[ref]
            if live is None or is_ours(live, manifest, record.uid):
                continue
            if is_strange(live, manifest, record.uid, self._store):
                continue
            if not (adopts(record, self._store) and is_orphan(live, manifest, self._store)):
                return ref
        return None

    def _remembered(self, record: Record, planned: Planned, refs: Iterable[Ref]) -> Results:
        """What was refused before, where trying again would be the very same; else empty."""
        refused = self._sessions.of(record).refused
        found = {}
        for ref in refs:
            before = refused.get(ref)
            live = self._store.get(ref)
            if before is None or not before.holds(planned.manifests[ref], planned.account, True, live):
                return {}
            found[ref] = before.applied
        return found

    def _remember(self, record: Record, planned: Planned, found: Results) -> None:
        refused = self._sessions.of(record).refused
        for ref, each in found.items():
            if each.error is None:
                refused.pop(ref, None)
            else:
                live = holder(self._store.get(ref))
                refused[ref] = Refusal(planned.manifests[ref], planned.account, True, live, each)


async def _take(acting: Applier, manifest: Manifest, owner_uid: str, obj: Manifest, where: FieldPath) -> ApplyResult:
    try:
        return await acting.take_claim(manifest, owner_uid, obj)
    except ClusterError as error:
        return _result(Ref.of(manifest), obj, error, where)


def _refusals(
    tried: Mapping[Ref, Rehearsal], places: Mapping[Ref, FieldPath], blocked: Ref | None
) -> dict[Ref, ApplyResult]:
    """Why nothing is taken over, of each claim; empty where all of them may be."""
    found = {
        ref: _result(ref, each.obj, each.error, places[ref]) for ref, each in tried.items() if each.error is not None
    }
    if not found and blocked is None:
        return {}
    cause = blocked or next((ref for ref, each in found.items() if each.verb == "foreign"), next(iter(found)))
    passes = blocked is None and found[cause].verb != "foreign"
    for ref, each in tried.items():
        if ref not in found and each.obj is not None:
            said = f"{ref} is taken over together with {cause}, which is not possible now"
            error = Conflict(said) if passes else Foreign(said)
            found[ref] = _result(ref, each.obj, error, places[ref])
    return found


def _result(ref: Ref, obj: Manifest | None, error: ClusterError, where: FieldPath) -> ApplyResult:
    """The result for a claim that is left as it is; what the API server would refuse for ever is a conflict."""
    record = record_of(obj) if obj is not None else None
    if isinstance(error, NotFound) and obj is None:
        error = Foreign(missing(ref))
    elif isinstance(error, Invalid) or (isinstance(error, Denied) and not lacks_right(error)):
        error = Foreign(f"{ref} exists already and cannot become what is planned: {error}")
    if not isinstance(error, Foreign):
        return ApplyResult(ref, False, record, error, "none")
    return ApplyResult(ref, False, record, Foreign(f"{path_of(where, 'adopt')}: {error}"), "foreign")


async def _all(calls: Mapping[Ref, Awaitable[_Found]]) -> dict[Ref, _Found]:
    """All of them at once. An exception waits until the others have come back."""
    results = await asyncio.gather(*calls.values(), return_exceptions=True)
    for each in results:
        if isinstance(each, BaseException):
            raise each
    return dict(zip(calls, [each for each in results if not isinstance(each, BaseException)], strict=True))
