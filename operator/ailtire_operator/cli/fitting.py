"""What the operator would make of an imported stack: its own notices, and without what it would refuse. Pure.

A Compose file may say things that only an administrator's settings allow. The operator would refuse the whole stack for
one of them; an import leaves it out and says so in the operator's words.
"""

from copy import deepcopy
from typing import Any, Final

from ailtire_operator.cli.failures import Invalid
from ailtire_operator.cli.rendering import tree_plans
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.problems import InvalidStack, Problem, path_of
from ailtire_operator.model.report import Classification, Notice
from ailtire_operator.model.settings import Settings
from ailtire_operator.plan.types import Plan

_OF_OTHERS: Final = frozenset({"dependsOn", "type", "stack", "stackRef"})
"""Of a service, what only makes sense beside others."""


def fitted(resource: dict[str, Any], settings: Settings) -> tuple[dict[str, Any], list[Notice]]:
    """The stack as the operator takes it, and what it will say. Raises Invalid where nothing can be left out.

    A plan ends with the first thing that is refused. Each service is planned alone at first, so that a large project
    with much to leave out is not planned as a whole for each of it.
    """
    resource = deepcopy(resource)
    notices: list[Notice] = []
    for key, service in resource["spec"]["services"].items():
        if not service.keys() & _OF_OTHERS - {"dependsOn"}:
            _fit_alone(resource, key, settings, notices)
    while problems := _problems(resource, settings, notices):
        if not _leave_out(resource, problems[0], notices):
            raise Invalid([str(problems[0])])
    return resource, list(dict.fromkeys(notices))


def _fit_alone(resource: dict[str, Any], key: str, settings: Settings, notices: list[Notice]) -> None:
    """Leave out of one service what would be refused even if it were the only one."""
    start = f"{path_of('spec.services', key)}."
    shared = {field: value for field, value in resource["spec"].items() if field not in ("interface", "edge")}
    while True:
        service = {field: each for field, each in resource["spec"]["services"][key].items() if field not in _OF_OTHERS}
        alone = {**resource, "spec": {**shared, "services": {key: service}}}
        problems = _problems(alone, settings, [])
        if not problems or not problems[0].path.startswith(start) or not _leave_out(resource, problems[0], notices):
            return


def _leave_out(resource: dict[str, Any], problem: Problem, notices: list[Notice]) -> bool:
    """Remove what a problem speaks of, with a word; whether there was anything to remove."""
    if not _remove(resource["spec"], "spec", problem.path.removesuffix(".target")):
        return False
    kind: Classification = "gated" if problem.gated else "rejected"
    notices.append(Notice(problem.path, kind, f"{problem.message}; it is left out."))
    return True


def _problems(resource: dict[str, Any], settings: Settings, notices: list[Notice]) -> list[Problem]:
    """What is refused; where nothing is, the notices of the plan are added."""
    try:
        plans = list(tree_plans(parse_stack(resource), {}, settings))
    except InvalidStack as error:
        return error.problems
    problems = [problem for _, made in plans if isinstance(made, InvalidStack) for problem in made.problems]
    if not problems:
        notices += [notice for _, made in plans if isinstance(made, Plan) for notice in made.notices]
    return problems


def _remove(node: Any, path: str, wanted: str) -> bool:
    """Remove the value at a path, and what is empty without it."""
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in list(entries):
        for spelled in {path_of(path, key), f"{path}.{key}"}:
            if wanted == spelled:
                del node[key]
                return True
            if wanted.startswith((f"{spelled}.", f"{spelled}[")) and _remove(value, spelled, wanted):
                if value in ({}, []):
                    del node[key]
                return True
    return False
