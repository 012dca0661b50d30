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
from ailtire_operator.model.report import Notice
from ailtire_operator.model.settings import Settings
from ailtire_operator.plan.types import Plan

_ATTEMPTS: Final = 500
_PERMISSIONS: Final = ("securityProfile", "settings", "this operator")


def fitted(resource: dict[str, Any], settings: Settings) -> tuple[dict[str, Any], list[Notice]]:
    """The stack as the operator takes it, and what it will say. Raises Invalid where nothing can be left out."""
    resource = deepcopy(resource)
    notices: list[Notice] = []
    for _ in range(_ATTEMPTS):
        problems = _problems(resource, settings, notices)
        if not problems:
            break
        for problem in problems[:1]:
            if not _remove(resource["spec"], "spec", problem.path.removesuffix(".target")):
                raise Invalid([str(problem)])
            gated = any(word in problem.message for word in _PERMISSIONS)
            message = f"{problem.message}; it is left out."
            notices.append(Notice(problem.path, "gated" if gated else "rejected", message))
    return resource, list(dict.fromkeys(notices))


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
