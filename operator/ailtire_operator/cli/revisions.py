"""The revisions of a tree as commands see them. Pure: objects of the cluster in, what to show out."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cli import output
from ailtire_operator.cli.failures import Failure, Missing
from ailtire_operator.cli.trees import Resource, place_of, spec_of
from ailtire_operator.model.templates import is_template, references
from ailtire_operator.plan.definition_changes import DefinitionChange, TreeDefinition, changes_between
from ailtire_operator.plan.tree_revisions import definition_of
from ailtire_operator.printable import plural
from ailtire_operator.status.text import listed

_SHOWN: Final = 3
"""Changes of a revision that its line shows."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One definition that was Ready as a whole."""

    number: int
    generation: int
    """Of the root."""
    time: str
    """When it was kept, as Kubernetes writes it."""
    manager: str
    """Who wrote it."""
    cause: str
    """The root's annotation kubernetes.io/change-cause."""
    digest: str
    definition: TreeDefinition


@dataclass(frozen=True, slots=True)
class Entry:
    """A revision in its history."""

    revision: Revision
    current: bool
    """Whether it is the definition that is written now."""
    changes: Sequence[DefinitionChange] | None
    """What it changed; None for the oldest that is kept."""

    def to_json(self) -> dict[str, Any]:
        """As data; the form is part of the command's promise (docs/cli.md)."""
        of = self.revision
        return {
            "revision": of.number,
            "current": self.current,
            "time": of.time,
            "generation": of.generation,
            "manager": of.manager,
            "changeCause": of.cause,
            "changes": None if self.changes is None else [each.to_json() for each in self.changes],
        }


def require_root(resource: Resource) -> None:
    """Raise Failure for a stack that has no revisions of its own."""
    name = resource["metadata"]["name"]
    if root := place_of(resource).get("root"):
        message = f"{name} is a part of {root}; revisions are kept of the whole tree"
        raise Failure(message, f"See 'kubectl ailtire history {root}'.")
    if is_template(spec_of(resource)):
        raise Failure(f"{name} is a template; revisions are kept of the trees that refer to it")


def read(objects: Sequence[Mapping[str, Any]], root: Resource) -> list[Revision]:
    """The revisions of the root among ControllerRevisions, the oldest first; what cannot be read is none."""
    found = (_read(each) for each in objects if _belongs(each, root))
    return sorted((each for each in found if each is not None), key=lambda each: each.number)


def _belongs(kept: Mapping[str, Any], root: Resource) -> bool:
    owners = kept["metadata"].get("ownerReferences") or ()
    return any(each.get("uid") == root["metadata"].get("uid") for each in owners)


def _read(kept: Mapping[str, Any]) -> Revision | None:
    metadata = kept["metadata"]
    annotations = metadata.get("annotations") or {}
    definition = definition_of(kept)
    if definition is None:
        return None
    generation = annotations.get(naming.ANNOTATION_GENERATION, "")
    return Revision(
        number=int(kept.get("revision") or 0),
        generation=int(generation) if generation.isdigit() else 0,
        time=metadata.get("creationTimestamp") or "",
        manager=annotations.get(naming.ANNOTATION_MANAGER, ""),
        cause=annotations.get(naming.CHANGE_CAUSE, ""),
        digest=annotations.get(naming.ANNOTATION_DEFINITION) or definition.digest(),
        definition=definition,
    )


def written(spec: Mapping[str, Any], stacks: Sequence[Resource]) -> TreeDefinition:
    """A root's definition with the templates that the namespace has now."""
    known = {each["metadata"]["name"]: spec_of(each) for each in stacks if is_template(spec_of(each))}
    templates: dict[str, Mapping[str, Any]] = {}
    waiting = [spec]
    while waiting:
        for name in references(waiting.pop()):
            if name in known and name not in templates:
                templates[name] = known[name]
                waiting.append(known[name])
    return TreeDefinition(spec, templates)


def history(revisions: Sequence[Revision], now: TreeDefinition) -> list[Entry]:
    """Each revision with what it changed, the oldest first."""
    digest = now.digest()
    current = max((each.number for each in revisions if each.digest == digest), default=None)
    befores: list[Revision | None] = [None, *revisions]
    return [
        Entry(each, each.number == current, changes_between(old.definition, each.definition) if old else None)
        for old, each in zip(befores, revisions, strict=False)
    ]


def find(revisions: Sequence[Revision], number: int, root: str) -> Revision:
    """The revision of this number. Raises Missing."""
    for each in revisions:
        if each.number == number:
            return each
    numbers = listed([str(each.number) for each in revisions], 20)
    raise Missing(f"{root} has no revision {number}", f"There are: {numbers}." if numbers else _none(root))


def before(revisions: Sequence[Revision], now: TreeDefinition, root: str) -> Revision:
    """The newest revision that is not the definition of now. Raises Missing."""
    digest = now.digest()
    for each in reversed(revisions):
        if each.digest != digest:
            return each
    raise Missing(f"{root} has no revision to go back to", _none(root) if not revisions else "")


def _none(root: str) -> str:
    return f"A definition is kept once it is Ready as a whole: 'kubectl ailtire tree {root}' shows what is not."


def rows(entries: Sequence[Entry]) -> list[str]:
    """A line for each revision, the newest first, below a heading."""
    heading = ("REVISION", "TIME", "BY", "CHANGE-CAUSE", "CHANGES")
    table = [heading, *(_row(each) for each in reversed(entries))]
    widths = [max(len(row[column]) for row in table) for column in range(len(heading) - 1)]
    return [_line(row, widths) for row in table]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
    return "   ".join([*cells, row[-1]])


def _row(entry: Entry) -> tuple[str, str, str, str, str]:
    of = entry.revision
    number = f"{of.number} (current)" if entry.current else str(of.number)
    return number, of.time or "-", of.manager or "-", " ".join(of.cause.split()) or "-", _summary(entry)


def _summary(entry: Entry) -> str:
    if entry.changes is None:
        return "-" if entry.revision.number > 1 else "the first definition"
    return in_words(entry.changes)


def in_words(changes: Sequence[DefinitionChange]) -> str:
    """The first changes in one line, and how many more there are."""
    if not changes:
        return "nothing that runs"
    more = len(changes) - _SHOWN
    return "; ".join(map(str, changes[:_SHOWN])) + (f"; and {plural(more, 'other change')}" if more > 0 else "")


def manifests(definition: TreeDefinition, root: Resource) -> list[dict[str, Any]]:
    """The definition as files have it: the root, and the templates as they were."""
    namespace = root["metadata"].get("namespace")
    named = {root["metadata"]["name"]: definition.spec, **definition.templates}
    return [
        {
            "apiVersion": naming.API_VERSION,
            "kind": naming.KIND,
            "metadata": {"name": name, "namespace": namespace},
            "spec": dict(spec),
        }
        for name, spec in named.items()
    ]


def unified(old: TreeDefinition, new: TreeDefinition, names: tuple[str, str], root: Resource) -> Iterator[str]:
    """The lines of a unified diff of two definitions, without line ends."""
    one, other = (output.to_yaml_stream(manifests(_ordered(each), root)).splitlines() for each in (old, new))
    return difflib.unified_diff(one, other, *names, lineterm="")


def _ordered(definition: TreeDefinition) -> TreeDefinition:
    """Keys in order, as another order is no difference."""
    ordered: TreeDefinition = TreeDefinition(
        _sorted(definition.spec), {name: _sorted(each) for name, each in sorted(definition.templates.items())}
    )
    return ordered


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
