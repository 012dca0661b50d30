"""What may be done to an object that exists: whose it is, and what cannot be changed in place. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster import kinds
from ailtire_operator.cluster.kinds import Manifest, controller_of
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.cluster.summaries import claims

_VOLUME_LABELS: Final = (naming.LABEL_MANAGED_BY, naming.LABEL_ROOT, naming.LABEL_STACK)


def is_ours(record: Record, manifest: Manifest, owner_uid: str, store: Store) -> bool:
    """Whether the stack of this uid may write the object: it is the object's controller.

    One exception: a retained volume outlives its stack and is found again by the labels that the stack gave it, unless
    a living owner holds it. Neither a label nor a name alone ever makes anything else ours.
    """
    if record.owner_uid is not None and record.owner_uid == owner_uid:
        return True
    if record.ref.kind != kinds.VOLUME_CLAIM.kind:
        return False
    if record.owner_uid is not None and store.by_uid(record.owner_uid) is not None:
        return False
    wanted = manifest["metadata"].get("labels") or {}
    return all(label in wanted and record.labels.get(label) == wanted[label] for label in _VOLUME_LABELS)


def holder_of(record: Record, store: Store, obj: Mapping[str, Any] | None = None) -> str:
    """Who has an object that is not ours, in words."""
    holder = store.owner_of(record)
    if holder is not None:
        return f"belongs to {holder.ref}"
    controller = controller_of(obj) if obj else None
    if controller is not None:
        return f"belongs to {controller['kind']} {controller['name']}"
    if record.owner_uid is not None:
        return "belongs to another owner"
    managers = (entry["manager"] for entry in (obj or {"metadata": {}})["metadata"].get("managedFields") or ())
    writer = next(managers, "")
    return "was not made by this stack" + (f" but by {writer}" if writer else "")


def needs_replace(manifest: Manifest, record: Record) -> str | None:
    """Why the object cannot become the manifest in place and has to be made anew; None if it can."""
    spec, now = manifest.get("spec") or {}, record.summary
    if record.ref.kind == kinds.SERVICE.kind:
        headless = spec.get("clusterIP") == "None"
        if headless != now.get("headless", False):
            return "it gets no cluster IP any more" if headless else "it gets a cluster IP"
    if record.ref.kind in (kinds.DEPLOYMENT.kind, kinds.STATEFUL_SET.kind, kinds.DAEMON_SET.kind):
        selector = (spec.get("selector") or {}).get("matchLabels") or {}
        if selector != now.get("selector", {}):
            return "its selector changes"
    if record.ref.kind == kinds.STATEFUL_SET.kind:
        if spec.get("serviceName", "") != now.get("serviceName", ""):
            return "its serviceName changes"
        if spec.get("podManagementPolicy", "OrderedReady") != now.get("podManagementPolicy", "OrderedReady"):
            return "its podManagementPolicy changes"
    return None


def refusal(manifest: Manifest, record: Record) -> str | None:
    """Why the change is not made at all: it would cut a StatefulSet's pods off the volumes they have."""
    if record.ref.kind != kinds.STATEFUL_SET.kind:
        return None
    wanted, now = claims(manifest.get("spec") or {}), record.summary.get("claims", {})
    for name in sorted({*wanted, *now}):
        if name not in now:
            return f"volume {name} would be added to the claim templates of {record.ref}"
        if name not in wanted:
            return f"volume {name} would be taken from the claim templates of {record.ref}"
        before, after = dict(now[name]), dict(wanted[name])
        if "storageClass" not in after:
            before.pop("storageClass", None)  # left to the cluster's default, which an admission plugin wrote out
        if before != after:
            return f"volume {name} of {record.ref} would change from {_words(before)} to {_words(after)}"
    return None


def _words(claim: Mapping[str, Any]) -> str:
    return ", ".join(" ".join(value) if isinstance(value, tuple) else str(value) for value in claim.values())
