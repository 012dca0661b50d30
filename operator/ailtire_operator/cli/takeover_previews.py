"""What would become of the claims and Deployments that a definition names to be taken over: all of a stack, or none."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from ailtire_operator import naming
from ailtire_operator.cli.differences import Json, compare
from ailtire_operator.cli.dry_runs import DryRuns, with_known_owner
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.previews import Preview, Refusal
from ailtire_operator.cluster.changes import Change
from ailtire_operator.cluster.errors import ClusterError, NotFound
from ailtire_operator.cluster.kinds import DEPLOYMENT, POD, SERVICE, STACK, VOLUME_CLAIM, Manifest, Ref
from ailtire_operator.cluster.ownership import asks_to_adopt, is_orphan, is_ours
from ailtire_operator.cluster.store import Store, record_of
from ailtire_operator.cluster.taking_over import may_be_taken, missing, named, service_in_the_way, taking, writers
from ailtire_operator.cluster.template_changes import TemplateChange, template_changes
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.plan.adoption import adopted_claims, adopted_deployments
from ailtire_operator.plan.types import Plan
from ailtire_operator.status.text import listed

_NAMED = 5
"""Fields that a note names."""


@dataclass(frozen=True, slots=True)
class _Tried:
    """The object as it is and as it would be, or why it would be left as it is."""

    live: Json
    answer: Json
    refused: str = ""
    left: tuple[TemplateChange, ...] = ()
    """What its pods would have beyond those of a new Deployment."""


class TakeoverPreviews:
    """As the operator does it in ``reconcile.takeovers``, with the rights of whoever asks."""

    def __init__(self, cluster: Live, server: DryRuns, store: Store, found: Preview) -> None:
        self._cluster = cluster
        self._server = server
        self._store = store
        self._found = found

    async def show(self, changes: list[Change], made: Plan) -> list[Change]:
        """Note what would become of the objects that are named; gives back the changes of all else."""
        places = named(made.stack.namespace, adopted_claims(made), adopted_deployments(made))
        asked = asks_to_adopt(self._store.get(Ref(STACK.kind, made.stack.namespace, made.stack.root)))
        uid = made.stack.uid
        unknown = {
            each.ref: each.manifest
            for each in changes
            if each.ref in places and each.manifest
            if may_be_taken(each.manifest, self._store.get(each.ref), uid, self._store, adopting=asked)
        }
        tried = await asyncio.gather(*(self._try(ref, manifest, made) for ref, manifest in unknown.items()))
        found = {ref: each for ref, each in zip(unknown, tried, strict=True) if each is not None}
        others = [each for each in changes if each.ref not in found]
        for ref, each in found.items():
            if ref.kind == DEPLOYMENT.kind and not each.refused:
                found[ref] = replace(each, refused=await self._service_of(ref, others, asked))
        self._note(found, places, self._blocked(others, places, asked))
        await self._note_users([ref for ref in found if ref.kind == VOLUME_CLAIM.kind], made.stack.name)
        return others

    async def _try(self, ref: Ref, manifest: Manifest, made: Plan) -> _Tried | None:
        """None where there is nothing to take over: the stack would make a Deployment, or has it without its labels."""
        manifest = with_known_owner(manifest, made.stack.uid)
        try:
            live: Json = await self._cluster.connection.request("GET", ref.path)
            if is_ours(record_of(live), manifest, made.stack.uid):
                return None
            answer = await self._server.taken(ref, taking(manifest, live))
        except NotFound:
            return None if ref.kind == DEPLOYMENT.kind else _Tried({}, {}, missing(ref))
        except ClusterError as error:
            return _Tried({}, {}, str(error))
        left = await self._left(ref, manifest, answer) if ref.kind == DEPLOYMENT.kind else ()
        return _Tried(live, answer, left=left)

    async def _left(self, ref: Ref, manifest: Manifest, answer: Json) -> tuple[TemplateChange, ...]:
        """What others have set in its pods and what stays; empty where the API server does not say."""
        try:
            new = await self._server.new(ref, manifest)
        except ClusterError:
            return ()
        return template_changes(new["spec"]["template"], answer["spec"]["template"])

    async def _service_of(self, ref: Ref, changes: list[Change], asked: bool) -> str:
        """Why the Deployment would be left as it is for its Service; empty where nobody else has that."""
        change = next((each for each in changes if each.ref == replace(ref, kind=SERVICE.kind)), None)
        if change is None or change.manifest is None or change.action not in ("create", "foreign"):
            return ""
        record = change.record
        if record is None:
            try:
                record = record_of(await self._cluster.connection.request("GET", change.ref.path))
            except ClusterError:
                return ""  # nothing has the name, or what stands there is told of by its own preview
        if asked and is_orphan(record, change.manifest, self._store):
            return ""
        return service_in_the_way(change.ref)

    def _blocked(self, changes: list[Change], places: Collection[Ref], asked: bool) -> bool:
        """Whether one that is named has another owner, or has lost this stack, and does not become this one's."""
        return any(
            not (asked and is_orphan(each.record, each.manifest, self._store))
            for each in changes
            if each.ref in places and each.action == "foreign"
            if each.record is not None and each.manifest is not None
        )

    async def _note_users(self, named: Collection[Ref], stack: str) -> None:
        """Name the running pods of others that mount such a claim, as far as pods may be listed."""
        if not named:
            return
        try:
            pods = await self._cluster.list(POD)
        except ClusterError:
            return
        for ref in named:
            users = sorted(each["metadata"]["name"] for each in pods if _mounts(each, ref.name, stack))
            if users:
                self._found.notes.append(
                    f"{ref} is mounted by pods of others, which are to be stopped: {listed(users)}"
                )

    def _note(self, tried: Mapping[Ref, _Tried], places: Mapping[Ref, FieldPath], blocked: bool) -> None:
        for ref, each in tried.items():
            if each.refused:
                where = path_of(places[ref], "adopt")
                self._found.problems.append(Refusal(f"would not be taken over: {where}: {each.refused}", ref))
        together = not blocked and not any(each.refused for each in tried.values())
        for ref, each in tried.items():
            if each.refused:
                continue
            by = f", written by {listed(writers(each.live), 3)}" if writers(each.live) else ""
            if not together:
                self._found.notes.append(f"{ref} exists already{by}: it is taken over together with the others, or not")
                continue
            said = f"it would be taken over, and {_pods(each)}"
            self._found.notes.append(f"{ref} exists already{by}, and has no owner: {said}")
            if each.left:
                paths = listed([change.path for change in each.left], _NAMED)
                self._found.notes.append(f"{ref} keeps what others have set in its pods: {paths}")
            self._found.note(compare(ref, each.live, each.answer))


def _pods(tried: _Tried) -> str:
    """Whether pods are replaced for a takeover, and for which fields."""
    templates = [(each.get("spec") or {}).get("template") or {} for each in (tried.live, tried.answer)]
    if changes := template_changes(*templates):
        return f"its pods are replaced for {listed([each.path for each in changes], _NAMED)}"
    return "no pod is replaced for it"


def _mounts(pod: Json, claim: str, stack: str) -> bool:
    """Whether a pod that has not ended and is none of the stack's mounts the claim."""
    if (pod["metadata"].get("labels") or {}).get(naming.LABEL_STACK) == stack:
        return False
    if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return False
    volumes = pod["spec"].get("volumes") or ()
    return any((each.get("persistentVolumeClaim") or {}).get("claimName") == claim for each in volumes)
