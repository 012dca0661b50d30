"""Translates variables of services.js: scalars as text, Swarm's interpolation, and names that are invalid in DNS."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator import naming
from ailtire_operator.compose.host_mentions import Mention, replaced
from ailtire_operator.compose.reporting import Report, described
from ailtire_operator.compose.scalars import accepts, text_of
from ailtire_operator.model.field_path import FieldPath, path_of
from ailtire_operator.model.keys import VariableName
from ailtire_operator.model.values import EnvironmentValue

_NAME: Final = TypeAdapter(VariableName)
_VALUE: Final = TypeAdapter(EnvironmentValue)
TASKS: Final = "tasks."
"""Swarm's prefix for the addresses of a service's tasks."""
_INTERPOLATION = re.compile(
    r"\$(?:(?P<escape>\$)|\{(?P<braced>[A-Za-z_]\w*)(?:(?P<operator>:?[-?+])(?P<argument>[^{}]*))?\}|(?P<bare>[A-Za-z_]\w*))"
)
_TEMPLATE: Final = "{{"


@dataclass(frozen=True)
class VariableScope:
    """What a stack's variables may refer to."""

    variables: Mapping[str, str] | None = field(default_factory=dict)
    """Values for ``${NAME}``: the environment of the stack container that deploys the stack. None if interpolation is
    done already and dollar signs are literal."""
    hosts: frozenset[str] = frozenset()
    """The names that the service's containers can resolve: keys and aliases of its stack's members."""
    placeholders: bool = False
    """Whether the operator expands Swarm's templates."""


def read(value: Any, path: FieldPath, surroundings: VariableScope, report: Report) -> dict[str, str]:
    """The variables of a plain service."""
    result: dict[str, str] = {}
    for name, text in scalars(value, path, report).items():
        where = path_of(path, name)
        if name.startswith(naming.RESERVED_VARIABLE_PREFIX):
            report.ignored(
                where,
                f"{naming.RESERVED_VARIABLE_PREFIX}* is reserved: the operator sets these variables itself.",
                "Use another name." if name not in naming.PLATFORM_VARIABLES else "",
            )
            continue
        result[name] = with_hosts(
            _interpolated(text, where, surroundings.variables, report),
            where,
            surroundings.hosts,
            report,
            each_task=surroundings.placeholders,
        )
        if _TEMPLATE in text and not surroundings.placeholders:
            report.approximate(
                where,
                "Swarm's templates ({{...}}) are not expanded; the text is not changed.",
                "Write the value, or read AILTIRE_STACKNAME or AILTIRE_SERVICENAME instead.",
            )
    return result


def scalars(value: Any, path: FieldPath, report: Report) -> dict[str, str]:
    """Variables as text, from a map or from Compose's list of ``NAME=value``."""
    result: dict[str, str] = {}
    for name, each in _pairs(value, path, report):  # the caller checks AILTIRE_*, hence the underscore
        if isinstance(each, dict | list):
            report.rejected(
                path_of(path, name),
                f"{described(each)} is not a value of a variable; it is left out.",
                "Write it as a string.",
            )
        elif not name or not accepts(_NAME, f"_{name}") or not accepts(_VALUE, text_of(each)) or "\0" in text_of(each):
            report.rejected(path_of(path, name), "this is not a valid variable name; it is left out.")
        else:
            result[name] = text_of(each)
    return result


def _pairs(value: Any, path: FieldPath, report: Report) -> Iterable[tuple[str, Any]]:
    if not isinstance(value, list):
        return report.mapping(value, path).items()
    pairs = []
    for index, entry in enumerate(value):
        name, equals, text = text_of(entry).partition("=") if isinstance(entry, str) else ("", "", "")
        if equals:
            pairs.append((name, text))
        else:
            report.rejected(path_of(path, index), f"{described(entry)} is not NAME=value; it is left out.")
    return pairs


def _interpolated(text: str, path: FieldPath, variables: Mapping[str, str] | None, report: Report) -> str:
    """The text interpolated as by Swarm, as far as the values are known."""

    if variables is None:
        return text

    def value(match: re.Match[str]) -> str:
        if match["escape"]:
            return "$"
        name, operator, argument = match["braced"] or match["bare"], match["operator"] or "", match["argument"] or ""
        known = variables.get(name)
        present = known is not None and not (operator.startswith(":") and not known)
        if operator.endswith("+"):
            result = argument if present else ""
        elif present:
            result = known or ""
        elif operator.endswith("-"):
            result = argument
        else:
            report.approximate(
                path,
                f"'{match.group()}' is not known at import and is not changed; Swarm would take it from the "
                "environment of the deployment.",
                "Write the value.",
            )
            return match.group()
        report.resolved(path, f"'{match.group()}' became '{result}'.")
        return result

    return _INTERPOLATION.sub(value, text)


def with_hosts(text: str, path: FieldPath, visible: frozenset[str], report: Report, *, each_task: bool = False) -> str:
    """The text with host names that only Swarm resolves rewritten, if they certainly are host names.

    ``each_task``: the name of a service stands for each of its tasks here too, as ``tasks.web`` does in Swarm.
    """

    def rewritten(mention: Mention) -> str | None:
        host, sure = mention.host, mention.proof == "host"
        tasks = host.startswith(TASKS)
        member = host.removeprefix(TASKS)
        if member in visible:
            name = naming.sanitize(member)
            if name == host:
                return None
            if sure or tasks:
                message = f"the host '{host}' became '{name}', the name under which '{member}' answers."
                if tasks and not each_task:
                    message += " It is the service's own address, not that of each task."
                    remedy = "Set deploy.endpointMode: dnsrr of the service where each has to be known."
                    report.approximate(path, message, remedy)
                else:
                    report.resolved(path, message)
                return name
            report.approximate(
                path,
                f"'{host}' is a service that answers as '{name}'; it stays, as it may not be meant as a host name.",
                f"If it is one, write '{name}'.",
            )
        elif tasks or (sure and naming.sanitize(host) != host.lower() and "." not in host and "_" in host):
            report.approximate(
                path,
                f"'{host}' does not resolve: no service of this stack has that name, and it is not valid in DNS.",
                "Write the name of a service of the same stack.",
            )
        return None

    return replaced(text, rewritten)
