"""What may be done to an object that exists: whose it is, and what cannot be changed in place. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster import kinds
from ailtire_operator.cluster.claim_sizes import is_larger, is_refused, requested
from ailtire_operator.cluster.errors import Foreign
from ailtire_operator.cluster.kinds import Manifest, Ref, controller_of
from ailtire_operator.cluster.store import Record, Store
from ailtire_operator.cluster.summaries import claims, retention

_IDENTITY: Final = (
    naming.LABEL_MANAGED_BY,
    naming.LABEL_ROOT,
    naming.LABEL_STACK,
    naming.LABEL_SERVICE,
    naming.LABEL_COMPONENT,
)
"""Labels that say of which tree, stack and member an object is. An object of ours has had them from the start."""
_VOLUME_LABELS: Final = (naming.LABEL_MANAGED_BY, naming.LABEL_ROOT, naming.LABEL_STACK)


def is_ours(record: Record, manifest: Manifest | None, owner_uid: str) -> bool:
    """Whether the stack of this uid may write the object: it is the object's controller.

    One exception: a volume that is to be retained outlives its stack and belongs to nobody. A stack finds it again by
    the labels that one of its name and tree gave it, and only where it is to be retained from now on, too: who may
    write stacks alone must not be able to have it deleted. No label or name alone ever makes anything else ours.
    Without a ``manifest`` (a deletion) such a volume is nobody's.
    """
    if is_retained(record):
        return record.owner_uid in (None, owner_uid) and _takes_over(record, manifest)
    return record.owner_uid is not None and record.owner_uid == owner_uid


def is_orphan(record: Record, manifest: Manifest, store: Store) -> bool:
    """Whether an object that is not ours may be one that was, and has lost its owner: as far as the store can tell.

    It bears the labels that the manifest gives it, and its controller is unknown or nobody. A volume that was retained
    is never made one that goes with its stack.
    """
    wanted = manifest["metadata"].get("labels") or {}
    same = all(record.labels.get(label) == wanted.get(label) for label in _IDENTITY)
    # A definition may name any claim: that of a replica, or of another volume of the stack, is no orphan of this one.
    same &= record.labels.get(naming.LABEL_VOLUME) in (None, wanted.get(naming.LABEL_VOLUME))
    kept = is_retained(record) and naming.LABEL_RETAIN not in wanted
    ownerless = record.owner_uid is None or store.by_uid(record.owner_uid) is None
    return same and ownerless and not kept and not record.deleting


def is_unclaimed(record: Record, manifest: Manifest) -> bool:
    """Whether an object is a claim without an owner and without a label of ours, and is to become a retained one.

    A retained claim has no owner, so that nothing deletes it.
    """
    wanted = manifest["metadata"]
    retained = naming.LABEL_RETAIN in (wanted.get("labels") or {}) and not wanted.get("ownerReferences")
    is_claim = record.ref.kind == kinds.VOLUME_CLAIM.kind and record.ref == Ref.of(manifest)
    return is_claim and retained and record.owner_uid is None and not (record.deleting or marks(record.labels, {}))


def is_free(record: Record, manifest: Manifest) -> bool:
    """Whether an object is a Deployment that nobody controls, with the manifest's selector and no other stack's label.

    One that the stack has lost is free too. What a record does not hold is looked at where an object is taken over.
    """
    wanted = manifest["metadata"].get("labels") or {}
    selector = ((manifest.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
    is_deployment = record.ref.kind == kinds.DEPLOYMENT.kind and record.ref == Ref.of(manifest)
    same = bool(selector) and record.summary.get("selector") == selector and not marks(record.labels, wanted)
    return is_deployment and same and record.owner_uid is None and not record.deleting


def marks(labels: Mapping[str, str], own: Mapping[str, str]) -> list[str]:
    """The labels that only the operator gives, but for those that a manifest has too (``own``), in order."""
    given = {
        label: value
        for label, value in labels.items()
        if label.startswith(f"{naming.GROUP}/") or (label, value) == (naming.LABEL_MANAGED_BY, naming.OPERATOR_NAME)
    }
    return sorted(f"{label}={value}" for label, value in given.items() if own.get(label) != value)


def is_strange(record: Record | None, manifest: Manifest, owner_uid: str, store: Store) -> bool:
    """Whether what stands under a planned name is none of the stack's, never was, and has no controller.

    None is an object that no watch brings, as it lacks the operator's label, or nothing.
    """
    if record is None:
        return True
    ours = is_ours(record, manifest, owner_uid) or is_orphan(record, manifest, store)
    return record.owner_uid is None and not ours


def asks_to_adopt(stack: Record | None) -> bool:
    """Whether a stack is there and asks for what lost its owner to be taken over; in a tree the root's word counts."""
    return stack is not None and stack.summary.get("adopt") is True


