"""Taking over objects that have lost their owner: on request, and only what the API server itself shows to have none.

A tree's objects lose their owner where a stack is deleted with ``--cascade=orphan``, where a namespace is restored from
a backup (every uid is new), or by hand. What is planned under their names then finds them in its way. An object is
taken over where all of this holds:

- its kind, namespace and name are those of an object of the plan, and it bears the labels of tree, stack and member
  that the plan gives it;
- no owner in its ownerReferences exists any more. Of stacks the API server is asked; an owner of another kind counts
  as there, as the operator may not be able to see it;
- it can become what is planned without being deleted first.

Only its owner is changed then, in exactly the version that was looked at; all else is an ordinary apply.
"""

from collections.abc import Mapping
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.errors import Foreign, NotFound
from ailtire_operator.cluster.kinds import STACK, Manifest, Ref
from ailtire_operator.cluster.managed_fields import pointer_step
from ailtire_operator.cluster.ownership import foreign, is_orphan, is_ours, needs_replace, refusal
from ailtire_operator.cluster.store import Record, Store, record_of

Patch = list[dict[str, Any]]


async def without_owner(
    record: Record,
    manifest: Manifest,
    owner_uid: str,
    store: Store,
    connection: Connection,
    obj: Manifest | None = None,
) -> Record:
    """An object in the way of a manifest as it is now, if it has lost its owner and can become what is planned.

    ``obj``: the object in full, if it was read just now. One that turns out to be the stack's is given back as well.
    Raises Foreign, which says whose it is, and any other ClusterError.
    """
    if not is_orphan(record, manifest, store):
        raise foreign(record, store, obj)
    obj = obj or await connection.request("GET", record.ref.path)
    fresh = record_of(obj)
    fresh = store.offer(fresh, origin=owner_uid) or fresh
    if is_ours(fresh, manifest, owner_uid):
        return fresh
    if not is_orphan(fresh, manifest, store):
        raise foreign(fresh, store, obj)
    if owner := await owner_of(obj, connection):
        raise Foreign(f"{fresh.ref} exists already and belongs to {owner}")
    if (reason := needs_replace(manifest, fresh) or refusal(manifest, fresh)) is not None:
        raise Foreign(f"{fresh.ref} exists already, has no owner and cannot be taken over: {reason}")
    return fresh


async def owner_of(obj: Mapping[str, Any], connection: Connection) -> str:
    """The first owner of a live object that exists, in words; empty where there is none. Raises ClusterError."""
    for reference in obj["metadata"].get("ownerReferences") or ():
        group = str(reference.get("apiVersion", "")).partition("/")[0]
        name = str(reference.get("name", ""))
        if reference.get("kind") != STACK.kind or group != STACK.group:
            return f"{reference.get('kind')} {name}"
        ref = Ref(STACK.kind, obj["metadata"]["namespace"], name)
        if await _uid_of(ref, connection) == reference.get("uid"):
            return str(ref)
    return ""


def patch_of(manifest: Manifest, record: Record) -> Patch:
    """The change of the metadata that makes an object the stack's, as a JSON patch for exactly this version of it.

    A volume that is to be retained gets the label of one, as it has no owner.
    """
    metadata = manifest["metadata"]
    references = metadata.get("ownerReferences") or []
    patch: Patch = [
        {"op": "test", "path": "/metadata/resourceVersion", "value": record.resource_version},
        {"op": "add", "path": "/metadata/ownerReferences", "value": references},
    ]
    labels = metadata.get("labels") or {}
    if naming.LABEL_RETAIN in labels:
        path = f"/metadata/labels/{pointer_step(naming.LABEL_RETAIN)}"
        patch.append({"op": "add", "path": path, "value": labels[naming.LABEL_RETAIN]})
    return patch


def release_of(manifest: Manifest, obj: Manifest, owner_uid: str) -> Patch:
    """The JSON patch that takes the stack of this uid from the owners of an object that it is to own no longer.

    Empty where it does not own it.
    """
    if manifest["metadata"].get("ownerReferences"):
        return []
    references = obj["metadata"].get("ownerReferences") or ()
    path = "/metadata/ownerReferences"
    index = next((index for index, each in enumerate(references) if each["uid"] == owner_uid), None)
    if index is None:
        return []
    return [
        {"op": "test", "path": f"{path}/{index}/uid", "value": owner_uid},
        {"op": "remove", "path": f"{path}/{index}"},
    ]


def way_back(manifest: Manifest) -> str:
    """What a person does with an object of the plan that has no owner, in words."""
    root = (manifest["metadata"].get("labels") or {}).get(naming.LABEL_ROOT, "")
    return f"to take it over: {naming.adoption_command(root)}"


async def _uid_of(ref: Ref, connection: Connection) -> str | None:
    """The uid of the object that has the address now: an object of another uid cannot have had another name."""
    try:
        found = await connection.request("GET", ref.path)
    except NotFound:
        return None
    return str(found["metadata"]["uid"])
