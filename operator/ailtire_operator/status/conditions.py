"""The conditions of a stack, in the way kstatus (and so Flux and ``kubectl wait``) reads them.

``Ready``, ``Translated`` and ``ReferencesResolved`` are always there once a spec could be read. ``Reconciling``,
``Stalled``, ``Conflicting``, ``RolledBack``, ``UpdatePaused``, ``WaitingForDeletion`` and ``Suspended`` tell of
something out of the ordinary: they are there only while True, as kstatus takes their absence for all clear. One of
Ready, Reconciling, Stalled and Suspended is True at any time.
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
ROLLED_BACK: Final = "RolledBack"
UPDATE_PAUSED: Final = "UpdatePaused"
WAITING_FOR_DELETION: Final = "WaitingForDeletion"
HELD: Final = frozenset({ROLLED_BACK, UPDATE_PAUSED})
"""Conditions, and reasons of services, that say what became of an update that failed."""

INVALID_SPEC: Final = "InvalidSpec"
UPDATE_FAILED: Final = "UpdateFailed"
ROLLING_BACK: Final = "RollingBack"
PROGRESSING: Final = "Progressing"
NOT_READY: Final = "NotReady"
WAITING: Final = "Waiting"
"""It is held until what it depends on is there."""
DELETING: Final = "Deleting"
"""Something has been deleted, and has not gone yet."""
UNDER_WAY: Final = frozenset({PROGRESSING, NOT_READY, WAITING, DELETING})
"""Reasons that go by themselves."""
_NOT_DONE: Final = frozenset({"rejected", "gated"})


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition without its history."""

    type: str
    truth: "Truth"
    reason: str
    message: str = ""


def dated(findings: Iterable[Finding], generation: int, old: Mapping[str, Any], now: str) -> "list[Condition]":
    """The findings as conditions; the time of a condition changes with its truth and with nothing else."""
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
    return SUSPENDED if truths.get(SUSPENDED) == "True" else truths.get(READY, "")


def translated(notices: "Sequence[Notice]") -> Finding:
    """Whether everything that was written has an effect; what differs is in status.translation."""
    count = plural(len(notices), "deviation")
    missing = sorted({notice.path for notice in notices if notice.classification in _NOT_DONE})
    if missing:
        return Finding(TRANSLATED, "False", "NotAllowed", f"{count}; without effect: {listed(missing)}")
    if notices:
        return Finding(
            TRANSLATED, "True", "WithDeviations", f"{count} from what is written, listed in status.translation"
        )
    return Finding(TRANSLATED, "True", "Exact", "everything runs as it is written")


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
    """The objects of others that stand where ours should be, and those of ours where another stack's should be.

    ``orphans`` stand where ours should be, look like ours and have no owner; ``root``: that of the stack's tree;
    ``hosts``: those that another stack has published before, a sentence each.
    """
    if foreign:
        message = f"not ours, and left as they are: {listed(sorted(foreign))}; rename or remove them, or the members"
        without = f"; without an owner: {listed(sorted(orphans))}" if orphans else ""
        yield Finding(CONFLICTING, "True", "ForeignObject", message + without)
    elif orphans:
        way_back = f"to take over what has lost its owner: {naming.adoption_command(root)}"
        message = f"{way_back}; until then these are left as they are: {listed(sorted(orphans))}"
        yield Finding(CONFLICTING, "True", "OrphanedObject", message)
    elif contested:
        message = (
            f"two stacks want one name, and this one has it: {listed(sorted(contested))}; rename a member of either"
        )
        yield Finding(CONFLICTING, "True", "ContestedName", message)
    elif hosts:
        yield Finding(CONFLICTING, "True", "SharedHost", f"{listed(hosts)}; name another host, or remove one of them")


def held(kind: str, updates: Mapping[str, str]) -> Iterator[Finding]:
    """The updates that have failed and are not tried again, a sentence each; ``kind`` says what was done."""
    if updates:
        message = "; ".join(f"{key}: {sentence}" for key, sentence in sorted(updates.items()))
        yield Finding(kind, "True", UPDATE_FAILED, message)


def waiting_for_deletion(leaving: Sequence[str]) -> Iterator[Finding]:
    """What has been deleted and has not gone yet, a sentence each."""
    if leaving:
        yield Finding(WAITING_FOR_DELETION, "True", DELETING, listed(leaving))


def suspended(by: str | None) -> Iterator[Finding]:
    """Whether nothing may be changed, and on whose word (the stack's own: an empty text)."""
    if by is not None:
        message = f"suspended with the stack '{by}'" if by else "spec.suspend is set"
        yield Finding(SUSPENDED, "True", "Suspended", f"{message}: what runs keeps running, nothing is changed")


def stalled(reason: str, message: str) -> list[Finding]:
    """Not ready, and only somebody else can change that."""
    return [Finding(READY, "False", reason, message), Finding(STALLED, "True", reason, message)]
