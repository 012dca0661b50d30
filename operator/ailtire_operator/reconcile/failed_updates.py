"""What is noted, on the last good definition of a service, of the update after it that failed. Pure."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cluster.store import Record
from ailtire_operator.model.nesting import loads
from ailtire_operator.plan.types import FailedUpdate


@dataclass(frozen=True, slots=True)
class FailureRecord:
    """An update that has failed."""

    template: str
    """The hash of its pod template."""
    generation: int
    """Of the stack, when its definition was last found to be that of the update."""
    image: str
    reason: str
    message: str
    kept: int
    """Replicas that still had the definition before."""

    def text(self) -> str:
        """The mark as it is written."""
        return json.dumps(asdict(self), sort_keys=True)

    def moved(self, template: str, generation: int) -> "FailureRecord":
        """The mark of the same update where an edit of something else, or an upgrade, has changed one of the two."""
        return replace(self, template=template, generation=generation)


def has_failure_record(record: Record) -> bool:
    """Whether there is a mark, such as it is."""
    return bool(record.summary.get("failed"))


def failure_record_of(record: Record) -> FailureRecord | None:
    """The mark on a last good definition; None if there is none, or none of ours."""
    try:
        fields = loads(record.summary.get("failed") or "null")
        failure = FailureRecord(**fields) if isinstance(fields, dict) else None
    except (TypeError, ValueError):
        return None
    sound = failure is not None and isinstance(failure.generation, int) and isinstance(failure.kept, int)
    return failure if sound else None


def in_order(records: Iterable[Record]) -> list[Record]:
    """Last good definitions, the last of each service last: the one before goes only once the next is there."""
    return sorted(records, key=lambda each: int(each.summary.get("revision", 0)))


def failed_updates(
    records: Iterable[Record], template_of: Callable[[Record], Mapping[str, Any] | None]
) -> Mapping[str, FailedUpdate]:
    """The failed updates of a stack, as the plan asks for them, from what is kept of its services."""
    found = {}
    for label, record in {each.labels.get(naming.LABEL_SERVICE, ""): each for each in in_order(records)}.items():
        failure = failure_record_of(record)
        template = template_of(record) if failure else None
        if failure is not None and template is not None:
            found[label] = FailedUpdate(failure.template, failure.generation, failure.kept, template)
    return found
