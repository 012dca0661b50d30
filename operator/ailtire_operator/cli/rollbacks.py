"""What going back to a revision would change, and what it would not. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ailtire_operator.cli.definitions import known_templates, tree_problems
from ailtire_operator.cli.delivery_tools import brings_back
from ailtire_operator.cli.revisions import Revision, written
from ailtire_operator.cli.spec_replacing import replacement
from ailtire_operator.cli.trees import Resource, spec_of
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.plan.definition_changes import DefinitionChange, TreeDefinition, changes_between
from ailtire_operator.printable import plural
from ailtire_operator.status.text import listed

_SHOWN: Final = 200
"""Changes that are shown before a rollback."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What to say before a rollback."""

    changes: Sequence[DefinitionChange]
    """Each field that changes."""
    lines: Sequence[str]
    """The first of them in words, by their paths."""
    notes: Sequence[str]


def explain(root: Resource, stacks: Sequence[Resource], wanted: Revision, now: TreeDefinition) -> Explanation:
    """What writing the revision's spec would change, with the templates as they are now."""
    name = root["metadata"]["name"]
    found = changes_between(now, written(wanted.definition.spec, stacks))
    lines = [str(each) for each in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"and {plural(len(found) - _SHOWN, 'other change')}")
    notes = []
    then, today = wanted.definition.templates, written(wanted.definition.spec, stacks).templates
    if others := sorted(each for each in then if then[each] != today.get(each)):
        notes.append(
            f"templates that differ since then are shared by others, and stay as they are: {listed(others, 12)}"
        )
    if spec_of(root).get("suspend"):
        notes.append(f"{name} is suspended: nothing happens until that is gone")
    if kept := brings_back(root):
        notes.append(kept)
    elif replacement(root, wanted.definition.spec).recorded:
        notes.append(f"{name} was applied from a file; to apply it again brings back what the file says")
    if found:
        notes.append("volumes keep what is in them, and what jobs have done is not undone")
    return Explanation(found, lines, notes)


def problems(root: Resource, stacks: Sequence[Resource], wanted: Revision) -> list[str]:
    """Why the revision's spec is no valid definition any more: another release, or a template that is gone."""
    after = {**root, "spec": dict(wanted.definition.spec)}
    try:
        stack = parse_stack(after)
    except InvalidStack as error:
        return [str(each) for each in error.problems]
    others = [each for each in stacks if each["metadata"]["name"] != root["metadata"]["name"]]
    found, _ = tree_problems(stack, known_templates([*others, after]))
    return [str(each) for each in found]
