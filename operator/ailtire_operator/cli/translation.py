"""What ``import`` does: a definition of another kind is read, and reported as the operator will run it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit, Failure
from ailtire_operator.cli.import_filter import filtered
from ailtire_operator.cli.rendering import tree_plans
from ailtire_operator.cli.report import Finding
from ailtire_operator.cli.settings import environment_settings
from ailtire_operator.compose.compose_file.docker_compose import Choices
from ailtire_operator.compose.compose_file.project import ComposeOptions
from ailtire_operator.compose.errors import ComposeError
from ailtire_operator.compose.importing import Imported, compose_files, import_application, import_compose
from ailtire_operator.compose.services_js.tree import Remote
from ailtire_operator.model.field_path import FieldPath
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.report import Notice
from ailtire_operator.plan.types import Plan


@dataclass(frozen=True)
class Request:
    """What a person asks for."""

    path: Path
    files: tuple[Path, ...]
    """Compose files in place of the path."""
    environment: str | None
    name: str | None
    """The stack's."""
    options: ComposeOptions

    def compose_files(self) -> tuple[Path, ...]:
        """The Compose files that are meant; none where it is an application."""
        return self.files or tuple(compose_files(self.path))


@dataclass(frozen=True)
class Translation:
    """What is written, and what is said about it."""

    resources: list[dict[str, Any]]
    findings: list[Finding]
    packages: tuple[tuple[str, FieldPath], ...] = ()
    """The application's packages by name, and the paths of their specs in the one resource."""

    def count(self) -> tuple[int, int]:
        """Stacks and plain services of all trees."""
        stacks = services = 0
        waiting = [resource["spec"] for resource in self.resources if "spec" in resource]
        while waiting:
            stacks += 1
            for service in waiting.pop().get("services", {}).values():
                if "stack" in service:
                    waiting.append(service["stack"])
                elif service.get("type") != "stack":
                    services += 1
        return stacks, services


def translate(request: Request, remote: Remote | None = None) -> Translation:
    """The stacks, without what the operator would refuse of a Compose file, and the report. Raises Failure.

    ``remote`` reads the definitions at addresses that an application's files have.
    """
    files = request.compose_files()
    try:
        if files:
            return _fitted(import_compose(files, options=request.options, name=request.name))
        choices = Choices(shell_variables=request.options.choices.shell_variables)
        registry = request.options.registry
        found = import_application(
            request.path,
            env=request.environment,
            registry=registry,
            tag=request.options.tag,
            name=request.name,
            choices=choices,
            opened=request.options.opened,
            remote=remote,
        )
    except ComposeError as error:
        raise Failure(str(error), code=Exit.NO) from None
    findings = [
        *map(Finding, (*found.notices, *found.opened.unused())),
        *(each for resource in found.resources for each in planned(resource)),
    ]
    return Translation(list(found.resources), findings, found.packages)


def _fitted(imported: Imported) -> Translation:
    resources, notices = [], list(imported.notices)
    for resource in imported.resources:
        if resource["kind"] == naming.KIND:
            resource, more = filtered(resource, environment_settings(), imported.opened)
            notices += more
        resources.append(resource)
    notices += imported.opened.unused()
    return Translation(resources, [Finding(notice) for notice in notices])


def planned(resource: dict[str, Any]) -> Iterator[Finding]:
    """What the operator will say of a tree, and why it would refuse a stack of it."""
    root = parse_stack(resource)
    for level, made in tree_plans(root, {}, environment_settings()):
        if isinstance(made, Plan):
            notices: tuple[Notice, ...] = tuple(made.notices)
        else:
            notices = tuple(Notice(each.where, "rejected", each.message) for each in made.problems)
        yield from (Finding(notice, "" if level is root else level.name) for notice in notices)
