"""What has to be done so that an object becomes its manifest: one decision for the operator and for ``diff``. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ailtire_operator.cluster.kinds import DEPLOYMENT, STACK, STATEFUL_SET, Manifest, Ref
from ailtire_operator.cluster.managed_fields import extra_paths
from ailtire_operator.cluster.ownership import is_ours, is_still_owned, needs_replace, refusal, waits_for
from ailtire_operator.cluster.store import Record

Action = Literal["none", "create", "update", "replace", "delete", "foreign", "leaving", "refused", "held"]
"""foreign: an object that is not the stack's stands there; leaving: what stands there is being deleted; refused: it
would lose data; held: it waits for what it depends on, or for room. Of these four nothing is written."""
_SCALED: Final = (DEPLOYMENT.kind, STATEFUL_SET.kind)


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done about the object of one name."""

    ref: Ref
    action: Action
    manifest: Manifest | None = None
    """What it is to become; None for a deletion."""
    record: Record | None = None
    """What stands there now."""
    why: str = ""
    """Why it is deleted, replaced, refused, or waits."""
    autoscaled: bool = False
    """An autoscaler of the stack holds its replica count already."""
    replicas: int | None = None
    """The live replica count that is handed over, as the manifest lets go of it."""
    extra: tuple[str, ...] = ()
    """Fields that others have added to a child's definition and that are taken away, as JSON pointers into its spec."""

    @property
    def is_none(self) -> bool:
        """Whether there is nothing to do at all."""
        return self.action == "none" and not self.extra


def change_of(
    manifest: Manifest, record: Record | None, owner_uid: str, *, settled: bool, autoscaled: bool = False
) -> Change:
    """What the stack of this uid has to do about the object that stands under the manifest's name.

    ``settled``: its fields are as the manifest has them, as far as the stack owns them.
    """
    ref = Ref.of(manifest)
    if record is None:
        return Change(ref, "create", manifest)
    if not is_ours(record, manifest, owner_uid):
        return Change(ref, "foreign", manifest, record)
    if record.deleting:
        return Change(ref, "leaving", manifest, record, waits_for(record))
    extra = _extra(manifest, record)
    starts = autoscaled and _has_no_replicas(manifest, record)
    if settled and not is_still_owned(record, manifest, owner_uid) and not starts:
        return Change(ref, "none", manifest, record, extra=extra)
    if (refused := refusal(manifest, record)) is not None:
        return Change(ref, "refused", manifest, record, refused)
    if (reason := needs_replace(manifest, record)) is not None:
        return Change(ref, "replace", manifest, record, reason)
    replicas = lets_go_of_replicas(manifest, record, autoscaled=autoscaled)
    return Change(ref, "update", manifest, record, autoscaled=autoscaled, replicas=replicas, extra=extra)


def lets_go_of_replicas(manifest: Manifest, record: Record, *, autoscaled: bool) -> int | None:
    """The count to be handed over where an autoscaler is to decide: the live one if it does not exist yet.

    Without a count in the manifest nobody would hold the field any more, and it would fall back to 1. From 0 it has to:
    an autoscaler leaves alone what has no replicas. For that it is 1 where somebody else has made it 0 since.
    """
    if _has_no_replicas(manifest, record):
        return 1 if autoscaled else None
    if not _is_autoscalers(manifest) or autoscaled:
        return None
    replicas = record.summary.get("specReplicas")
    return None if replicas is None else int(replicas)


def _is_autoscalers(manifest: Manifest) -> bool:
    """Whether the replica count is left to an autoscaler."""
    return manifest.get("kind") in _SCALED and "replicas" not in (manifest.get("spec") or {})


def _has_no_replicas(manifest: Manifest, record: Record) -> bool:
    """Whether somebody has scaled to zero what an autoscaler is to scale, and no autoscaler ever does."""
    return _is_autoscalers(manifest) and record.summary.get("specReplicas") == 0


def _extra(manifest: Manifest, record: Record) -> tuple[str, ...]:
    """A child's definition is its parent's alone: what others have added to it."""
    if record.ref.kind != STACK.kind:
        return ()
    spec = record.summary.get("spec")
    return tuple(extra_paths(manifest.get("spec"), spec if isinstance(spec, Mapping) else {}))
