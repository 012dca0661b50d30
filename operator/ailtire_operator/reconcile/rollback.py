"""The last good definitions of services that say what is to happen when an update fails, and what they are for.

A definition that has rolled out in full is kept as a ControllerRevision of the stack's: one for each such service. When
the next one fails, that is noted on it, and the plan then holds what ran before until somebody changes the definition.
So everything that matters is in the cluster: a restart of the operator finds it there and has nothing to write.

The first definition of a service is no update: there is nothing to go back to, nor any reason to stop.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.apply_result import ApplyOptions, ApplyResult
from ailtire_operator.cluster.errors import ClusterError
from ailtire_operator.cluster.kinds import CONTROLLER_REVISION, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.rollout import UpdateConfig
from ailtire_operator.plan.types import FailedUpdate, ServicePlan
from ailtire_operator.plan.workload.failed_updates import last_good, template_of
from ailtire_operator.reconcile.failed_updates import (
    FailureRecord,
    failed_updates,
    failure_record_of,
    has_failure_record,
    in_order,
)
from ailtire_operator.reconcile.mode import adopts
from ailtire_operator.reconcile.planner import Planned
from ailtire_operator.reconcile.pruning import owned
from ailtire_operator.reconcile.revision_index import RevisionIndex, is_of_a_tree, take_over
from ailtire_operator.reconcile.snapshot import StackSnapshot
from ailtire_operator.reconcile.unready_pods import UnreadyPods
from ailtire_operator.status.observed import Held, LiveObject, Problem
from ailtire_operator.status.updates import Pod, Update, is_complete, judge

_GRAIN: Final = 1.0
"""Seconds added to a pause: what a restart finds is stored in whole seconds, and must have passed in full."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of judging the updates of a stack."""

    changed: bool = False
    """Another plan is due."""
    again: float | None = None
    """Seconds after which time alone may change something."""
    refused: Sequence[ApplyResult] = ()
    """Last good definitions on which it could not be noted. What is not noted has no effect yet."""


@dataclass(slots=True)
class _Marks:
    """What has come of the marks of a stack's services so far."""

    changed: bool = False
    pauses: list[float] = field(default_factory=list)
    """Seconds."""
    refused: list[ApplyResult] = field(default_factory=list)


