"""The conditions of a stack, by the conventions of kstatus (which Flux and ``kubectl wait`` follow).

``Ready``, ``Translated`` and ``ReferencesResolved`` are present once a spec has been read. ``Reconciling``,
``Stalled``, ``Conflicting``, ``RolledBack``, ``UpdatePaused``, ``WaitingForDeletion``, ``Suspended`` and ``Stopped``
report exceptions: they are present only while True, as kstatus reads their absence as False. At any time one of Ready,
Reconciling, Stalled and Suspended is True.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ailtire_operator import naming
from ailtire_operator.printable import plural
from ailtire_operator.status.saved_status import READY as READY
from ailtire_operator.status.saved_status import SavedCondition, SavedStatus
from ailtire_operator.status.text import bounded, listed

if TYPE_CHECKING:
    from ailtire_operator.model.report import Notice
    from ailtire_operator.model.status import Condition, Truth

RECONCILING: Final = "Reconciling"
STALLED: Final = "Stalled"
TRANSLATED: Final = "Translated"
REFERENCES: Final = "ReferencesResolved"
CONFLICTING: Final = "Conflicting"
SUSPENDED: Final = "Suspended"
STOPPED: Final = "Stopped"
"""Nothing of the stack runs, as its definition asks for; it is Ready then, as there is nothing left to do."""
ROLLED_BACK: Final = "RolledBack"
UPDATE_PAUSED: Final = "UpdatePaused"
WAITING_FOR_DELETION: Final = "WaitingForDeletion"
HELD: Final = frozenset({ROLLED_BACK, UPDATE_PAUSED})
"""Condition types, also used as reasons of services, for a failed update that was rolled back or paused."""

TREE_ROLLED_BACK: Final = "TreeRolledBack"
TREE_UPDATE_PAUSED: Final = "TreeUpdatePaused"
"""Reasons of the same conditions at a root, whose whole tree has gone back, or is said not to go on."""

INVALID_SPEC: Final = "InvalidSpec"
UPDATE_FAILED: Final = "UpdateFailed"
ROLLING_BACK: Final = "RollingBack"
PROGRESSING: Final = "Progressing"
NOT_READY: Final = "NotReady"
WAITING: Final = "Waiting"
"""It is held until its dependencies are met."""
VERIFYING: Final = "Verifying"
"""Everything is ready, and the stack's check (``spec.verify``) has not ended."""
VERIFICATION_FAILED: Final = "VerificationFailed"
VERIFICATION: Final = frozenset({VERIFYING, VERIFICATION_FAILED})
"""Reasons of a stack of which everything but its check, or that of a stack below, is ready."""
DELETING: Final = "Deleting"
"""An object has a deletionTimestamp and still exists."""
STOPPING: Final = "Stopping"
"""Pods of what is stopped have not ended yet."""
UNDER_WAY: Final = frozenset({PROGRESSING, NOT_READY, WAITING, VERIFYING, DELETING, STOPPING})
"""Reasons that need nobody's action: the state changes without it."""
_NOT_DONE: Final = frozenset({"rejected", "gated"})


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition without its history."""

    type: str
    truth: "Truth"
    reason: str
    message: str = ""


def dated(findings: Iterable[Finding], generation: int, old: Mapping[str, Any], now: str) -> "list[Condition]":
    """The findings as conditions; lastTransitionTime changes only with the status."""
    from ailtire_operator.model.status import Condition

    before = SavedStatus.of(old)
    return [
        Condition(
            type=finding.type,
            status=finding.truth,
            observed_generation=generation,
            last_transition_time=_since(before.condition(finding.type), finding.truth, now),
            reason=finding.reason,
            message=bounded(finding.message),
        )
        for finding in findings
    ]


def _since(before: SavedCondition, truth: "Truth", now: str) -> str:
    return before.since or now if before.status == truth else now


def shown(conditions: "Iterable[Condition]") -> str:
    """What ``kubectl get`` shows under READY; empty where nothing is known."""
    truths = {each.type: each.status for each in conditions}
    return next((each for each in (SUSPENDED, STOPPED) if truths.get(each) == "True"), truths.get(READY, ""))


def translated(notices: "Sequence[Notice]") -> Finding:
    """Whether everything in the definition has its effect; the exceptions are in status.translation."""
    count = plural(len(notices), "deviation")
    missing = sorted({notice.path for notice in notices if notice.classification in _NOT_DONE})
    if missing:
        return Finding(TRANSLATED, "False", "NotAllowed", f"{count}; without effect: {listed(missing)}")
    if notices:
        return Finding(
            TRANSLATED, "True", "WithDeviations", f"{count} from the definition, listed in status.translation"
        )
    return Finding(TRANSLATED, "True", "Exact", "everything runs as defined")


def references(missing: Mapping[str, str], optional: Mapping[str, str]) -> Finding:
    """Whether every template that a member refers to (by key) exists."""
    if missing:
        names = [f"'{name}' of {key}" for key, name in sorted({**missing, **optional}.items())]
        return Finding(REFERENCES, "False", "TemplateMissing", f"there is no template {listed(names)} in the namespace")
    if optional:
        names = [f"'{name}' of {key}" for key, name in sorted(optional.items())]
        return Finding(
            REFERENCES, "False", "OptionalMissing", f"there is no template {listed(names)}; all are optional"
        )
    return Finding(REFERENCES, "True", "Resolved")


def conflicting(
    foreign: Sequence[str],
    contested: Sequence[str],
    orphans: Sequence[str] = (),
    root: str = "",
    hosts: Sequence[str] = (),
) -> Iterator[Finding]:
    """Name conflicts: foreign objects with a name that this stack needs, and objects that another stack needs too.

    ``orphans`` have such a name, the operator's labels and no owner; ``root`` is the root of the stack's tree;
    ``hosts`` are hosts that another stack published first, a sentence each.
    """
    if foreign:
        message = f"owned by others and not changed: {listed(sorted(foreign))}; rename or remove them, or the members"
        without = f"; without an owner: {listed(sorted(orphans))}" if orphans else ""
        yield Finding(CONFLICTING, "True", "ForeignObject", message + without)
    elif orphans:
        command = f"to adopt objects that have lost their owner: {naming.adoption_command(root)}"
        message = f"{command}; until then these are not changed: {listed(sorted(orphans))}"
        yield Finding(CONFLICTING, "True", "OrphanedObject", message)
    elif contested:
        message = f"another stack needs the same names: {listed(sorted(contested))}; rename a member of either stack"
        yield Finding(CONFLICTING, "True", "ContestedName", message)
    elif hosts:
        yield Finding(CONFLICTING, "True", "SharedHost", f"{listed(hosts)}; name another host, or remove one of them")


def held(kind: str, updates: Mapping[str, str]) -> Iterator[Finding]:
    """Failed updates that are not retried, a sentence each; ``kind`` is RolledBack or UpdatePaused."""
    if updates:
        message = "; ".join(f"{key}: {sentence}" for key, sentence in sorted(updates.items()))
        yield Finding(kind, "True", UPDATE_FAILED, message)


def waiting_for_deletion(leaving: Sequence[str]) -> Iterator[Finding]:
    """Objects that are being deleted, a sentence each."""
    if leaving:
        yield Finding(WAITING_FOR_DELETION, "True", DELETING, listed(leaving))


def suspended(by: str | None) -> Iterator[Finding]:
    """Whether the stack is suspended; ``by`` is the ancestor that is suspended, empty for the stack itself."""
    if by is not None:
        message = f"suspended with the stack '{by}'" if by else "spec.suspend is set"
        yield Finding(SUSPENDED, "True", "Suspended", f"{message}: what runs keeps running, nothing is changed")


def stopped(why: str) -> Iterator[Finding]:
    """Whether the stack is stopped; ``why`` is where that is said, empty if it is not."""
    if why:
        yield Finding(STOPPED, "True", STOPPED, f"{why}: nothing runs, and gateways answer 503")


def stalled(reason: str, message: str) -> list[Finding]:
    """Not ready, and it stays so until somebody acts."""
    return [Finding(READY, "False", reason, message), Finding(STALLED, "True", reason, message)]
