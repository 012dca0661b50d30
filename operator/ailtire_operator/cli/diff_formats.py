"""What ``diff`` has found, in the forms of other programs: SARIF, JUnit, GitHub's annotations, Markdown. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cli import check_formats
from ailtire_operator.cli.definitions import Definition, Definitions
from ailtire_operator.cli.diff_markdown import markdown
from ailtire_operator.cli.differences import Action, Difference
from ailtire_operator.cli.formats import DiffFormat
from ailtire_operator.cli.impact_lines import impact_lines
from ailtire_operator.cli.issues import Issue
from ailtire_operator.cli.previews import Preview, Refusal
from ailtire_operator.cli.result_formats import Case, Result, github, junit, sarif
from ailtire_operator.model.field_path import WHOLE, FieldPath, path_of
from ailtire_operator.printable import plural

PROGRAMS: Final = (DiffFormat.SARIF, DiffFormat.JUNIT, DiffFormat.GITHUB, DiffFormat.MARKDOWN)
"""The forms that are made here."""
_REFUSED: Final = "apply-refused"
_NOTE: Final = "apply-note"
_RULES: Final = {
    **{f"object-{action}": f"Applying the files would have an object {action}." for action in Action},
    _REFUSED: "The API server or the operator would refuse it.",
    _NOTE: "Something that an apply would leave alone, or that is worth knowing before.",
    **check_formats.RULES,
}


def formatted(form: DiffFormat, changes: Sequence[Difference], preview: Preview, found: Definitions) -> str:
    """The whole output in one of PROGRAMS."""
    differences = [_difference(each, found) for each in changes]
    refusals = [_refusal(each, found) for each in preview.problems]
    said = filter(None, (*preview.notes, *impact_lines(preview.impacts), preview.unshown_note()))
    notes = [*(Result(_NOTE, "note", each.strip()) for each in said), *map(check_formats.result, found.notes)]
    if form is DiffFormat.MARKDOWN:
        return markdown(refusals, list(zip(changes, differences, strict=True)), notes)
    if form is not DiffFormat.JUNIT:
        return _listed(form, [*refusals, *differences, *notes])
    cases = [Case(each.place or each.resource, "refused", errors=[each]) for each in refusals]
    cases += [_case(each, result) for each, result in zip(changes, differences, strict=True)]
    cases += [Case("notes", "notes", passed=notes)] if notes else []
    concerned = {(each.source, each.line) for each in (*refusals, *(_start(change, found) for change in changes))}
    return junit("diff", [*_unchanged(found, concerned), *cases])


def refused(form: DiffFormat, issues: Sequence[Issue]) -> str:
    """The same where the input itself is wrong, so that the cluster was not asked."""
    results = [check_formats.result(each) for each in issues]
    if form is DiffFormat.JUNIT:
        return junit("diff", [Case(each.place, each.resource or "diff", errors=[each]) for each in results])
    if form is DiffFormat.MARKDOWN:
        return markdown(results, [], [])
    return _listed(form, results)


def _listed(form: DiffFormat, results: Sequence[Result]) -> str:
    return sarif(results, _RULES) if form is DiffFormat.SARIF else github(results, "diff")


def _unchanged(found: Definitions, concerned: set[tuple[str, int]]) -> Iterator[Case]:
    """A test that has passed for each stack of the input of which nothing would change."""
    for each in found.all:
        if (each.document.source, each.document.line) not in concerned:
            yield Case(each.label, "diff")


def _case(change: Difference, result: Result) -> Case:
    name = "/".join(filter(None, (change.ref.namespace, change.ref.name)))
    return Case(name, change.ref.kind, failures=[result], details="\n".join(change.unified()))


def _difference(change: Difference, found: Definitions) -> Result:
    paths = list(changed_paths(change.before, change.after)) if change.before and change.after else []
    more = f", with {plural(len(paths) - 1, 'other value')} of it" if len(paths) > 1 else ""
    path = paths[0] if paths else WHOLE
    start, definition = _start(change, found), _own(change, found)
    held = f"; held back: {change.held}" if change.held else ""
    message = f"would be {change.action}{more}{held}"
    found_at = replace(start, rule=f"object-{change.action}", level="warning", message=message)
    if definition is not None and paths:
        line, column = definition.document.place((*definition.path.in_document, *path.in_document))
        found_at = replace(found_at, line=line, column=column)
    return replace(found_at, resource=str(change.ref), path=str(path))


def _refusal(refusal: Refusal, found: Definitions) -> Result:
    about = refusal.about
    start = _at(about if isinstance(about, Definition) else next(iter(found.all), None))
    named = f"{naming.KIND} {about.stack.name}" if isinstance(about, Definition) else str(about)
    return replace(start, rule=_REFUSED, level="error", message=refusal.message, resource=named)


def _own(change: Difference, found: Definitions) -> Definition | None:
    """The definition in the input, of an object that is applied itself."""
    return _named(change.ref.name, change.ref.namespace, found) if change.ref.kind == naming.KIND else None


def _start(change: Difference, found: Definitions) -> Result:
    """Where the definition begins from which a change comes; else the first of the input, which has led to it."""
    labels = ((change.after or change.before or {}).get("metadata") or {}).get("labels") or {}
    own = _own(change, found) or _named(labels.get(naming.LABEL_ROOT, ""), change.ref.namespace, found)
    return _at(own or next(iter(found.all), None))


def _named(name: str, namespace: str, found: Definitions) -> Definition | None:
    fits = (each for each in found.all if each.stack.name == name and each.stack.namespace in ("", namespace))
    return next(fits, None)


def _at(definition: Definition | None) -> Result:
    if definition is None:
        return Result("", "note", "")
    document = definition.document
    line, column = document.place(definition.path.in_document)
    return Result("", "note", "", document.source, line, column)


def changed_paths(before: Any, after: Any, path: FieldPath = WHOLE) -> Iterator[FieldPath]:
    """The paths of the values that differ; of what is only on one side its own path."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted(before.keys() | after.keys(), key=str):
            if before.get(key) != after.get(key):
                yield from changed_paths(before.get(key), after.get(key), path_of(path, key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            if old != new:
                yield from changed_paths(old, new, path_of(path, index))
    else:
        yield path
