"""Taking over objects that have no owner: on request, and only what the API server itself shows to have none.

A tree's objects lose their owner where a stack is deleted with ``--cascade=orphan``, where a namespace is restored from
a backup (every uid is new), or by hand. What is planned under their names then finds them in its way. An object is
taken over where all of this holds:

- its kind, namespace and name are those of an object of the plan, and it bears the labels of tree, stack and member
  that the plan gives it, or the definition names it (``adopt: true``) and it bears none of another tree;
- no owner in its ownerReferences exists any more. Of stacks the API server is asked; an owner of another kind counts
  as there, as the operator may not be able to see it;
- it can become what is planned without being deleted first.

Its owner is changed then, and who manages its fields, in exactly the version that was looked at; all else is an
ordinary apply. What the definition names was never the operator's, so that the API server is asked by a dry run before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.errors import Foreign, NotFound
from ailtire_operator.cluster.field_transfer import ALLOCATED, transferred
from ailtire_operator.cluster.kinds import KINDS, SERVICE, STACK, VOLUME_CLAIM, Manifest, Ref
from ailtire_operator.cluster.managed_fields import pointer_step
from ailtire_operator.cluster.ownership import foreign, is_orphan, is_ours, is_unowned, needs_replace, refusal
from ailtire_operator.cluster.store import Record, Store, record_of
from ailtire_operator.cluster.template_changes import ROLLED_KINDS

Patch = list[dict[str, Any]]
_MARKS: Final = (
    naming.LABEL_MANAGED_BY,
    naming.LABEL_ROOT,
    naming.LABEL_STACK,
    naming.LABEL_SERVICE,
    naming.LABEL_VOLUME,
    naming.LABEL_RETAIN,
)
"""Labels by which the operator finds an object again."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object as it is now."""

    record: Record
    obj: Manifest


async def without_owner(
    record: Record,
    manifest: Manifest,
    owner_uid: str,
    store: Store,
    connection: Connection,
    obj: Manifest | None = None,
    *,
    named: bool = False,
) -> Found:
    """An object in the way of a manifest as it is now, if it has no owner and can become what is planned.

    ``obj``: the object in full, if it was read just now; ``named``: the definition names it. One that turns out to be
    the stack's is given back as well. Raises Foreign, which says whose it is, and any other ClusterError.
    """
    may_be = is_unowned if named else is_orphan
    if not may_be(record, manifest, store):
        raise foreign(record, store, obj)
    obj = obj or await connection.request("GET", record.ref.path)
    fresh = record_of(obj)
    if not named or store.get(record.ref) is not None:  # no watch brings what lacks the operator's labels
        fresh = store.offer(fresh, origin=owner_uid) or fresh
    if is_ours(fresh, manifest, owner_uid):
        return Found(fresh, obj)
    if not may_be(fresh, manifest, store):
        raise foreign(fresh, store, obj)
    if owner := await owner_of(obj, connection):
        raise Foreign(f"{fresh.ref} exists already and belongs to {owner}")
    if (reason := _other_kind_of(manifest, fresh) or refusal(manifest, fresh)) is not None:
        raise Foreign(f"{fresh.ref} exists already, has no owner and cannot be taken over: {reason}")
    return Found(fresh, obj)


def _other_kind_of(manifest: Manifest, record: Record) -> str | None:
    """Why an object would have to be made anew, and what a person does then; None where it would not."""
    reason = needs_replace(manifest, record)
    if reason is None:
        return None
    name = f"{KINDS[record.ref.kind].plural} {record.ref.name}"
    if record.ref.kind in ROLLED_KINDS:
        selector = ",".join(f"{key}={value}" for key, value in sorted(record.summary.get("selector", {}).items()))
        return f"{reason} (now {selector}); 'kubectl delete {name} --cascade=orphan' keeps its pods until then"
    return f"{reason}; 'kubectl delete {name}' lets it be made anew"


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


def patch_of(manifest: Manifest, found: Found) -> Patch:
    """The change of the metadata that makes an object the stack's, as a JSON patch for exactly this version of it.

    It gets the labels by which the operator finds it again; by these, too, a volume is known that is to be retained and
    has no owner.
    """
    metadata, live = manifest["metadata"], found.record.labels
    labels = metadata.get("labels") or {}
    patch = [_version_of(found), _add("/metadata/ownerReferences", metadata.get("ownerReferences") or [])]
    missing = {label: labels[label] for label in _MARKS if label in labels and live.get(label) != labels[label]}
    if missing and not found.obj["metadata"].get("labels"):
        patch.append(_add("/metadata/labels", missing))
    else:
        patch += [_add(f"/metadata/labels/{pointer_step(label)}", value) for label, value in missing.items()]
    if (managers := transferred(found.obj)) is not None:
        patch.append(_add("/metadata/managedFields", managers))
    return patch


def rehearsal_of(manifest: Manifest, found: Found) -> Patch:
    """The change that makes an object of others what is planned, all at once: for a dry run of exactly this version.

    Its spec becomes that of the manifest, as it does where the operator manages all fields of it. Of a claim, which
    cannot lose any, the fields of others stay.
    """
    spec, live = dict(manifest.get("spec") or {}), found.obj.get("spec") or {}
    if manifest["kind"] == VOLUME_CLAIM.kind:
        spec = {**live, **spec}
    if manifest["kind"] == SERVICE.kind:
        spec = {**{key: live[key] for key in ALLOCATED if key in live}, **spec}
    if "replicas" in live:
        spec.setdefault("replicas", live["replicas"])  # which an autoscaler decides
    metadata = found.obj["metadata"]
    merged = {
        key: {**(metadata.get(key) or {}), **manifest["metadata"][key]}
        for key in ("labels", "annotations")
        if manifest["metadata"].get(key)
    }
    references = manifest["metadata"].get("ownerReferences") or []
    changes = [_add(f"/metadata/{key}", value) for key, value in {**merged, "ownerReferences": references}.items()]
    return [_version_of(found), *changes, _add("/spec", spec)]


def _version_of(found: Found) -> dict[str, Any]:
    return {"op": "test", "path": "/metadata/resourceVersion", "value": found.record.resource_version}


def _add(path: str, value: Any) -> dict[str, Any]:
    return {"op": "add", "path": path, "value": value}


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
