"""Taking over a volume claim that somebody else has made and that the definition names: which, and by which write.

Such a claim is retained: it never has an owner, so that neither the operator nor the garbage collector deletes it. It
is the stack's by its labels, as every retained volume is. It becomes so by one apply of the whole manifest to the very
version that was read, which the API server takes or refuses as a whole, and which a dry run foretells. Pure.
"""

from collections.abc import Mapping
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.errors import Foreign
from ailtire_operator.cluster.kinds import Manifest, Ref
from ailtire_operator.cluster.ownership import is_unclaimed, refusal
from ailtire_operator.cluster.store import record_of

_FIXED: Final = {"accessModes": "mode", "storageClassName": "storageClass"}
"""What of a claim's spec cannot change, with the field of ``spec.data.*`` that says it."""


def taking(manifest: Manifest, obj: Manifest) -> Manifest:
    """The body of the apply that makes a live claim what is planned: for exactly this version of it.

    Raises Foreign where the claim may not be taken over, with the reason and what to do.
    """
    reason = _hindrance(manifest, obj)
    if reason is not None:
        raise Foreign(f"{Ref.of(obj)} exists already and is not taken over: {reason}")
    live = obj["metadata"]
    which = {"uid": live["uid"], "resourceVersion": live["resourceVersion"]}
    return {**manifest, "metadata": {**manifest["metadata"], **which}}


def missing(ref: Ref) -> str:
    """Why a claim that is named and is not there is not made."""
    return f"there is no {ref} to take over; create it, or remove adopt, and an empty one is made"


def writers(obj: Mapping[str, Any]) -> list[str]:
    """Who has set fields of an object, its status aside: names of field managers, as anybody may choose them."""
    entries = obj["metadata"].get("managedFields") or ()
    return sorted({str(each.get("manager") or "") for each in entries if not each.get("subresource")} - {""})


def _hindrance(manifest: Manifest, obj: Manifest) -> str | None:
    live, record = obj["metadata"], record_of(obj)
    if record.deleting:
        return "it is being deleted"
    for owner in live.get("ownerReferences") or ():
        return f"it belongs to {owner.get('kind')} {owner.get('name')}, with which it would be deleted"
    if marks := sorted(_marks(live.get("labels") or {})):
        return f"it is or was part of a stack, by its label {marks[0]}; once no stack has it, remove its labels"
    if not is_unclaimed(record, manifest):
        return "only a claim that is to be retained is"
    return refusal(manifest, record) or _difference(manifest["spec"], obj["spec"])


def _marks(labels: Mapping[str, str]) -> list[str]:
    """The labels that only the operator gives: also where another writer has taken some of them away."""
    found = [f"{label}={value}" for label, value in labels.items() if label.startswith(f"{naming.GROUP}/")]
    if labels.get(naming.LABEL_MANAGED_BY) == naming.OPERATOR_NAME:
        found.append(naming.MANAGED_SELECTOR)
    return found


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
