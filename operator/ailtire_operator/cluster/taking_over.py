"""Taking over what somebody else has made and what the definition names: which objects, and by which write. Pure.

A volume claim is retained: it never has an owner, so that neither the operator nor the garbage collector deletes it. It
is the stack's by its labels, as every retained volume is. A Deployment with the selector of the service's own gets its
owner, as any other. Nothing else is taken over. Each becomes the stack's by one apply of the whole manifest to the very
version that was read, which the API server takes or refuses as a whole, and which a dry run foretells.
"""

from collections.abc import Mapping
from typing import Any, Final

from ailtire_operator.cluster.errors import Foreign
from ailtire_operator.cluster.kinds import DEPLOYMENT, VOLUME_CLAIM, Manifest, Ref
from ailtire_operator.cluster.ownership import is_free, is_ours, is_strange, is_unclaimed, marks, refusal
from ailtire_operator.cluster.store import Record, Store, record_of
from ailtire_operator.model.field_path import WHOLE, FieldPath, path_of

_LABELS: Final = "matchLabels"
_SCALE: Final = "scale"
"""The subresource by which autoscalers, and ``kubectl scale``, set the number of replicas."""
_BY_HAND: Final = "kubectl"
_FIXED: Final = {"accessModes": "mode", "storageClassName": "storageClass"}
"""What of a claim's spec cannot change, with the field of ``spec.data.*`` that says it."""


def taking(manifest: Manifest, obj: Manifest) -> Manifest:
    """The body of the apply that makes a live object what is planned: for exactly this version of it.

    Raises Foreign where it may not be taken over, with the reason and what to do.
    """
    reason = _hindrance(manifest, obj)
    if reason is not None:
        raise Foreign(f"{Ref.of(obj)} exists already and is not taken over: {reason}")
    live = obj["metadata"]
    which = {"uid": live["uid"], "resourceVersion": live["resourceVersion"]}
    return {**manifest, "metadata": {**manifest["metadata"], **which}}


def named(
    namespace: str, claims: Mapping[str, FieldPath], deployments: Mapping[str, FieldPath]
) -> dict[Ref, FieldPath]:
    """What a definition names to be taken over, by names of objects, with the path of what names it."""
    kinds = {VOLUME_CLAIM.kind: claims, DEPLOYMENT.kind: deployments}
    return {Ref(kind, namespace, name): path for kind, paths in kinds.items() for name, path in paths.items()}


def may_be_taken(manifest: Manifest, record: Record | None, owner_uid: str, store: Store, *, adopting: bool) -> bool:
    """Whether what is named may be one to take over, as far as the store knows.

    A Deployment that the stack has lost is one too, unless the root asks for all such to be adopted (``adopting``).
    """
    if is_strange(record, manifest, owner_uid, store):
        return True
    lost = record is not None and record.owner_uid is None and not is_ours(record, manifest, owner_uid)
    return lost and manifest["kind"] == DEPLOYMENT.kind and not adopting


def missing(ref: Ref) -> str:
    """Why a claim that is named and is not there is not made."""
    return f"there is no {ref} to take over; create it, or remove adopt, and an empty one is made"


def service_in_the_way(ref: Ref) -> str:
    """Why a Deployment is not taken over whose Service somebody else has made."""
    return f"{ref} exists too, and no Service is taken over; delete it, and the stack makes its own"


def writers(obj: Mapping[str, Any]) -> list[str]:
    """Who has set fields of an object, its status aside: names of field managers, as anybody may choose them."""
    entries = obj["metadata"].get("managedFields") or ()
    return sorted({str(each.get("manager") or "") for each in entries if each.get("subresource") != "status"} - {""})


