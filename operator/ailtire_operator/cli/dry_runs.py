"""What the API server would make of an object, by dry runs: nothing is written."""

from dataclasses import replace
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cli.differences import Json, applying_manager, three_way_patch
from ailtire_operator.cli.live import Live
from ailtire_operator.cluster.connection import APPLY
from ailtire_operator.cluster.kinds import ENDPOINT_SLICE, STACK, Manifest, Ref

_MERGE: Final = "application/merge-patch+json"
_MERGED: Final = ("labels", "annotations")


class DryRuns:
    """Asks as a person who applies files, in the name of ``manager``, and as the operator."""

    def __init__(self, cluster: Live, manager: str) -> None:
        self._cluster = cluster
        self._manager = manager

    async def written(self, ref: Ref, live: Json | None, wanted: Json) -> Json:
        """What a stack would be once somebody has applied it, as it was applied before."""
        manager = self._manager if live is None else applying_manager(live, self._manager)
        if live is not None and manager is None:
            params = {"dryRun": "All", "fieldManager": self._manager, "fieldValidation": "Strict"}
            patch = three_way_patch(live, wanted)
            return await self._cluster.connection.request(
                "PATCH", ref.path, params=params, body=patch, content_type=_MERGE
            )
        return await self._apply(ref, wanted, manager or self._manager)

    async def applied(self, ref: Ref, manifest: Manifest, live: Json) -> Json:
        """What would become of an object that the operator applies.

        Two kinds only the operator may write, in a dry run too: a child with its place, and the addresses of a zone.
        But both are nobody else's and have no defaults that their manifests leave out: they become what those say.
        """
        if ref.kind not in (STACK.kind, ENDPOINT_SLICE.kind):
            return await self._apply(ref, manifest, naming.FIELD_MANAGER)
        metadata = live.get("metadata") or {}
        merged = {key: {**(metadata.get(key) or {}), **(manifest["metadata"].get(key) or {})} for key in _MERGED}
        return {**live, **manifest, "metadata": {**metadata, **manifest["metadata"], **merged}}

    async def taken(self, ref: Ref, body: Manifest) -> Json:
        """What would become of an object of somebody else that the operator takes over by this body."""
        return await self._apply(ref, body, naming.FIELD_MANAGER)

    async def new(self, ref: Ref, manifest: Manifest) -> Json:
        """What would become of an object that is made anew where one has the name.

        The server can only be asked for it under a free name.
        """
        name = f"ailtire-diff-{naming.digest(ref.name)}"
        stand_in = {**manifest, "metadata": {**manifest["metadata"], "name": name}}
        answer = await self.applied(replace(ref, name=name), stand_in, {})
        answer["metadata"]["name"] = ref.name
        return answer

    async def _apply(self, ref: Ref, manifest: Manifest, manager: str) -> Json:
        params = {"dryRun": "All", "fieldManager": manager, "force": "true", "fieldValidation": "Strict"}
        return await self._cluster.connection.request(
            "PATCH", ref.path, params=params, body=manifest, content_type=APPLY
        )


def with_known_owner(manifest: Manifest, uid: str) -> Manifest:
    """The manifest without its owner where that has no ``uid`` yet: a dry run has nothing to point to."""
    if uid:
        return manifest
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "ownerReferences"}
    return {**manifest, "metadata": metadata}
