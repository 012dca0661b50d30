"""What the operator would make of an imported stack: its own notices, and without what it would refuse. Pure.

A Compose file may say things that only an administrator's settings allow. The operator would refuse the whole stack for
one of them; an import leaves it out and says so in the operator's words.
"""

from collections.abc import Iterable, Mapping, Set
from typing import Any

from ailtire_operator.cli.failures import Invalid
from ailtire_operator.cli.rendering import tree_plans
from ailtire_operator.compose import reporting
from ailtire_operator.compose.accepted import Accepted
from ailtire_operator.compose.droppable import may_go
from ailtire_operator.model.field_path import SPEC, FieldPath, path_of
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.problems import FieldError, InvalidStack
from ailtire_operator.model.report import Classification, Notice, Report
from ailtire_operator.model.settings import Settings


def filtered(
    resource: dict[str, Any], settings: Settings, opened: Accepted | None = None
) -> tuple[dict[str, Any], list[Notice]]:
    """The stack as the operator takes it, and what it will say. Raises Invalid for what cannot be left out.

    A plan names all that is refused, and that is left out at once; what is then refused is left out in turn. A service
    that would run open without it goes as a whole, unless it is among what is ``opened``.
    """
    kept = reporting.Report(opened)
    while (found := _judged(resource, settings)).problems:
        closed = _closed(resource["spec"]["services"], found.problems, kept)
        removed = set[FieldPath]()
        spec = _without(resource["spec"], SPEC, {*map(_place, found.problems), *closed}, removed)
        if not removed:
            raise Invalid(list(map(str, found.problems)))
        resource = {**resource, "spec": spec}
        kept.extend(_left_out(each) for each in found.problems if _place(each) in removed)
    kept.extend(found.notices)
    return resource, list(kept.notices)


def _closed(services: Mapping[str, Any], problems: Iterable[FieldError], kept: reporting.Report) -> set[FieldPath]:
    """The places of services that would run open without what is refused."""
    starts = {path_of(SPEC, "services", key): key for key in services}
    result: set[FieldPath] = set()
    for problem in problems:
        place = _place(problem)
        for start, key in starts.items():
            if not place.is_below(start) or may_go(place.steps[len(start.steps) :], services[key]):
                continue
            if kept.keeps_closed(problem.where, f"{key} would run OPEN: left out", problem.message, [key]):
                result.add(start)
    return result


def _place(problem: FieldError) -> FieldPath:
    return problem.part_of or problem.where


def _left_out(problem: FieldError) -> Notice:
    kind: Classification = "gated" if problem.gated else "rejected"
    return Notice(problem.where, kind, f"{problem.message}; it is left out.")


def _judged(resource: dict[str, Any], settings: Settings) -> Report:
    """What the operator would say of the stack."""
    found = Report()
    try:
        for _, made in tree_plans(parse_stack(resource), {}, settings):
            if isinstance(made, InvalidStack):
                found.refuse(made.problems)
            else:
                found.extend(made.notices)
    except InvalidStack as error:
        found.refuse(error.problems)
    return found


def _without(node: Any, path: FieldPath, unwanted: Set[FieldPath], removed: set[FieldPath]) -> Any:
    """A copy without the values at these paths and without what is empty then; ``removed`` are those that it had."""
    if isinstance(node, dict):
        entries = ((key, _kept(value, key, path, unwanted, removed)) for key, value in node.items())
        return {key: value for key, value in entries if value is not _NOTHING}
    if isinstance(node, list):
        values = (_kept(value, index, path, unwanted, removed) for index, value in enumerate(node))
        return [value for value in values if value is not _NOTHING]
    return node


_NOTHING: Any = object()


def _kept(value: Any, key: str | int, path: FieldPath, unwanted: Set[FieldPath], removed: set[FieldPath]) -> Any:
    """What is left of an entry; _NOTHING where it goes."""
    where = path_of(path, key)
    if where in unwanted:
        removed.add(where)
        return _NOTHING
    kept = _without(value, where, unwanted, removed)
    return _NOTHING if kept in ({}, []) and value not in ({}, []) else kept
