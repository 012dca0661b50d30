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
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.problems import FieldError, InvalidStack, path_of
from ailtire_operator.model.report import Classification, Notice, Report
from ailtire_operator.model.settings import Settings

_ROOT = "spec"


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
        removed = set[str]()
        spec = _without(resource["spec"], _ROOT, {*map(_place, found.problems), *closed}, removed)
        if not removed:
            raise Invalid(list(map(str, found.problems)))
        resource = {**resource, "spec": spec}
        kept.extend(_left_out(each) for each in found.problems if _place(each) in removed)
    kept.extend(found.notices)
    return resource, list(kept.notices)


def _closed(services: Mapping[str, Any], problems: Iterable[FieldError], kept: reporting.Report) -> set[str]:
    """The places of services that would run open without what is refused."""
    starts = {path_of(f"{_ROOT}.services", key): key for key in services}
    result: set[str] = set()
    for problem in problems:
        for start, key in starts.items():
            field = _place(problem).removeprefix(f"{start}.")
            if field == _place(problem) or may_go(field, services[key]):
                continue
            if kept.keeps_closed(problem.path, f"{key} would run OPEN: left out", problem.message, [key]):
                result.add(start)
    return result


def _place(problem: FieldError) -> str:
    return problem.part_of or problem.path


def _left_out(problem: FieldError) -> Notice:
    kind: Classification = "gated" if problem.gated else "rejected"
    return Notice(problem.path, kind, f"{problem.message}; it is left out.")


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


def _without(node: Any, path: str, unwanted: Set[str], removed: set[str]) -> Any:
    """A copy without the values at these paths and without what is empty then; ``removed`` are those that it had."""
    if isinstance(node, dict):
        entries = ((key, _kept(value, key, path, unwanted, removed)) for key, value in node.items())
        return {key: value for key, value in entries if value is not _NOTHING}
    if isinstance(node, list):
        values = (_kept(value, index, path, unwanted, removed) for index, value in enumerate(node))
        return [value for value in values if value is not _NOTHING]
    return node


_NOTHING: Any = object()


def _kept(value: Any, key: str | int, path: str, unwanted: Set[str], removed: set[str]) -> Any:
    """What is left of an entry; _NOTHING where it goes. A key of odd characters has two spellings in paths."""
    spellings = {path_of(path, key), f"{path}.{key}"}
    if found := spellings & unwanted:
        removed |= found
        return _NOTHING
    kept = value
    for spelled in sorted(spellings):
        kept = _without(kept, spelled, unwanted, removed)
    return _NOTHING if kept in ({}, []) and value not in ({}, []) else kept
