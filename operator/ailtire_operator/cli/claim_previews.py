"""What would become of the volume claims that a definition names to be taken over: all of a stack, or none of them."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ailtire_operator import naming
from ailtire_operator.cli.differences import Json, compare
from ailtire_operator.cli.dry_runs import DryRuns
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.previews import Preview, Refusal
from ailtire_operator.cluster.changes import Change
from ailtire_operator.cluster.errors import ClusterError, NotFound
from ailtire_operator.cluster.kinds import POD, STACK, VOLUME_CLAIM, Manifest, Ref
from ailtire_operator.cluster.ownership import asks_to_adopt, is_orphan, is_strange
from ailtire_operator.cluster.store import Store
from ailtire_operator.cluster.taking_over import taking, writers
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.plan.adoption import adopted_claims
from ailtire_operator.plan.types import Plan
from ailtire_operator.status.text import listed


@dataclass(frozen=True, slots=True)
class _Tried:
    """The claim as it is and as it would be, or why it would be left as it is."""

    live: Json
    answer: Json
    refused: str = ""


class ClaimPreviews:
    """As the operator does it in ``reconcile.takeovers``, with the rights of whoever asks."""

    def __init__(self, cluster: Live, server: DryRuns, store: Store, found: Preview) -> None:
        self._cluster = cluster
        self._server = server
        self._store = store
        self._found = found

    async def show(self, changes: list[Change], made: Plan) -> list[Change]:
        """Note what would become of the claims that are named; gives back the changes of all else."""
        places = adopted_claims(made)
        named = {
            each.ref: each.manifest
            for each in changes
            if each.ref.kind == VOLUME_CLAIM.kind and each.ref.name in places and each.manifest
            if is_strange(each.record, each.manifest, made.stack.uid, self._store)
        }
        if named:
            tried = await asyncio.gather(*(self._try(ref, manifest) for ref, manifest in named.items()))
            others = [each for each in changes if each.ref not in named]
            self._note(dict(zip(named, tried, strict=True)), places, self._blocked(others, places, made))
            await self._note_users(named, made.stack.name)
        return [each for each in changes if each.ref not in named]

    async def _try(self, ref: Ref, manifest: Manifest) -> _Tried:
        try:
            live: Json = await self._cluster.connection.request("GET", ref.path)
            return _Tried(live, await self._server.taken(ref, taking(manifest, live)))
        except NotFound:
            return _Tried({}, {}, f"there is no {ref} to take over")
        except ClusterError as error:
            return _Tried({}, {}, str(error))

    def _blocked(self, changes: list[Change], places: Mapping[str, FieldPath], made: Plan) -> bool:
        """Whether a claim that is named has another owner, or has lost this stack, and does not become this one's."""
        asked = asks_to_adopt(self._store.get(Ref(STACK.kind, made.stack.namespace, made.stack.root)))
        return any(
            not (asked and is_orphan(each.record, each.manifest, self._store))
            for each in changes
            if each.ref.kind == VOLUME_CLAIM.kind and each.ref.name in places and each.action == "foreign"
            if each.record is not None and each.manifest is not None
        )

    async def _note_users(self, named: Collection[Ref], stack: str) -> None:
        """Name the running pods of others that mount such a claim, as far as pods may be listed."""
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

    def _note(self, tried: Mapping[Ref, _Tried], places: Mapping[str, FieldPath], blocked: bool) -> None:
        for ref, each in tried.items():
            if each.refused:
                where = path_of(places[ref.name], "adopt")
                self._found.problems.append(Refusal(f"would not be taken over: {where}: {each.refused}", ref))
        together = not blocked and not any(each.refused for each in tried.values())
        for ref, each in tried.items():
            if each.refused:
                continue
            by = f", written by {listed(writers(each.live), 3)}" if writers(each.live) else ""
            if not together:
                self._found.notes.append(f"{ref} exists already{by}: it is taken over together with the others, or not")
                continue
            said = "it would be taken over, and no pod is replaced for it"
            self._found.notes.append(f"{ref} exists already{by}, and has no owner: {said}")
            self._found.note(compare(ref, each.live, each.answer))


def _mounts(pod: Json, claim: str, stack: str) -> bool:
    """Whether a pod that has not ended and is none of the stack's mounts the claim."""
    if (pod["metadata"].get("labels") or {}).get(naming.LABEL_STACK) == stack:
        return False
    if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return False
    volumes = pod["spec"].get("volumes") or ()
    return any((each.get("persistentVolumeClaim") or {}).get("claimName") == claim for each in volumes)