def is_retained(record: Record) -> bool:
    """Whether the object is a volume claim that outlives its stack."""
    return record.ref.kind == kinds.VOLUME_CLAIM.kind and naming.LABEL_RETAIN in record.labels


def is_replicas_claim(claim: Record, workload: Record) -> bool:
    """Whether a StatefulSet has made the claim for a replica, or has it as one that was made before.

    It has the name that a replica looks for and the labels of the stack's claims, and goes with the StatefulSet or with
    nothing.
    """
    stem, ordinal = _ordinal(claim.ref.name)
    of_a_replica = stem.endswith(f"-{workload.ref.name}") and ordinal is not None
    kinds_fit = (claim.ref.kind, workload.ref.kind) == (kinds.VOLUME_CLAIM.kind, kinds.STATEFUL_SET.kind)
    marked = all(
        label in claim.labels and claim.labels[label] == workload.labels.get(label) for label in _VOLUME_LABELS
    )
    return kinds_fit and of_a_replica and marked and claim.owner_uid in (None, workload.uid)


def _takes_over(record: Record, manifest: Manifest | None) -> bool:
    wanted = (manifest["metadata"].get("labels") if manifest else None) or {}
    same = all(label in wanted and record.labels.get(label) == wanted[label] for label in _VOLUME_LABELS)
    return same and naming.LABEL_RETAIN in wanted


def is_table_of(record: Record, stack: Record, port: int, store: Store) -> bool:
    """Whether the stack may write the key of the port into an object: a ConfigMap with tables that its root owns.

    The one case in which a stack writes into what another one owns; and only the key of the port that its own place
    gives it, so that no stack writes the routes of another.
    """
    root, spec = root_above(stack, store), stack.summary.get("spec")
    place = spec.get("place") if isinstance(spec, Mapping) else None
    own = place.get("gatewayPort") if isinstance(place, Mapping) else naming.GATEWAY_PORT
    name = naming.gateway_tables(root.ref.name, port % naming.GATEWAY_TABLES)
    is_table = record.ref == Ref(kinds.CONFIG_MAP.kind, stack.ref.namespace, name)
    marked = record.labels.get(naming.LABEL_COMPONENT) == naming.COMPONENT_TREE_GATEWAY
    return is_table and marked and own == port and record.owner_uid == root.uid


def root_above(stack: Record, store: Store) -> Record:
    """The stack at the top of those that own each other from this one on; itself if nobody owns it."""
    seen = {stack.uid}
    while (owner := store.owner_of(stack)) is not None and owner.ref.kind == kinds.STACK.kind and owner.uid not in seen:
        seen.add(owner.uid)
        stack = owner
    return stack


def is_gateway_pod(pod: Record, root: str) -> bool:
    """Whether a pod looks like one of the gateway of the tree with this root, by its labels and its ReplicaSet."""
    kind, name, _ = pod.summary.get("owner") or ("", "", "")
    labelled = (
        pod.summary.get("stack") == root and pod.labels.get(naming.LABEL_COMPONENT) == naming.COMPONENT_TREE_GATEWAY
    )
    return (
        pod.ref.kind == kinds.POD.kind
        and labelled
        and kind == "ReplicaSet"
        and _stem(name) == naming.tree_gateway(root)
    )


def _stem(name: str) -> str:
    return name.rpartition("-")[0]


def is_still_owned(record: Record, manifest: Manifest, owner_uid: str) -> bool:
    """Whether the stack of this uid owns an object that it is to own no longer, and that would be deleted with it.

    That is a volume that is retained by now and was taken over before: its owner was set by a patch, and an apply
    without an owner takes away only what an apply has set.
    """
    return record.owner_uid == owner_uid and not manifest["metadata"].get("ownerReferences")


def holder_of(record: Record, store: Store, obj: Mapping[str, Any] | None = None) -> str:
    """Who has an object that is not ours, in words."""
    if is_retained(record) and record.owner_uid is None:
        stack = record.labels.get(naming.LABEL_STACK, "")
        return f"is retained for stack '{stack}'; say retain: true to use it again, or give the volume another name"
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


def foreign(record: Record, store: Store, obj: Mapping[str, Any] | None = None) -> Foreign:
    """The error for an object that is not the stack's. ``obj``: the object in full, if it was read."""
    return Foreign(f"{record.ref} exists already and {holder_of(record, store, obj)}")


