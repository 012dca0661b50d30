"""``restart``: the time from which pods are to be new, written where a stack or service is. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from ailtire_operator.cli.definition_edits import RESTARTED_AT, Plan, member_edit
from ailtire_operator.cli.definition_places import Place, outermost, stopped_by, subtree
from ailtire_operator.cli.failures import Failure
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
    return Plan([member_edit(each, _FIELD, text) for each in outer], notes=notes)


def require_running(places: Sequence[Place]) -> None:
    """Raise Failure for what is stopped, of which nothing runs that could restart."""
    for place in places:
        if stopped := stopped_by(place):
            as_well = "" if stopped == place.path else f", as {stopped} is"
            hint = f"Start it: kubectl ailtire start {stopped}"
            raise Failure(f"{place.path} is stopped{as_well}, so nothing of it can restart", hint)


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
