"""How many replicas a service has, changed where that is written. Pure: resources in, edits out."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ailtire_operator.cli.definition_edits import Edit
from ailtire_operator.cli.definition_places import locate
from ailtire_operator.cli.definition_writes import Steps
from ailtire_operator.cli.edit_waits import together
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.trees import Resource, State, is_observed, services_of, spec_of, state_of
from ailtire_operator.cli.wait_conditions import outcome_of
from ailtire_operator.cli.wait_outcomes import Outcome, Verdict
from ailtire_operator.model.templates import is_template
from ailtire_operator.status.text import listed

_WISH: Final = re.compile(r"(?P<path>[^=]+)=(?P<replicas>[0-9]{1,6})")


def plan_changes(wishes: Sequence[str], stacks: Sequence[Resource]) -> list[Edit]:
    """What to change for ``shop/web=3``. Raises Failure or Missing for what cannot be."""
    changes: dict[tuple[str, Steps], Edit] = {}
    for text in wishes:
        wish = _WISH.fullmatch(text)
        if wish is None:
            raise Failure(f"'{text}' is no path and count", "Write STACK/SERVICE=N, for example shop/orders/api=3.")
        change = _change(wish["path"], int(wish["replicas"]), stacks)
        other = changes.setdefault((change.owner, change.spot.steps), change)
        if other is not change:
            raise Failure(f"{other.path} and {change.path} stand in one place, so they cannot both be set")
    return list(changes.values())


def _change(path: str, replicas: int, stacks: Sequence[Resource]) -> Edit:
    place = locate(path, stacks)
    if not place.key:
        place.stack.written()
        inside = listed(sorted(place.stack.services), 12) or "there is none"
        hint = f"Name a service in it: {inside}. A gateway's count is gateway.replicas."
        raise Failure(f"{place.path} is a stack", hint)
    service, live = place.entry.value, place.stack.live
    _check(place.path, service, next((each for each in stacks if each["metadata"]["name"] == live), None), place.key)
    before = (service.get("deploy") or {}).get("replicas", 1)
    return Edit(place.path, place.entry, ("deploy", "replicas"), before, replicas, live, place.key)


def _check(where: str, service: Mapping[str, Any], live: Resource | None, key: str) -> None:
    """Raise Failure for a service whose count is not a person's to set."""
    mode = (service.get("deploy") or {}).get("mode", "replicated")
    kind = (((live or {}).get("status") or {}).get("services") or {}).get(key, {}).get("kind")
    if mode in ("global", "globalJob"):
        raise Failure(f"{where} runs once on each node (mode {mode})", "Where it runs is said by deploy.placement.")
    if mode == "replicatedJob" or kind == "Job":
        raise Failure(f"{where} is a job, which runs to its end and is not scaled", "Change its definition instead.")
    scaling = (service.get("policies") or {}).get("scaling")
    if scaling:
        bounds = f"min {scaling.get('min', 1)}, max {scaling.get('max')}"
        raise Failure(f"the count of {where} is the autoscaler's ({bounds})", "Change policies.scaling of the service.")


def judge_scaled(changes: Sequence[Edit], stacks: Sequence[Resource]) -> Verdict:
    """Whether everything runs as often as was asked for; ``stacks`` are all of the namespace."""
    by_name = {each["metadata"]["name"]: each for each in stacks}
    return together(_judge(change, by_name.get(change.live)) for change in changes)


def _judge(change: Edit, live: Resource | None) -> Verdict:
    if live is None:
        return Verdict(Outcome.WAITING, f"{change.path}: the stack {change.live} has not been made yet")
    written = services_of(live).get(change.key) or {}
    if (written.get("deploy") or {}).get("replicas", 1) != change.after:
        return Verdict(Outcome.WAITING, f"{change.path}: the change has not come down to {change.live} yet")
    if is_template(spec_of(live)):
        line = f"{change.path} is written: {change.live} is a template, so that its followers are to be waited for"
        return Verdict(Outcome.REACHED, line)
    state, reason, message = state_of(live)
    if state is State.STALLED:
        return Verdict(outcome_of(reason), f"{change.path}: {message or reason}")
    if state is State.SUSPENDED:
        return Verdict(Outcome.SUSPENDED, f"{change.path}: {message}")
    if state is State.STOPPED or written.get("stopped") is True:
        return Verdict(Outcome.STOPPED, f"{change.path}: it is stopped, so nothing of it runs")
    status = ((live.get("status") or {}).get("services") or {}).get(change.key) or {}
    ready, wanted = status.get("ready", 0), status.get("wanted", 0)
    if is_observed(live) and wanted == change.after and ready >= wanted:
        return Verdict(Outcome.REACHED, f"{change.path}: {f'{ready}/{wanted}' if wanted else 'stopped'}")
    why = f": {status['reason']}: {status.get('message', '')}" if status.get("reason") else ""
    return Verdict(Outcome.WAITING, f"{change.path}: {ready}/{change.after}{why}")
