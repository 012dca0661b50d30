"""What applying definitions would change in a cluster, asked of the cluster itself: reads and dry runs, no write.

The operator's own plan, rules and comparison decide what it would write; the API server says what would become of it.
"""

import asyncio
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from ailtire_operator import naming
from ailtire_operator.cli import shared_hosts
from ailtire_operator.cli.definitions import Definition, Definitions, known_templates
from ailtire_operator.cli.differences import (
    Json,
    compare,
    without_bookkeeping,
)
from ailtire_operator.cli.dry_runs import DryRuns
from ailtire_operator.cli.held_back import HeldBackPreview, in_sync
from ailtire_operator.cli.impact_lines import refusal_of
from ailtire_operator.cli.impact_previews import ImpactPreview
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.object_previews import ObjectPreviews
from ailtire_operator.cli.previews import Preview, Refusal
from ailtire_operator.cli.settings import environment_settings, running_pod_fields, running_settings
from ailtire_operator.cli.takeover_previews import TakeoverPreviews
from ailtire_operator.cli.tree_impacts import Templates, Verdict
from ailtire_operator.cli.trees import place_of, spec_of
from ailtire_operator.cluster import discovery
from ailtire_operator.cluster.changes import Change
from ailtire_operator.cluster.errors import ClusterError, NotFound
from ailtire_operator.cluster.kinds import CONTROLLER_REVISION, HTTP_ROUTE, OWNED_KINDS, POD, STACK, Kind, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.stack import Stack, StackSpec
from ailtire_operator.model.templates import is_template
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Manifest, Observed, Plan
from ailtire_operator.plan.workload.failed_updates import template_of
from ailtire_operator.reconcile import changes
from ailtire_operator.reconcile.failed_updates import failed_updates
from ailtire_operator.reconcile.gateway_facts import GatewayFacts
from ailtire_operator.reconcile.plan_inputs import JobNodes, MemberAddresses, with_own_objects
from ailtire_operator.reconcile.planner import Planned, manifests_of
from ailtire_operator.reconcile.pruning import PruneGate
from ailtire_operator.reconcile.volume_growth import growing