def _hindrance(manifest: Manifest, obj: Manifest) -> str | None:
    live, record = obj["metadata"], record_of(obj)
    if record.deleting:
        return "it is being deleted"
    for owner in live.get("ownerReferences") or ():
        return f"it belongs to {owner.get('kind')} {owner.get('name')}, with which it would be deleted"
    is_deployment = record.ref.kind == DEPLOYMENT.kind
    own = (manifest["metadata"].get("labels") or {}) if is_deployment else {}
    if found := marks(live.get("labels") or {}, own):
        return f"it is or was part of a stack, by its label {found[0]}; once no stack has it, remove its labels"
    return _of_deployment(manifest, obj, record) if is_deployment else _of_claim(manifest, obj, record)


def _of_claim(manifest: Manifest, obj: Manifest, record: Record) -> str | None:
    if not is_unclaimed(record, manifest):
        return f"only a {VOLUME_CLAIM.kind} that is to be retained and a {DEPLOYMENT.kind} are"
    return refusal(manifest, record) or _difference(manifest["spec"], obj["spec"])


def _of_deployment(manifest: Manifest, obj: Manifest, record: Record) -> str | None:
    if reason := refusal(manifest, record):
        return reason
    spec = obj["spec"]
    if paths := _differing(manifest["spec"].get("selector") or {}, spec.get("selector") or {}):
        return (
            f"its selector differs at {paths[0]} and cannot be changed: give the service another name, so that it runs "
            "beside this one, and delete this one afterwards"
        )
    if spec.get("paused") and not manifest["spec"].get("paused"):
        name = record.ref.name
        return f"it is paused, so that no pod would become what is planned: kubectl rollout resume deployment {name}"
    if not is_free(record, manifest):
        return "it is not one of the definition"
    return _containers(manifest, spec) or _autoscaler(manifest, obj)


def _containers(manifest: Manifest, live: Mapping[str, Any]) -> str | None:
    """An apply merges containers by name: with another name there would be two applications in each pod."""
    names = [[each["name"] for each in spec["template"]["spec"]["containers"]] for spec in (manifest["spec"], live)]
    wanted, found = map(sorted, names)
    if set(wanted) & set(found):
        return None
    return (
        f"its containers are {', '.join(found)}, and the service's is {', '.join(wanted)}: rename it there, or give "
        "the service another name, so that it runs beside this one"
    )


def _autoscaler(manifest: Manifest, obj: Manifest) -> str | None:
    """An autoscaler of others and the definition's number of replicas would undo each other for ever."""
    if "replicas" not in manifest["spec"]:
        return None
    for entry in obj["metadata"].get("managedFields") or ():
        manager = str(entry.get("manager") or "")
        if entry.get("subresource") == _SCALE and not manager.startswith(_BY_HAND):
            return (
                f"{manager} has set its replicas, as an autoscaler does: delete that one and write policies.scaling, "
                f"or delete it and set another number by kubectl scale deployment {obj['metadata']['name']}"
            )
    return None


def _differing(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> list[str]:
    """Where two selectors differ, in order: ``matchLabels.app``, ``matchLabels["ailtire.io/stack"]``."""
    paths = [path_of(WHOLE, field) for field in {*wanted, *live} - {_LABELS} if wanted.get(field) != live.get(field)]
    ours, theirs = wanted.get(_LABELS) or {}, live.get(_LABELS) or {}
    paths += [path_of(WHOLE, _LABELS, key) for key in {*ours, *theirs} if ours.get(key) != theirs.get(key)]
    return sorted(map(str, paths))


def _difference(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> str | None:
    """What of a claim cannot become what is planned, and what to write instead."""
    if live.get("volumeMode") == "Block":
        return "its volumeMode is Block, and a service mounts a file system"
    if len(modes := live.get("accessModes") or ()) > 1:
        return f"it has {len(modes)} access modes, and a volume here has one; mount it by claim alone, without adopt"
    for field, said in _FIXED.items():
        if field in wanted and live.get(field) != wanted[field]:
            now = live.get(field)
            words = ", ".join(map(str, now)) if isinstance(now, list) else str(now or "none")
            return f"its {field} is {words}, which cannot change; set {said} accordingly"
    return None
