"""When what was written runs. Pure: the edits and a tree's resources in, a verdict out."""

from collections.abc import Iterable, Mapping, Sequence

from ailtire_operator import naming
from ailtire_operator.cli.definition_edits import Edit, has_come_down
from ailtire_operator.cli.trees import Resource, State, is_observed, place_of, services_of, spec_of, state_of
from ailtire_operator.cli.wait_conditions import judge_ready, judge_service
from ailtire_operator.cli.wait_outcomes import Outcome, Verdict
from ailtire_operator.model.templates import is_template


def judge_edits(edits: Sequence[Edit], stacks: Sequence[Resource]) -> Verdict:
    """Whether everything that was written is ready as it was written."""
    return together(judge_edit(each, stacks) for each in edits)


def together(verdicts: Iterable[Verdict]) -> Verdict:
    """The first that cannot come, the first that is waited for, or all of them."""
    found = list(verdicts)
    failed = [each for each in found if each.outcome not in (Outcome.REACHED, Outcome.WAITING)]
    waiting = [each for each in found if each.outcome is Outcome.WAITING]
    lines = dict.fromkeys(each.line for each in found)
    return next(iter(failed + waiting), Verdict(Outcome.REACHED, "; ".join(lines)))


def judge_edit(edit: Edit, stacks: Sequence[Resource]) -> Verdict:
    """Whether what one edit is about is ready as it was written."""
    by_name = {each["metadata"]["name"]: each for each in stacks}
    live = by_name.get(edit.live)
    if live is None or not has_come_down(edit, live):
        return _on_its_way(edit, live, by_name)
    if is_template(spec_of(live)):
        line = f"{edit.path} is written: {edit.live} is a template, so that its followers are to be waited for"
        return Verdict(Outcome.REACHED, line)
    member = services_of(live).get(edit.key) or {}
    if not edit.key or member.get("type") != "stack":
        return _ready(edit.path, live, edit.key, stacks)
    if not is_observed(live):
        return _on_its_way(edit, live, by_name)
    child = by_name.get(naming.member(edit.live, edit.key))
    if child is None:
        return Verdict(Outcome.WAITING, f"{edit.path}: the stack has not been made yet")
    return _ready(edit.path, child, "", stacks)


def _ready(path: str, stack: Resource, key: str, stacks: Sequence[Resource]) -> Verdict:
    if key:
        return judge_service(path, stack, key)
    return judge_ready(path, [stack, *(each for each in stacks if each is not stack)])


def _on_its_way(edit: Edit, live: Resource | None, by_name: Mapping[str, Resource]) -> Verdict:
    """The change has not come down yet, and does not where a stack on the way is suspended."""
    stack = live or by_name.get(edit.owner)
    for _ in by_name:
        if stack is None:
            break
        state, _, message = state_of(stack)
        if state is State.SUSPENDED:
            return Verdict(Outcome.SUSPENDED, f"{edit.path}: {stack['metadata']['name']}: {message}")
        stack = by_name.get(place_of(stack).get("parent", ""))
    return Verdict(Outcome.WAITING, f"{edit.path}: the change has not come down to {edit.live} yet")
