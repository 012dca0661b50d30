"""A pass over a stack without a cluster: the real store and decisions, and a stand-in for our own seam, the applier.

What the real applier does is for the cluster tests; here the answers come at once, and are what the test wants.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cluster.apply_result import DEFAULT_OPTIONS, ApplyOptions, ApplyResult, Rehearsal
from ailtire_operator.cluster.changes import lets_go_of_replicas
from ailtire_operator.cluster.connection import Account
from ailtire_operator.cluster.errors import ClusterError, Foreign, NotFound, NotGone
from ailtire_operator.cluster.kinds import STACK, Manifest, Ref
from ailtire_operator.cluster.managed_fields import desired_projection, fingerprint
from ailtire_operator.cluster.ownership import waits_for
from ailtire_operator.cluster.store import Record, Store, record_of
from ailtire_operator.cluster.taking_over import missing, taking
from ailtire_operator.plan.types import Node
from ailtire_operator.reconcile.assembly import ClusterAccess, assemble
from ailtire_operator.reconcile.planner import Features
from ailtire_operator.reconcile.queue import Outcome, Priority, Request
from ailtire_operator.reconcile.reconciler import Key
from ailtire_operator.reconcile.snapshot import PassResult
from support.definitions.stacks import SETTINGS, open_nodes
from support.fake_cluster.records import change, new_uid, pod, put, stack

MOST_PODS = 10
"""Of one workload of a test."""


class Cluster:
    """Takes what it is given into the store, at once, and says no where told to."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.refuses: dict[str, ClusterError] = {}
        self.finalizers: dict[str, str] = {}
        """What holds the object of a name when it is deleted."""
        self.journal: list[str] = []
        self.manifests: dict[Ref, Manifest] = {}
        self.strangers: dict[Ref, Manifest] = {}
        """Objects of others, which no watch brings."""
        self._hashes: dict[Ref, str] = {}

    def acting_as(self, account: Account | None) -> "Cluster":
        """Nobody's rights are asked for here."""
        return self

    def in_sync(self, manifest: Manifest) -> bool:
        """Whether the manifest was the last one applied."""
        ref = Ref.of(manifest)
        record = self.store.get(ref)
        return record is not None and self._hashes.get(ref) == fingerprint(desired_projection(manifest))

    def overridden(self, ref: Ref) -> bool:
        """Never: nobody overrides anything here."""
        return False

    async def apply(self, manifest: Manifest, owner_uid: str, options: ApplyOptions = DEFAULT_OPTIONS) -> ApplyResult:
        """Put the manifest into the store as a live object, or refuse it."""
        ref = Ref.of(manifest)
        await asyncio.sleep(0)
        if (error := self.refuses.get(f"apply {ref}")) is not None:
            return ApplyResult(ref, False, None, error, "none")
        known = self.store.get(ref)
        stranger = self.strangers.get(ref)
        if stranger is not None and known is None and not options.take:
            return ApplyResult(ref, False, record_of(stranger), Foreign(f"{ref} exists already"), "foreign")
        if known is None and options.must_exist:
            return ApplyResult(ref, False, None, Foreign(missing(ref)), "foreign")
        if known is not None and known.deleting:
            return ApplyResult(ref, False, known, NotGone(waits_for(known)), "none")
        replicas = None if known is None else lets_go_of_replicas(manifest, known, autoscaled=options.autoscaled)
        if replicas is not None:
            self.journal.append(f"hand over {replicas} {ref}")
        self.strangers.pop(ref, None)
        self.journal.append(f"apply {ref}")
        self.manifests[ref] = manifest
        self._hashes[ref] = fingerprint(desired_projection(manifest))
        references = manifest["metadata"].get("ownerReferences")
        content = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind", "metadata")}
        if known is not None and ref.kind == STACK.kind:
            content["status"] = known.summary.get("status")  # it is a subresource: no apply of the object changes it
        record = put(
            self.store,
            ref.kind,
            ref.name,
            labels=manifest["metadata"].get("labels"),
            annotations=manifest["metadata"].get("annotations"),
            references=references,
            generation=known.generation + 1 if known else 1,
            **content,
        )
        record.owned_hash = self._hashes[ref]
        return ApplyResult(ref, True, record, None, "update", adopted=options.take and stranger is not None)

    async def rehearse(self, manifest: Manifest, owner_uid: str) -> Rehearsal:
        """Whether an object of others may be taken over, or what the API server would say."""
        ref = Ref.of(manifest)
        self.journal.append(f"rehearse {ref}")
        obj = self.strangers.get(ref)
        if obj is None:
            return Rehearsal(None, NotFound("gone", status=404))
        try:
            taking(manifest, obj)
        except ClusterError as error:
            return Rehearsal(obj, error)
        return Rehearsal(obj, self.refuses.get(f"rehearse {ref}"))

    async def take_claim(self, manifest: Manifest, owner_uid: str, obj: Manifest) -> ApplyResult:
        """Put the claim into the store as the stack's, or refuse it."""
        if (error := self.refuses.get(f"take {Ref.of(manifest)}")) is not None:
            raise error
        self.journal.append(f"take {Ref.of(manifest)} in version {obj['metadata']['resourceVersion']}")
        return await self.apply(manifest, owner_uid, ApplyOptions(take=True))

    async def expand(self, claim: Record, workload: Record, owner_uid: str, size: str) -> ApplyResult:
        """Give the claim the size, or refuse to."""
        if (error := self.refuses.get(f"expand {claim.ref}")) is not None:
            self.journal.append(f"expand {claim.ref} in vain")
            return ApplyResult(claim.ref, False, claim, error, "none")
        self.journal.append(f"expand {claim.ref} to {size}")
        change(self.store, claim, summary={**claim.summary, "size": size})
        return ApplyResult(claim.ref, True, claim, None, "update")

    async def adopt(self, manifest: Manifest, owner_uid: str) -> None:
        """Take note, or refuse to."""
        if (error := self.refuses.get(f"adopt {Ref.of(manifest)}")) is not None:
            raise error
        self.journal.append(f"adopt {Ref.of(manifest)}")

    async def delete(self, record: Record, owner_uid: str) -> ApplyResult:
        """Take the object out of the store, mark it where a finalizer holds it, or refuse to."""
        ref = record.ref
        await asyncio.sleep(0)
        if (error := self.refuses.get(f"delete {ref}")) is not None:
            return ApplyResult(ref, False, None, error, "none")
        self.journal.append(f"delete {ref}")
        known = self.store.get(ref)
        if known is not None and str(ref) in self.finalizers:
            held = change(self.store, known, deleting=True, finalizers=(self.finalizers[str(ref)],))
            return ApplyResult(ref, True, held, None, "delete")
        self.store.remove(ref, record.uid)
        return ApplyResult(ref, True, None, None, "delete")

    def let_go(self, ref: Ref) -> None:
        """The finalizer is taken away, and with it the object."""
        self.finalizers.pop(str(ref))
        record = self.store.get(ref)
        assert record is not None
        self.store.remove(ref, record.uid, record.resource_version)

    async def remove_extra(self, record: Record, owner_uid: str, pointers: list[str]) -> None:
        """Take note."""
        self.journal.append(f"remove {','.join(pointers)} {record.ref}")

    async def write_status(self, ref: Ref, uid: str, status: dict[str, Any], *, first: bool = False) -> None:
        """Put the status into the store, or refuse it."""
        if (error := self.refuses.get(f"status {ref}")) is not None:
            raise error
        self.journal.append(f"status {ref}")
        record = self.store.get(ref)
        assert record is not None
        record.summary = {**record.summary, "status": status}

    async def read(self, ref: Ref, uid: str, owner_uid: str) -> Manifest | None:
        """What was applied last."""
        return self.manifests.get(ref)

    async def annotate(self, record: Record, owner_uid: str, name: str, value: str | None) -> None:
        """Put the annotation into the store, or refuse it."""
        ref = record.ref
        if (error := self.refuses.get(f"annotate {ref}")) is not None:
            raise error
        self.journal.append(f"{'mark' if value else 'unmark'} {ref}")
        known = self.store.get(ref)
        assert known is not None
        field = {naming.ANNOTATION_FAILED_UPDATE: "failed", naming.ANNOTATION_TREE_UPDATE: "update"}[name]
        change(self.store, known, summary={**known.summary, field: value})

    async def event(self, ref: Ref, uid: str, *, reason: str, message: str, warning: bool = False) -> None:
        """Take note."""
        self.journal.append(f"event {reason} {ref}")


