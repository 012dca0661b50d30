"""``restart``: the time from which pods are to be new, written where a stack or service is. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from ailtire_operator.cli.definition_edits import RESTARTED_AT, Edit, Plan
from ailtire_operator.cli.definition_places import Place, subtree
from ailtire_operator.cli.paths import SEPARATOR
from ailtire_operator.cli.trees import Resource

(_FIELD,) = RESTARTED_AT


def plan_restart(places: Sequence[Place], now: datetime, stacks: Sequence[Resource]) -> Plan:
    """One time for all that is meant: later than any that stands there, so that each of them comes true."""
    live = {each["metadata"]["name"]: each for each in stacks}
    jobs = [each for each in places if each.key and is_job(each.entry.value, live.get(each.stack.live), each.key)]
    outer, notes = outermost(each for each in places if each not in jobs)
    outer += jobs  # which a stack that restarts does not run again
    times = [time for place in outer for time in _times(place, stacks)]
    text = rfc3339(max([now, *(each + timedelta(seconds=1) for each in times)]))
    return Plan([edit_of(each, _FIELD, text) for each in outer], notes=notes)


def edit_of(place: Place, field: str, value: Any) -> Edit:
    """The edit of a field of a stack or service as a member, or of a root."""
    return Edit(place.path, place.entry, (field,), place.entry.value.get(field), value, place.holder, place.member)


def outermost(places: Iterable[Place]) -> tuple[list[Place], list[str]]:
    """The places that are not below another one of them, each once; and a line for each that is."""
    by_path = {each.path: each for each in places}
    found, notes = [], []
    for path, place in by_path.items():
        above = next((each for each in by_path if path.startswith(f"{each}{SEPARATOR}")), None)
        if above is None:
            found.append(place)
        else:
            notes.append(f"{path} is part of {above}")
    return found, notes


def rfc3339(time: datetime) -> str:
    """A time in UTC, in whole seconds, as Kubernetes writes it."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _times(place: Place, stacks: Sequence[Resource]) -> Iterator[datetime]:
    """When what is meant was restarted before: by itself, by what it is part of, and by its parts."""
    above = [each for level in place.levels for each in (level.entry.value, level.spec)]
    inside: list[Mapping[str, Any]] = [place.entry.value]
    if not place.key:
        for level in (each.stack for each in subtree(place, stacks)):
            inside += [level.spec, *(each for each in level.services.values() if isinstance(each, Mapping))]
    for each in (*above, *inside):
        if isinstance(text := each.get(_FIELD), str):
            with suppress(ValueError):
                yield _aware(datetime.fromisoformat(text))


def _aware(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def is_job(service: Mapping[str, Any], live: Resource | None, key: str) -> bool:
    """Whether a service runs to its end: by its definition, or as its stack's status has it."""
    mode = (service.get("deploy") or {}).get("mode", "replicated")
    status = (((live or {}).get("status") or {}).get("services") or {}).get(key) or {}
    return mode in ("replicatedJob", "globalJob") or status.get("kind") == "Job"
