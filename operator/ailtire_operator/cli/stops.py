"""``stop`` and ``start``: whether a stack or service runs, written where it is. Pure."""

from collections.abc import Iterator, Sequence

from ailtire_operator import naming
from ailtire_operator.cli.definition_edits import Edit, Plan, member_edit
from ailtire_operator.cli.definition_places import STOPPED, Place, outermost, stopped_by, subtree
from ailtire_operator.cli.edit_waits import judge_edit, together
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.restarts import is_job
from ailtire_operator.cli.trees import Resource, services_of
from ailtire_operator.cli.wait_outcomes import Outcome, Verdict
from ailtire_operator.model.templates import is_template
from ailtire_operator.status.text import listed


def plan_stop(places: Sequence[Place]) -> Plan:
    """Stop what is meant, with everything below it. Raises Failure for a template, which never runs."""
    outer, notes = outermost(places)
    plan = Plan([], notes=notes)
    for place in outer:
        _refuse_template(place)
        stopped = stopped_by(place)
        if stopped:
            as_well = "" if stopped == place.path else f", as {stopped} is"
            plan.already.append(f"{naming.SINGULAR}/{place.entry.owner}: {place.path} is stopped already{as_well}")
        if stopped == place.path and place.entry.value.get(STOPPED) is not True:  # by its own definition
            plan.edits.append(Edit(place.path, place.stack.written(), (STOPPED,), True, True, place.stack.live))
        elif stopped in ("", place.path):
            plan.edits.append(member_edit(place, STOPPED, True))
    return plan


def plan_start(places: Sequence[Place], stacks: Sequence[Resource]) -> Plan:
    """Start what is meant. Raises Failure where a stack above it is stopped, which is not started with it."""
    starting = {each.names: each for each in places}
    plan = Plan([])
    for place in starting.values():
        _refuse_template(place)
        for level in place.levels if place.key else place.levels[:-1]:
            if level.stopped and level.names not in starting:
                hint = f"Start that: kubectl ailtire start {level.path}"
                raise Failure(f"{place.path} cannot run while {level.path} is stopped", hint)
        edits = list(_starts(place))
        plan.edits.extend(edits or [member_edit(place, STOPPED, None)])
        if not edits:
            plan.already.append(f"{naming.SINGULAR}/{place.entry.owner}: {place.path} is not stopped")
        left = [each.path for each in _stopped_below(place, stacks) if each.names not in starting]
        if left:
            plan.notes.append(f"{listed(left, 8)} below {place.path} stays stopped, as it was stopped itself")
    return plan


def judge_stopped(edits: Sequence[Edit], stacks: Sequence[Resource]) -> Verdict:
    """Whether nothing runs any more of what was stopped."""
    return together(_stopped(each, stacks) for each in edits)


def _stopped(edit: Edit, stacks: Sequence[Resource]) -> Verdict:
    verdict = judge_edit(edit, stacks)
    if verdict.outcome is Outcome.STOPPED:
        return Verdict(Outcome.REACHED, verdict.line)
    if verdict.outcome is not Outcome.REACHED:
        return verdict
    live = next(each for each in stacks if each["metadata"]["name"] == edit.live)
    if edit.key and is_job(services_of(live).get(edit.key) or {}, live, edit.key):
        return verdict  # it has run to its end
    return Verdict(Outcome.WAITING, f"{edit.path}: it still runs")


def _starts(place: Place) -> Iterator[Edit]:
    """The edits that take away what stops it: as a member, and in its own definition."""
    if place.entry.value.get(STOPPED) is True:
        yield member_edit(place, STOPPED, None)
    level = place.stack
    if place.key or not level.key or level.spec.get(STOPPED) is not True:
        return
    where = level.written()
    if level.template:
        hint = f"Take {STOPPED} out of the {naming.KIND} {level.template}: all that refer to it start."
        raise Failure(f"{place.path} is stopped by its template '{level.template}'", hint)
    yield Edit(place.path, where, (STOPPED,), True, None, level.live)


def _stopped_below(place: Place, stacks: Sequence[Resource]) -> Iterator[Place]:
    for here in subtree(place, stacks) if not place.key else ():
        if here.names != place.names and here.stack.stopped:
            yield here
        for key, member in here.stack.services.items():
            if (member or {}).get("type") != "stack" and (member or {}).get(STOPPED) is True:
                yield Place(here.levels, key)


def _refuse_template(place: Place) -> None:
    if is_template(place.levels[0].spec):
        name = place.levels[0].live
        raise Failure(f"{name} is a template, which never runs", "Name a stack that refers to it.")
