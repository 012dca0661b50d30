"""Values to write into the definitions of a tree: what is wrong with them, whom they concern, who undoes them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cli.definition_places import Place, Spot
from ailtire_operator.cli.definition_writes import Request, Steps, Write, edited, requests
from ailtire_operator.cli.definitions import known_templates, tree_problems
from ailtire_operator.cli.delivery_tools import brings_back
from ailtire_operator.cli.trees import Resource, place_of, services_of, spec_of
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.templates import is_template
from ailtire_operator.status.text import listed

RESTARTED_AT: Final = ("restartedAt",)


@dataclass(frozen=True, slots=True)
class Edit:
    """One value of a stack or service, and where it is written."""

    path: str
    """The stack or service in its tree."""
    spot: Spot
    """What holds the value: a member, or a stack's own definition."""
    field: Steps
    """The way from there to the value."""
    before: Any
    """What counts now, a default included; None where there is nothing."""
    after: Any
    """None removes it."""
    live: str
    """The name of the stack in whose resource the operator reads it."""
    key: str = ""
    """The member of that stack that it is about; empty for the stack itself."""

    @property
    def resource(self) -> Resource:
        """The AiltireStack that holds the definition."""
        return self.spot.resource

    @property
    def owner(self) -> str:
        """Its name."""
        return self.spot.owner

    @property
    def write(self) -> Write:
        """What to write there."""
        return Write(self.spot.steps, self.field, self.after)

    @property
    def where(self) -> str:
        """The value's path in the resource."""
        return ".".join(self.write.steps)


def member_edit(place: Place, name: str, value: Any) -> Edit:
    """The edit of a field of a stack or service as a member of its parent, or of a root."""
    return Edit(place.path, place.entry, (name,), place.entry.value.get(name), value, place.holder, place.member)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a command is to write."""

    edits: list[Edit]
    already: list[str] = field(default_factory=list)
    """What is so without a write, a line each."""
    notes: list[str] = field(default_factory=list)
    """What else there is to know."""


def grouped(edits: Iterable[Edit]) -> list[list[Edit]]:
    """The edits that change something, by resource. A place that several paths lead to is written once."""
    groups: dict[str, dict[Steps, Edit]] = {}
    for each in edits:
        if each.before != each.after:
            groups.setdefault(each.owner, {}).setdefault(each.write.steps, each)
    return [list(each.values()) for each in groups.values()]


def requests_for(group: Sequence[Edit]) -> list[Request]:
    """What to send for the edits of one resource."""
    return requests(group[0].resource, [each.write for each in group])


def problems(groups: Sequence[Sequence[Edit]], stacks: Sequence[Resource]) -> list[str]:
    """What would be wrong with the definitions after all edits, and is not wrong now: as ``validate`` says it."""
    changed = {group[0].owner: edited(group[0].resource, [each.write for each in group]) for group in groups}
    after = [changed.get(each["metadata"]["name"], each) for each in stacks]
    shared = any(is_template(spec_of(each)) for each in changed.values())
    found = []
    for old, new in zip(stacks, after, strict=True):
        name = old["metadata"]["name"]
        # A template may be wrong only where it is used.
        if name in changed or (shared and not place_of(old)):
            known = set(_wrong(old, stacks))
            found += [f"{naming.KIND} {name}: {each}" for each in _wrong(new, after) if each not in known]
    return found


def _wrong(resource: Resource, stacks: Sequence[Resource]) -> list[str]:
    try:
        stack = parse_stack(resource)
    except InvalidStack as error:
        return [str(each) for each in error.problems]
    found, _ = tree_problems(stack, known_templates(stacks))
    return [str(each) for each in found]


def warnings(group: Sequence[Edit], stacks: Sequence[Resource], noun: str = "value") -> list[str]:
    """What the edits of one resource touch beside, and who may undo them."""
    found = []
    resource, owner = group[0].resource, group[0].owner
    if is_template(spec_of(resource)):
        users = _users(owner, stacks)
        found += [_sharing(owner, live, users - {live}) for live in dict.fromkeys(each.live for each in group)]
    if spec_of(resource).get("suspend"):
        found.append(f"{owner} is suspended: nothing happens until that is gone")
    if all(each.field == RESTARTED_AT for each in group):
        return found  # whoever takes the time away again restarts nothing
    if kept := brings_back(resource):
        found.append(kept)
    elif all(each.recorded for each in requests_for(group)):
        found.append(f"{owner} was applied from a file; to apply it again brings back what the file says")
    else:
        found += [
            f"no apply of {owner} knows of this {noun}: a file that names no {'.'.join(each.field)} for {each.path}"
            " leaves it as it is"
            for each in group
            if each.after is not None
        ]
    return found


def _sharing(template: str, live: str, others: set[str]) -> str:
    if live == template:
        return f"{template} is a template, which {listed(sorted(others)) or 'nothing'} follows"
    beside = f", and {listed(sorted(others))} with it" if others else ""
    return f"{template} is a template: {live} follows it{beside}"


def _users(template: str, stacks: Sequence[Resource]) -> set[str]:
    """The stacks that have the template's definition."""
    return {
        naming.member(each["metadata"]["name"], key)
        for each in stacks
        if not is_template(spec_of(each))
        for key, service in services_of(each).items()
        if ((service or {}).get("stackRef") or {}).get("name") == template
    }


def has_come_down(edit: Edit, live: Mapping[str, Any]) -> bool:
    """Whether the stack that the operator reads has the value in its own definition."""
    spec = spec_of(live)
    found: Any = (spec.get("services") or {}).get(edit.key) if edit.key else spec
    for step in edit.field:
        found = found.get(step) if isinstance(found, Mapping) else None
    return bool(found == edit.after)