def waits_for(record: Record) -> str:
    """Why something has to wait for an object that is being deleted: ``waits for Service web to go: finalizer x``."""
    if not record.finalizers:
        return f"waits for {record.ref} to go"
    word = "finalizer" if len(record.finalizers) == 1 else "finalizers"
    return f"waits for {record.ref} to go: {word} {', '.join(record.finalizers)}"


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
    """Why the change is not made at all: it would cut a StatefulSet's pods off their volumes, or nobody can tell."""
    if record.unreadable and record.ref.kind != kinds.STACK.kind:
        # It might be replaced for no reason. A stack never is, and an apply is what mends it.
        return f"{record.ref} cannot be read: {record.unreadable}"
    if record.ref.kind == kinds.VOLUME_CLAIM.kind:
        smaller = is_refused(requested(manifest), record.summary)
        return f"{record.ref} {_never_smaller(record.summary.get('size'))}" if smaller else None
    if record.ref.kind != kinds.STATEFUL_SET.kind:
        return None
    spec = manifest.get("spec") or {}
    wanted, now = claims(spec), record.summary.get("claims", {})
    if now and record.summary.get("whenDeleted", "Retain") == "Retain" and retention(spec) != "Retain":
        return f"the volumes of {record.ref} are retained (say retain: true again), and would be deleted with it"
    for name in sorted({*wanted, *now}):
        if name not in now:
            return f"volume {name} would be added to the claim templates of {record.ref}"
        if name not in wanted:
            return f"volume {name} would be taken from the claim templates of {record.ref}"
        before, after = dict(now[name]), dict(wanted[name])
        if "storageClass" not in after:
            before.pop("storageClass", None)  # left to the cluster's default, which an admission plugin wrote out
        if is_larger(before.get("size"), after.get("size")):
            return f"volume {name} of {record.ref} {_never_smaller(before.get('size'))}"
        if before != after:
            return f"volume {name} of {record.ref} would change from {_words(before)} to {_words(after)}"
    return None


def claim_in_the_way(manifest: Manifest, claim: Manifest, live: str | None, first: int = 0) -> tuple[str, bool] | None:
    """Why a StatefulSet must not be made while the claim is there, and whether that passes; None if it does not matter.

    Kubernetes gives a replica whatever claim has the name that it looks for, and deletes it with the set where that
    does not retain its volumes. ``live`` is the set's uid, if it exists; ``first`` the first ordinal to be made.
    """
    template = next((each for each in _templates(manifest) if _is_for(manifest, each, claim, first)), None)
    if template is None:
        return None
    metadata = claim["metadata"]
    owners = metadata.get("ownerReferences") or ()
    if live is not None and any(owner["uid"] == live for owner in owners):
        return None
    ref, labels = Ref.of(claim), metadata.get("labels") or {}
    if any(labels.get(label) != template["metadata"]["labels"].get(label) for label in _VOLUME_LABELS):
        return (
            f"{ref} exists already and was not made by this stack; give the volume or the service another name",
            False,
        )
    if owners or "deletionTimestamp" in metadata:
        return f"{ref} of an earlier {manifest['kind']} is not gone yet", True
    if retention(manifest["spec"]) == "Retain":
        return None
    remedy = "say retain: true to use it again, delete it, or give the volume another name"
    return f"{ref} is left from an earlier {manifest['kind']}, with its data; {remedy}", False


def _templates(manifest: Manifest) -> Sequence[Manifest]:
    return (manifest.get("spec") or {}).get("volumeClaimTemplates") or ()


def _is_for(manifest: Manifest, template: Manifest, claim: Manifest, first: int) -> bool:
    """Whether a claim has the name that a replica looks for."""
    stem, ordinal = _ordinal(claim["metadata"]["name"])
    wanted = f"{template['metadata']['name']}-{manifest['metadata']['name']}"
    return stem == wanted and ordinal is not None and ordinal >= first


def _ordinal(name: str) -> tuple[str, int | None]:
    """What a claim's name has before the number of its replica, and that number; None where it ends in none."""
    stem, _, ordinal = name.rpartition("-")
    return stem, int(ordinal) if ordinal.isascii() and ordinal.isdigit() else None


def _never_smaller(size: Any) -> str:
    return (
        f"has {size}, and no volume becomes smaller: set its size to {size} or more, or give a smaller one another name"
    )


def _words(claim: Mapping[str, Any]) -> str:
    return ", ".join(" ".join(value) if isinstance(value, tuple) else str(value) for value in claim.values())