class World:
    """A store, the stand-in and everything that decides."""

    def __init__(self) -> None:
        self.store = Store()
        self.cluster = Cluster(self.store)
        self.queued: list[tuple[str, float]] = []
        self.woken: list[str] = []
        self.failures = 0
        self.time = 1000.0
        self.explanations: list[str] = []
        self.answer: tuple[str, str] | None = None
        self.followed: list[str] = []
        """Objects of others that no watch brings."""
        self.synced = False
        self.server_time = 0.0
        """How far the API server's clock is before that of the operator, in seconds."""
        self.nodes: tuple[Node, ...] | None = open_nodes(1)
        self.looks_at_nodes = 0
        self.features = Features()
        self.claims: list[Manifest] = []
        """Volume claims that no watch brings: those of others."""
        applier: Any = self.cluster
        queue: Any = _Queue(self)
        assembly = assemble(self.store, applier, queue, SETTINGS, self._surroundings())
        self.definitions, self.planner, self.ancestry = assembly.definitions, assembly.planner, assembly.ancestry
        self.executor, self.reconciler = assembly.executor, assembly.reconciler
        self.foreign_objects, self.sessions = assembly.foreign_objects, assembly.sessions
        self._generation = 0

    def _surroundings(self) -> ClusterAccess:
        def wake(record: Record) -> None:
            self.woken.append(record.ref.name)

        return ClusterAccess(
            features=lambda: self.features,
            synced=lambda: self.synced,
            server_time=lambda: self.time + self.server_time,
            nodes=self._look_at_nodes,
            claims=self._volume_claims,
            warning=self._explain,
            until_changed=self._until_changed,
            wake=wake,
            wake_soon=wake,
            clock=lambda: self.time,
            now=self._now,
        )

    async def _look_at_nodes(self) -> tuple[Node, ...] | None:
        self.looks_at_nodes += 1
        return self.nodes

    async def _until_changed(self, record: Record) -> None:
        """Nothing changes that the store does not know."""
        self.followed.append(str(record.ref))
        await asyncio.Event().wait()

    async def _volume_claims(self, namespace: str) -> list[Manifest]:
        return self.claims

    def write(self, spec: dict[str, Any], name: str = "shop", **fields: Any) -> Record:
        """A person writes a stack."""
        self._generation += 1
        old = self.store.get(Ref("AiltireStack", "prod", name))
        status = {"status": old.summary["status"]} if old is not None else {}
        return stack(self.store, name, spec, generation=self._generation, **{**status, **fields})

    def execute(self, record: Record, *, retry_refused: bool = True) -> PassResult:
        """One pass."""
        self.cluster.journal.clear()
        return asyncio.run(self.executor.execute(record, self.definitions.stack(record), retry_refused=retry_refused))

    def reconcile(self, name: str = "shop", *, retry_refused: bool = True) -> Outcome:
        """One look, from the store to the status."""
        self.cluster.journal.clear()
        self.queued.clear()
        return asyncio.run(self.reconciler.reconcile(Request(("prod", name), retry_refused)))

    def conditions(self, name: str = "shop") -> dict[str, tuple[str, str]]:
        """The conditions of a stack: truth and reason."""
        return {each["type"]: (each["status"], each["reason"]) for each in self.status(name).get("conditions") or ()}

    def status(self, name: str = "shop") -> dict[str, Any]:
        """The status of a stack."""
        record = self.store.get(Ref("AiltireStack", "prod", name))
        assert record is not None
        status: dict[str, Any] = record.summary["status"]
        return status

    def roll_out(self) -> None:
        """Let every workload get ready, as its controller would."""
        for kind in ("Deployment", "StatefulSet"):
            for record in self.store.of_kind(kind):
                count = record.summary.get("specReplicas", 1)
                counts = dict.fromkeys(("replicas", "updated", "ready", "available"), count)
                record.summary = {**record.summary, **counts, "observedGeneration": record.generation}
                self._run_pods(record, count)

    def _run_pods(self, workload: Record, count: int) -> None:
        """So many pods of a workload, all of them ready; others that its service has stay."""
        stack, service = (workload.labels.get(each) for each in (naming.LABEL_STACK, naming.LABEL_SERVICE))
        for number in range(MOST_PODS):
            name = f"{workload.ref.name}-ready-{number}"
            known = self.store.get(Ref("Pod", workload.ref.namespace, name))
            if number < count and known is None and stack is not None:
                pod(self.store, stack, service, name, uid=new_uid())
            elif number >= count and known is not None:
                self.store.remove(known.ref, known.uid)

    def _now(self) -> str:
        return datetime.fromtimestamp(self.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    async def _explain(self, ref: Ref, uid: str) -> tuple[str, str] | None:
        self.explanations.append(str(ref))
        return self.answer


class _Queue:
    """Remembers what it is asked for; how often something failed is up to the test."""

    def __init__(self, world: World) -> None:
        self._world = world

    def add(self, key: Key, priority: Priority, delay: float = 0.0) -> None:
        self._world.queued.append((key[1], round(delay, 3)))

    def forget(self, key: Key) -> None:
        self._world.queued.append((f"forget {key[1]}", 0))

    def failures(self, key: Key) -> int:
        return self._world.failures
