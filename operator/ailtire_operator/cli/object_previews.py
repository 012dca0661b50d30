"""What would become of one object: a dry run by the API server, as the operator would send it."""

from collections.abc import Iterable, Mapping

from ailtire_operator.cli import shared_hosts
from ailtire_operator.cli.differences import Json, compare
from ailtire_operator.cli.dry_runs import DryRuns, with_known_owner
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.previews import Preview, Refusal
from ailtire_operator.cluster import ownership
from ailtire_operator.cluster.adoption import way_back, without_owner
from ailtire_operator.cluster.changes import Change
from ailtire_operator.cluster.errors import ClusterError, Foreign, NotFound
from ailtire_operator.cluster.kinds import STACK, Manifest, Ref
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.model.stack import Stack


class ObjectPreviews:
    """The objects of one namespace; what is found is added to the preview."""

    def __init__(self, cluster: Live, server: DryRuns, store: Store, live: Mapping[Ref, Json], found: Preview) -> None:
        self._cluster = cluster
        self._server = server
        self._store = store
        self._live = live
        self._found = found
        self.edges: list[Json] = []
        """Ingresses and HTTPRoutes as they would be, where they would change."""

    async def show(self, change: Change, stack: Stack) -> None:
        """Note what would become of an object of this stack, as far as anything would."""
        try:
            await self._show(change, stack)
        except ClusterError as error:
            self._found.problems.append(Refusal(str(error), change.ref))

    def count(self, changes: Iterable[Change], root: Stack) -> None:
        """Count what would change in a tree of which no object is shown, without a request; refusals are named."""
        for each in changes:
            if each.action == "refused":
                self._found.problems.append(_refusal(each))
            elif not each.is_none and each.action not in ("foreign", "leaving"):
                self._found.unshown[root.namespace, root.name] += 1

    async def _show(self, change: Change, stack: Stack) -> None:
        ref, manifest, record = change.ref, change.manifest, change.record
        if change.is_none or manifest is None:
            return
        if record is None:
            await self._new(ref, manifest, stack)
            return
        match change.action:
            case "replace":
                await self._anew(ref, with_known_owner(manifest, stack.uid))
            case "foreign":
                await self._other(record, manifest, stack)
            case "leaving":
                self._found.notes.append(f"{ref} is being deleted, and is made anew when it has gone")
            case "refused":
                self._found.problems.append(_refusal(change))
            case _:
                await self._existing(record, manifest, change.replicas)

    async def _new(self, ref: Ref, manifest: Manifest, stack: Stack) -> None:
        # Without our labels it is in no list of ours, and may be there all the same.
        try:
            foreign = await self._cluster.connection.request("GET", ref.path)
        except NotFound:
            answer = self._edge(await self._server.applied(ref, with_known_owner(manifest, stack.uid), {}))
            self._found.note(compare(ref, None, answer))
        else:
            managers = [entry["manager"] for entry in foreign["metadata"].get("managedFields") or ()]
            self._in_the_way(ref, f"was not made by this stack but by {managers[0] if managers else 'somebody else'}")

    async def _other(self, record: Record, manifest: Manifest, stack: Stack) -> None:
        live = self._live[record.ref]
        try:
            await without_owner(record, manifest, stack.uid, self._store, self._cluster.connection, live)
        except Foreign as error:
            self._found.notes.append(f"{error}: it would be left as it is")
            return
        asked = ownership.asks_to_adopt(self._store.get(Ref(STACK.kind, stack.namespace, stack.root)))
        future = "would be taken over" if asked else f"would be left as it is; {way_back(manifest)}"
        self._found.notes.append(f"{record.ref} exists already and has no owner: it {future}")

    def _in_the_way(self, ref: Ref, holder: str) -> None:
        self._found.notes.append(f"{ref} exists already and {holder}: it would be left as it is")

    async def _existing(self, record: Record, manifest: Manifest, replicas: int | None) -> None:
        """An object that is changed in place; ``replicas`` are handed over to the autoscaler as they are."""
        live = self._live[record.ref]
        answer = self._edge(await self._server.applied(record.ref, manifest, live))
        if replicas is not None:
            answer["spec"]["replicas"] = replicas
        self._found.note(compare(record.ref, live, answer))

    async def _anew(self, ref: Ref, manifest: Manifest) -> None:
        """An object that gives way to another of its name."""
        self._found.note(compare(ref, self._live[ref], await self._server.new(ref, manifest), replaced=True))

    def _edge(self, answer: Json) -> Json:
        """Keep what becomes of an Ingress or HTTPRoute, whose hosts others may have."""
        self.edges += [answer] if answer["kind"] in (kind.kind for kind in shared_hosts.EDGES) else []
        return answer


def _refusal(change: Change) -> Refusal:
    return Refusal(f"refused by the operator: {change.why}", change.ref)