class Rollback:
    """Keeps, finds and marks last good definitions."""

    def __init__(self, store: Store, applier: Applier, unready: UnreadyPods) -> None:
        self._store = store
        self._applier = applier
        self._unready = unready
        self._kept = RevisionIndex(store, lambda record: not is_of_a_tree(record))
        self._templates: dict[str, Mapping[str, Any]] = {}
        """Pod templates that run again, by the uid of what keeps them: for as long as they do."""
        store.listeners.append(self._changed)

    def failed_updates(self, stack: Record) -> Mapping[str, FailedUpdate]:
        """The updates of the stack that have failed, as the plan asks for them; after ``load``."""
        kept = self._of_stack(stack)
        return failed_updates(kept, lambda record: self._templates.get(record.uid)) if kept else {}

    def held(self, stack: Record, services: Mapping[str, ServicePlan]) -> dict[str, Held]:
        """What there is to tell of updates that have failed, by the service's key."""
        found = {}
        for key, service in services.items():
            last = self._last(stack, service) if service.held else None
            failure = failure_record_of(last) if last else None
            if last is not None and failure is not None and service.held is not None:
                good = str(last.summary.get("image", "")), str(last.summary.get("template", ""))
                problem = Problem(failure.reason, failure.message)
                found[key] = Held(service.held, (failure.image, failure.template), good, problem)
        return found

    def without(self, stack: Record, services: Mapping[str, ServicePlan]) -> frozenset[str]:
        """Services (by key) that would be rolled back, had they ever run."""
        rolled = (service for service in services.values() if service.on_failure == "rollback")
        return frozenset(service.key for service in rolled if self._last(stack, service) is None)

    async def load(self, stack: Record) -> None:
        """Read the templates that are to run again. Raises ClusterError."""
        if adopts(stack, self._store):
            await self._adopt(stack)
        for record in self._marked(stack):
            if record.uid not in self._templates:
                found = await self._applier.read(record.ref, record.uid, stack.uid)
                if found is not None:
                    self._templates[record.uid] = template_of(found)

    async def _adopt(self, stack: Record) -> None:
        """Take over what is kept of the stack's services and has lost its owner: an update that failed stays failed."""
        for each in self._store.by_label(stack.ref.namespace, naming.LABEL_STACK, stack.ref.name):
            if each.owner_uid != stack.uid and _is_named_as_kept(each, stack.ref.name):
                service = {naming.LABEL_SERVICE: each.labels.get(naming.LABEL_SERVICE)}
                await take_over(self._applier, stack, each, service)

    async def judge(self, record: Record, planned: Planned) -> Judgement:
        """Mark what has failed by now, and unmark what is not wanted any more. Raises NotLeader.

        One service whose mark is refused keeps no other from being judged, nor the stack from being reconciled.
        """
        found = _Marks()
        snapshot: StackSnapshot | None = None
        for service in _watched(planned):
            last = self._last(record, service)
            if last is None or (not has_failure_record(last) and last.summary.get("template") == service.template_hash):
                continue
            if has_failure_record(last):
                await self._refresh(record, last, service, found)
                continue
            live = self._live(record, service, planned)
            if live is None:
                continue
            snapshot = snapshot or StackSnapshot(record, self._store)
            wanted = _wanted(service, live)
            pods = tuple(Pod(pod.summary, self._unready.seconds(pod)) for pod in snapshot.pod_records(service.key))
            verdict = judge(Update(service.update or UpdateConfig(), service.kind, wanted, live, pods))
            if verdict.failed is not None:
                kept = max(0, wanted - int(live.summary.get("updated", 0)))
                image = _image(planned, record, service)
                trouble = verdict.failed
                failure = FailureRecord(
                    service.template_hash, record.generation, image, trouble.reason, trouble.message, kept
                )
                await self._mark(record, last, failure, found)
            elif verdict.again is not None:
                found.pauses.append(verdict.again + _GRAIN)
        if found.changed:
            await self.load(record)
        return Judgement(found.changed, min(found.pauses, default=None), found.refused)

    async def keep(self, record: Record, planned: Planned) -> list[ApplyResult]:
        """Keep what has rolled out in full, and let go of what was kept before it. Raises NotLeader."""
        done: list[ApplyResult] = []
        for service in _watched(planned):
            last = self._last(record, service)
            if service.held is None and (last is None or last.summary.get("template") != service.template_hash):
                live = self._live(record, service, planned)
                if live is not None and is_complete(live, _wanted(service, live)):
                    revision = int(last.summary.get("revision", 0)) + 1 if last is not None else 1
                    workload = planned.manifests[_ref(record, service)]
                    stack = planned.plan.stack
                    kept = last_good(stack.name, service.key, workload, service.template_hash, revision)
                    options = ApplyOptions(adopt=adopts(record, self._store))
                    done.append(await self._applier.apply(owned(kept, stack), record.uid, options))
            done += [await self._applier.delete(old, record.uid) for old in self._of(record, service)[:-1]]
        return done

    async def _refresh(self, record: Record, last: Record, service: ServicePlan, found: "_Marks") -> None:
        """Bring a mark up to date."""
        failure = failure_record_of(last)
        current = failure.moved(service.template_hash, record.generation) if failure and service.held else None
        if current is None or current != failure:
            await self._mark(record, last, current, found)

    async def _mark(self, record: Record, last: Record, failure: FailureRecord | None, found: "_Marks") -> None:
        """Note a failure on a last good definition; None takes the note away."""
        text = None if failure is None else failure.text()
        try:
            await self._applier.annotate(last, record.uid, naming.ANNOTATION_FAILED_UPDATE, text)
        except ClusterError as error:
            found.refused.append(ApplyResult(last.ref, False, last, error, "none"))
        else:
            found.changed = True

    def _live(self, record: Record, service: ServicePlan, planned: Planned) -> LiveObject | None:
        """The service's workload, if it is as planned."""
        ref = _ref(record, service)
        manifest, live = planned.manifests.get(ref), self._store.get(ref)
        if manifest is None or live is None or live.owner_uid != record.uid or live.deleting:
            return None
        return LiveObject(live.generation, live.summary) if self._applier.in_sync(manifest) else None

    def _of_stack(self, stack: Record) -> Collection[Record]:
        return self._kept.of(stack)

    def _marked(self, stack: Record) -> list[Record]:
        return [record for record in self._of_stack(stack) if has_failure_record(record)]

    def _of(self, stack: Record, service: ServicePlan) -> Sequence[Record]:
        """What is kept of a service, the last one last."""
        label = naming.sanitize(service.key)
        kept = self._of_stack(stack)
        return in_order(each for each in kept if each.labels.get(naming.LABEL_SERVICE) == label)

    def _last(self, stack: Record, service: ServicePlan) -> Record | None:
        return next(reversed(self._of(stack, service)), None)

    def _changed(self, old: Record | None, new: Record | None) -> None:
        if old is not None and (new is None or not has_failure_record(new)):
            self._templates.pop(old.uid, None)


def _is_named_as_kept(record: Record, stack: str) -> bool:
    """Whether this is a ControllerRevision under the name that a last good definition with its labels would have."""
    key, template = record.labels.get(naming.LABEL_SERVICE), record.summary.get("template")
    if record.ref.kind != CONTROLLER_REVISION.kind or key is None or not isinstance(template, str):
        return False
    return record.ref.name == naming.last_good(stack, key, template)


def _watched(planned: Planned) -> Iterator[ServicePlan]:
    return (service for service in planned.plan.services.values() if service.on_failure is not None)


def _ref(record: Record, service: ServicePlan) -> Ref:
    return Ref(service.kind, record.ref.namespace, service.name)


def _wanted(service: ServicePlan, live: LiveObject) -> int:
    return int(live.summary.get("specReplicas", 0)) if service.replicas is None else service.replicas


def _image(planned: Planned, record: Record, service: ServicePlan) -> str:
    containers = planned.manifests[_ref(record, service)]["spec"]["template"]["spec"]["containers"]
    return str(containers[0]["image"])
