"""Takes over the volume claims and Deployments that a definition names: all of a stack together, or none of them.

First each is read and tried by a dry run. Where one is refused, or a claim is not there, none is written. Where all
would be allowed, the claims are written, in exactly the versions that were tried, and the Deployments as soon as they
are due: after their policies, files and Services, and after what they depend on. No other step of a pass writes or
makes what is refused here, so that no claim is made empty in place of one that was expected.

A Service is never taken over. One of somebody else under the name of a Deployment keeps that from being taken over: the
stack's own could not be made, and nothing would lead to the pods that the takeover replaces.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.apply_result import ApplyResult, Rehearsal
from ailtire_operator.cluster.errors import ClusterError, Conflict, Denied, Foreign, Invalid, NotFound
from ailtire_operator.cluster.kinds import DEPLOYMENT, SERVICE, Manifest, Ref
from ailtire_operator.cluster.ownership import is_orphan, is_ours
from ailtire_operator.cluster.single_object_watch import holder
from ailtire_operator.cluster.store import Record, Store, record_of
from ailtire_operator.cluster.taking_over import may_be_taken, missing, named, service_in_the_way
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.plan.adoption import adopted_claims, adopted_deployments
from ailtire_operator.reconcile.apply_errors import lacks_right
from ailtire_operator.reconcile.mode import adopts
from ailtire_operator.reconcile.planner import Planned
from ailtire_operator.reconcile.sessions import Refusal, Sessions

Results = Mapping[Ref, ApplyResult]
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Takeover:
    """What became of the objects that a definition names and that were none of the stack's."""

    done: Results = field(default_factory=dict)
    """Claims that were written, and all that is refused: nothing else is done about these in the pass."""
    due: frozenset[Ref] = frozenset()
    """Deployments that are taken over where the pass comes to them."""

    def without_service(self, done: Iterable[ApplyResult]) -> set[Ref]:
        """Those of them whose Service the pass could not write: nothing would lead to pods that are replaced."""
        failed = {each.ref for each in done if each.error is not None}
        return {ref for ref in self.due if _service_of(ref) in failed}


_NOTHING = Takeover()


class Takeovers:
    """The claims and Deployments that definitions name."""

    def __init__(self, store: Store, applier: Applier, sessions: Sessions) -> None:
        self._store = store
        self._applier = applier
        self._sessions = sessions

    async def take_over(self, record: Record, planned: Planned, *, retry_refused: bool) -> Takeover:
        """What became of what is named and is none of the stack's yet.

        Empty where there is none, as in every pass but the first. Raises NotLeader.
        """
        places = _places(record.ref.namespace, planned)
        adopting = adopts(record, self._store)
        unknown = [ref for ref in places if self._is_unknown(ref, record, planned, adopting=adopting)]
        if not unknown:
            return _NOTHING
        if not retry_refused and (before := self._remembered(record, planned, unknown)):
            return Takeover(before)
        acting = self._applier.acting_as(planned.account)
        services = {ref: _service_of(ref) for ref in unknown if ref.kind == DEPLOYMENT.kind}
        asked = [*unknown, *(each for each in services.values() if each in planned.manifests)]
        tried = await _all({ref: acting.rehearse(planned.manifests[ref], record.uid) for ref in asked})
        # While they were tried, the root may have asked for it, or asks no longer.
        adopting = adopts(record, self._store)
        # Where there is no Deployment, the stack makes one.
        there = {ref: tried[ref] for ref in unknown if not (ref in services and _is_absent(tried[ref]))}
        there |= {
            ref: Rehearsal(there[ref].obj, error)
            for ref, service in services.items()
            if ref in there and there[ref].error is None and there[ref].obj is not None
            if (error := self._withheld(service, planned, tried.get(service), adopting=adopting)) is not None
        }
        found = _refusals(there, places, self._blocked(record, planned, places, adopting=adopting))
        due = frozenset[Ref]()
        if not found:
            taken = {ref: each.obj for ref, each in there.items() if each.obj is not None}
            due = frozenset(ref for ref in taken if ref.kind == DEPLOYMENT.kind)
            calls = {
                ref: _take(acting, planned.manifests[ref], record.uid, obj, places[ref])
                for ref, obj in taken.items()
                if ref not in due
            }
            found = await _all(calls)
        self._remember(record, planned, found)
        return Takeover(found, due)

    def _is_unknown(self, ref: Ref, record: Record, planned: Planned, *, adopting: bool) -> bool:
        live, manifest = self._store.get(ref), planned.manifests[ref]
        return may_be_taken(manifest, live, record.uid, self._store, adopting=adopting)

    def _withheld(
        self, service: Ref, planned: Planned, tried: Rehearsal | None, *, adopting: bool
    ) -> ClusterError | None:
        """Why a Deployment is not taken over for the sake of its Service: somebody else has that."""
        if tried is None or tried.obj is None or not isinstance(tried.error, Foreign):
            return None
        live = record_of(tried.obj)
        if adopting and is_orphan(live, planned.manifests[service], self._store):
            return None
        said = service_in_the_way(service)
        return Conflict(said) if live.deleting else Foreign(said)

    def _blocked(self, record: Record, planned: Planned, places: Iterable[Ref], *, adopting: bool) -> Ref | None:
        """One that is named, that another owner has or this stack has lost, and that does not become this one's."""
        for ref in places:
            live, manifest = self._store.get(ref), planned.manifests[ref]
            if live is None or is_ours(live, manifest, record.uid):
                continue
            if self._is_unknown(ref, record, planned, adopting=adopting):
                continue
            if not (adopting and is_orphan(live, manifest, self._store)):
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


def _places(namespace: str, planned: Planned) -> dict[Ref, FieldPath]:
    """What the definition names and the plan has, with the path of what names it."""
    found = named(namespace, adopted_claims(planned.plan), adopted_deployments(planned.plan))
    return {ref: path for ref, path in found.items() if ref in planned.manifests}


def _service_of(ref: Ref) -> Ref:
    """The Service of a Deployment, which has its name."""
    return replace(ref, kind=SERVICE.kind)


def _is_absent(tried: Rehearsal) -> bool:
    return tried.obj is None and isinstance(tried.error, NotFound)


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
    """The result for an object that is left as it is; what the API server would refuse for ever is a conflict."""
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