class Previewer:
    """One namespace. ``load`` first."""

    def __init__(self, cluster: Live, manager: str) -> None:
        self.found = Preview()
        self._cluster = cluster
        self._server = DryRuns(cluster, manager)
        self._store = Store()
        self._gateways = GatewayFacts(self._store, time.monotonic)
        self._held_back = HeldBackPreview(self._store, self._planned_now)
        self._live: dict[Ref, Json] = {}
        self._settings = environment_settings()
        self._features = Observed()
        self._templates: dict[str, StackSpec] = {}
        self._nodes = JobNodes(partial(discovery.open_nodes, cluster.connection), time.monotonic)
        self._written_stacks: list[Json] = []
        """Roots and templates as they would be."""
        self._planned: dict[str, Planned] = {}
        """The plan of each stack, by its name."""
        self._unshown: set[str] = set()
        """The roots of trees of which no object is shown."""
        self._gone: dict[Ref, Record] = {}
        """What goes, by its name, which something else may take."""
        self._objects = ObjectPreviews(cluster, self._server, self._store, self._live, self.found)

    async def load(self, *, asking: bool = True) -> None:
        """Read everything that the operator looks at.

        Which fields of pods the API server keeps it says to a dry run alone; without ``asking`` it is taken from what
        runs, so that nothing but reads is sent.
        """
        await self._cluster.require_kind()
        served = await discovery.served(self._cluster.connection, [HTTP_ROUTE])
        kinds = [kind for kind in (*OWNED_KINDS, POD) if not kind.optional or kind in served]
        for objects in await asyncio.gather(*(self._read(kind) for kind in kinds)):
            for obj in objects:
                self._live[Ref.of(obj)] = obj
                self._store.put(obj)
        self._templates = known_templates(self._stacks())
        self._settings = running_settings(self._live.values())
        kept = running_pod_fields(self._live.values())
        if asking:
            kept = await discovery.pod_fields(self._cluster.connection, self._cluster.namespace)
        self._features = Observed(
            stop_signal=kept.stop_signal,
            hostname_override=kept.hostname_override,
            resource_claims=kept.resource_claims,
            http_routes=HTTP_ROUTE in served,
        )

    async def planned(self, stack: Stack) -> Planned:
        """The plan of a stack as the operator makes it now. Raises InvalidStack."""
        await self._nodes.refresh(stack)
        return self._planned_now(stack)

    def present(self, stack: Stack, planned: Planned) -> list[Json]:
        """What a stack owns, and what else is there of its plan (a retained volume has no owner), as it was read."""
        owned = [each.ref for each in self._store.owned_by(stack.namespace, stack.uid)]
        return [self._live[ref] for ref in dict.fromkeys([*owned, *planned.manifests]) if ref in self._live]

    @property
    def templates(self) -> Mapping[str, StackSpec]:
        """Those of the cluster; once it has run, with those of the input."""
        return self._templates

    async def run(self, definitions: Definitions, shown_trees: int) -> None:
        """Look at all stacks of the input, and at those of the cluster that use a template of it.

        ``shown_trees``: of how many of the latter the API server is asked for each object.
        """
        given = [*definitions.templates, *definitions.roots]
        written = {each.stack.name: stack for each in given if (stack := await self._written(each)) is not None}
        changed = ImpactPreview(self._stacks(), self._written_stacks)
        self._templates = changed.after
        for definition in definitions.roots:
            if (stack := written.get(definition.stack.name)) is not None:
                await self._tree(stack, definition)
        names = {each.stack.name for each in given}
        self._weigh(changed, names)
        changing = {each.root for each in self.found.impacts if each.changes}
        followers = [each for each in self._running_roots() if each.name in changed.used and each.name not in names]
        followers.sort(key=lambda stack: (stack.name not in changing, stack.name))
        for index, stack in enumerate(followers):
            await self._tree(stack, None, shown=index < shown_trees)
        self._hold_back([*(each.stack.name for each in definitions.roots), *(each.name for each in followers)])
        for ref in self._gone:
            self._note_gone(ref)
        self.found.notes += await shared_hosts.notes(self._cluster, self._objects.edges)
        if self._nodes.known is None:
            self.found.notes.append("nodes may not be listed, so a new job of mode globalJob is shown for one node")

    def _stacks(self) -> list[Json]:
        return [obj for ref, obj in self._live.items() if ref.kind == STACK.kind]

    def _weigh(self, changed: ImpactPreview, given: Collection[str]) -> None:
        """Note what becomes of each tree that uses a template of the input, and which others become invalid."""
        self.found.impacts += changed.impacts(self._bare_plan)
        for each in self.found.impacts:
            if each.root not in given and each.verdict is Verdict.INVALID:
                self.found.problems.append(Refusal(refusal_of(each), f"{naming.KIND} {each.root}"))

    def _bare_plan(self, stack: Stack, templates: Templates) -> Plan:
        """The plan of a stack without what it has in the cluster. Raises InvalidStack."""
        return plan(stack, self._settings, replace(self._features, templates=templates, nodes=self._nodes.known))

    def _hold_back(self, names: Iterable[str]) -> None:
        roots = [Ref(STACK.kind, self._cluster.namespace, name) for name in names if name not in self._unshown]
        held = self._held_back.reasons(self._written_stacks, roots, self._planned)
        self.found.changes = [replace(each, held=held.get(each.ref, "")) for each in self.found.changes]

    def _note_gone(self, ref: Ref) -> None:
        root = (self._live[ref]["metadata"].get("labels") or {}).get(naming.LABEL_ROOT, "")
        if root in self._unshown:
            self.found.unshown[ref.namespace, root] += 1
        else:
            self.found.note(compare(ref, self._live[ref], None))

    async def _read(self, kind: Kind) -> list[Json]:
        try:
            return await self._cluster.list(kind, kind.selector)
        except NotFound:
            return []

    async def _written(self, definition: Definition) -> Stack | None:
        """What the API server would make of a stack that somebody applies; None if it refuses."""
        namespace, name = self._cluster.namespace, definition.stack.name
        wanted = without_bookkeeping(definition.resource)
        wanted["metadata"]["namespace"] = namespace
        ref = Ref(STACK.kind, namespace, name)
        live = self._live.get(ref)
        try:
            answer = await self._server.written(ref, live, wanted)
            stack = parse_stack(answer)
        except (ClusterError, InvalidStack) as error:
            self.found.problems.append(Refusal(str(error), definition))
            return None
        self.found.note(compare(ref, live, answer))
        self._written_stacks.append(answer)
        return stack if live is not None else stack.model_copy(update={"uid": ""})

    async def _tree(self, root: Stack, about: Definition | None, *, shown: bool = True) -> None:
        """All stacks of a tree; ``about`` is None where only the cluster has it: its errors are weighed before."""
        if not shown:
            self._unshown.add(root.name)
        waiting = [root]
        while waiting:
            stack = waiting.pop()
            if stack.spec.suspend and not shown:
                continue
            if stack.spec.suspend:
                self.found.notes.append(f"{stack.name} is suspended: nothing in it or below it would change")
                continue
            try:
                await self._nodes.refresh(stack)
                planned = self._planned[stack.name] = self._planned_now(stack)
            except InvalidStack as error:
                self.found.problems += [Refusal(f"{stack.name}: {error}", about)] if about else []
                continue
            made, manifests = planned.plan, planned.manifests
            found = self._changes(stack, made, manifests)
            if shown:
                self._note_left_alone(planned, stack)
                takeovers = TakeoverPreviews(self._cluster, self._server, self._store, self.found)
                found = await takeovers.show(found, made)
                await asyncio.gather(*(self._objects.show(each, stack) for each in found))
            else:
                self._objects.count(found, root)
            waiting += [self._child(each) for each in manifests.values() if each["kind"] == naming.KIND]

    def _note_left_alone(self, planned: Planned, stack: Stack) -> None:
        for child in planned.plan.children.values():
            if child.problem or child.missing:
                why = child.problem or f"there is no template '{child.missing}'"
                self.found.notes.append(f"{stack.name}: the stack '{child.key}' would be left as it is: {why}")
        for each in growing(planned, stack.uid, self._store) if stack.uid else ():
            self.found.notes.append(
                f"{stack.name}: {each.claim.ref} would change its size from {each.live} to {each.size}"
            )

    def _planned_now(self, stack: Stack) -> Planned:
        """The plan of a stack with what is known by now. Raises InvalidStack."""
        kept = [
            each
            for each in self._store.owned_by(stack.namespace, stack.uid)
            if each.ref.kind == CONTROLLER_REVISION.kind
        ]
        failed = failed_updates(kept, lambda record: template_of(self._live[record.ref]))
        observed = replace(
            self._features,
            addresses=MemberAddresses(self._store, stack.namespace),
            templates=self._templates,
            nodes=self._nodes.known,
            failed_updates=failed,
            gateway=self._gateways.observe(stack),
        )
        made = plan(stack, self._settings, with_own_objects(observed, self._store, stack.namespace, stack.uid))
        return Planned(made, manifests_of(made, self._store), None)

    def _child(self, manifest: Manifest) -> Stack:
        record = self._store.get(Ref.of(manifest))
        owner = manifest["metadata"]["ownerReferences"][0]["uid"]
        uid = record.uid if record is not None and owner and record.owner_uid == owner else ""
        return parse_stack(manifest).model_copy(update={"uid": uid})

    def _changes(self, stack: Stack, made: Plan, manifests: Mapping[Ref, Manifest]) -> list[Change]:
        """What the operator would do about each object of the plan; what would go is noted for all stacks together."""
        present = list(self._store.owned_by(stack.namespace, stack.uid)) if stack.uid else []
        going = changes.room(made, manifests, present)
        going += changes.unwanted(made, manifests, present, PruneGate(True, 0), settled=True)
        self._gone |= self._with_all_below(each.record for each in going if each.record is not None)
        found = changes.planned_objects(
            manifests,
            self._store.get,
            stack.uid,
            settled=lambda ref: in_sync(manifests[ref], self._store),
            gone=self._gone.keys(),
        )
        listed = list(found)
        for each in listed:
            self._gone.pop(each.ref, None)
        return listed

    def _with_all_below(self, records: Iterable[Record]) -> dict[Ref, Record]:
        """What the garbage collector takes along with a stack."""
        found, waiting = dict[Ref, Record](), list(records)
        while waiting:
            record = waiting.pop()
            if record.ref.kind == STACK.kind and record.ref not in found:
                owned = self._store.owned_by(record.ref.namespace, record.uid)
                waiting += [each for each in owned if each.ref.kind != "Pod"]
            found[record.ref] = record
        return found

    def _running_roots(self) -> Iterator[Stack]:
        for ref, obj in self._live.items():
            if ref.kind == STACK.kind and not place_of(obj) and not is_template(spec_of(obj)):
                try:
                    yield parse_stack(obj)
                except InvalidStack:
                    continue  # the operator does not act upon it either
