"""Expands volumes: gives the claims of replicas the size that the definition says, and explains what did not grow.

The claims of replicas are made by their StatefulSet from templates that cannot change, so that they are no objects of
the plan. A stack's own claims are, and grow by being applied.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.claim_sizes import is_larger, is_refused, requested
from ailtire_operator.cluster.kinds import STATEFUL_SET, VOLUME_CLAIM, Manifest, Ref
from ailtire_operator.cluster.ownership import is_replicas_claim
from ailtire_operator.cluster.single_object_watch import holder
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.field_path import SPEC, FieldPath, path_of
from ailtire_operator.model.report import Notice
from ailtire_operator.plan.values import canonical
from ailtire_operator.reconcile.apply_errors import FORBIDDEN, problem_of
from ailtire_operator.reconcile.planner import Planned
from ailtire_operator.reconcile.sessions import Refusal, Sessions
from ailtire_operator.status.observed import Problem
from ailtire_operator.status.text import bounded

_BOUND: Final = "Bound"
"""Only a claim with a volume can be expanded."""


@dataclass(frozen=True, slots=True)
class ReplicaClaim:
    """The claim of one replica."""

    path: FieldPath
    """To the size in the definition."""
    size: str
    """That the definition says."""
    claim: Record
    workload: Record
    """The StatefulSet that has made it."""

    @property
    def live(self) -> str:
        """The size that the claim asks for now."""
        return str(self.claim.summary.get("size", ""))


class VolumeGrowth:
    """Expands the claims of replicas."""

    def __init__(self, store: Store, applier: Applier, sessions: Sessions) -> None:
        self._store = store
        self._applier = applier
        self._sessions = sessions

    async def grow(self, record: Record, planned: Planned, *, retry_refused: bool) -> dict[Ref, Problem]:
        """Expand what is too small, and tell what could not be. Raises NotLeader.

        What was refused is sent again only where asked for (``retry_refused``), or for another size or claim.
        """
        found = {}
        for each in growing(planned, record.uid, self._store):
            problem = await self._expand(record, planned, each, retry_refused=retry_refused)
            if problem is not None:
                found[each.claim.ref] = _not_expanded(each.path, each.claim, problem)
        return found

    async def _expand(
        self, record: Record, planned: Planned, each: ReplicaClaim, *, retry_refused: bool
    ) -> Problem | None:
        refused, ref = self._sessions.of(record).refused, each.claim.ref
        asked: Manifest = {**ref.address(), "spec": {"resources": {"requests": {"storage": each.size}}}}
        before = refused.get(ref)
        if not retry_refused and before is not None and before.holds(asked, planned.account, False, each.claim):
            return problem_of(before.applied)
        acting = self._applier.acting_as(planned.account)
        applied = await acting.expand(each.claim, each.workload, record.uid, each.size)
        if applied.error is None:
            refused.pop(ref, None)
        else:
            refused[ref] = Refusal(asked, planned.account, False, holder(each.claim), applied)
        return problem_of(applied)


def growing(planned: Planned, owner_uid: str, store: Store) -> Iterator[ReplicaClaim]:
    """The claims of replicas that ask for another size than the definition says, and can be given that."""
    for each in _replica_claims(planned, owner_uid, store):
        differs = is_larger(each.size, each.live) or is_larger(each.live, each.size)
        if differs and not is_refused(each.size, each.claim.summary) and each.claim.summary.get("phase") == _BOUND:
            yield each


def smaller(planned: Planned, owner_uid: str, store: Store) -> Iterator[Notice]:
    """A notice for each size that claims of replicas exceed: a volume never becomes smaller."""
    found: dict[FieldPath, ReplicaClaim] = {}
    for each in _replica_claims(planned, owner_uid, store):
        before = found.get(each.path)
        if is_refused(each.size, each.claim.summary) and (before is None or is_larger(each.live, before.live)):
            found[each.path] = each
    for path, each in found.items():
        message = f"a volume does not become smaller: {each.claim.ref} keeps {each.live}."
        yield Notice(path, "rejected", message, f"Set it to {each.live}, or give a smaller volume another name.")


def explained(found: Mapping[Ref, Problem], planned: Planned, store: Store) -> dict[Ref, Problem]:
    """The problems of a pass; those of the stack's own claims that should have grown say what there is to do."""
    keys = {naming.sanitize(key): key for key in planned.plan.stack.spec.data}
    explained = dict(found)
    for ref, problem in found.items():
        manifest, live = planned.manifests.get(ref), store.get(ref)
        if ref.kind == VOLUME_CLAIM.kind and manifest is not None and live is not None:
            label = manifest["metadata"]["labels"].get(naming.LABEL_VOLUME)
            if is_larger(requested(manifest), live.summary.get("size")) and label in keys:
                explained[ref] = _not_expanded(path_of(SPEC, "data", keys[label], "size"), live, problem)
    return explained


def _not_expanded(path: FieldPath, claim: Record, problem: Problem) -> Problem:
    """Why a volume keeps its size, and what to do; a right that is missing and what passes by itself say it already."""
    if problem.transient or problem.reason == FORBIDDEN:
        return problem
    said = (
        f"{path}: {claim.ref} keeps {claim.summary.get('size')}. Set allowVolumeExpansion: true in its StorageClass if "
        f"the storage can expand volumes, or copy the data into a new volume. The API server says: {problem.message}"
    )
    return Problem("NotExpanded", bounded(said))


def _replica_claims(planned: Planned, owner_uid: str, store: Store) -> Iterator[ReplicaClaim]:
    """The claims of the stack's StatefulSets, of volumes that the definition still has."""
    stack = planned.plan.stack
    volumes = {naming.sanitize(key): key for key, data in stack.spec.data.items() if data.per_replica}
    if not volumes:
        return
    labelled = store.by_label(stack.namespace, naming.LABEL_STACK, stack.name)
    claims = [each for each in labelled if each.ref.kind == VOLUME_CLAIM.kind and not each.deleting]
    for ref, manifest in planned.manifests.items():
        workload = store.get(ref) if ref.kind == STATEFUL_SET.kind else None
        if workload is None or workload.owner_uid != owner_uid or workload.deleting:
            continue
        for template in manifest["spec"].get("volumeClaimTemplates") or ():
            name = template["metadata"]["name"]
            key = volumes.get(name)
            for claim in claims if key is not None else ():
                made_from = claim.ref.name.rpartition("-")[0] == f"{name}-{workload.ref.name}"
                if made_from and is_replicas_claim(claim, workload):
                    path, size = path_of(SPEC, "data", key or "", "size"), stack.spec.data[key or ""].size
                    yield ReplicaClaim(path, canonical(size), claim, workload)
