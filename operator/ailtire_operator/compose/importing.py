"""Imports an Ailtire application or Compose files as an AiltireStack with inline children, and a report."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from ailtire_operator import naming
from ailtire_operator.compose.accepted import Accepted
from ailtire_operator.compose.builds import Builds, tagged
from ailtire_operator.compose.compose_file import builds as compose_builds
from ailtire_operator.compose.compose_file.container import BUILD
from ailtire_operator.compose.compose_file.docker_compose import Choices
from ailtire_operator.compose.compose_file.project import ComposeOptions, read_project
from ailtire_operator.compose.errors import ApplicationError, ComposeError
from ailtire_operator.compose.reporting import Report
from ailtire_operator.compose.scalars import accepts
from ailtire_operator.compose.services_js import builds
from ailtire_operator.compose.services_js.application import Application, read_application
from ailtire_operator.compose.services_js.tree import Remote, TreeReader
from ailtire_operator.model.field_path import METADATA, SPEC, FieldPath, path_of
from ailtire_operator.model.loading import levels, parse_stack
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.report import Notice
from ailtire_operator.model.stack import StackSpec
from ailtire_operator.model.values import StackName

_NAME: Final = TypeAdapter(StackName)
_SPEC: Final = TypeAdapter(StackSpec)
_COMPOSE_NAMES: Final = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_APPLICATION_FILES: Final = ("deploy/deploy.js", "deploy/services.js", "deploy.js", "services.js")


@dataclass(frozen=True)
class Imported:
    """The result of an import."""

    resources: tuple[dict[str, Any], ...]
    """AiltireStack manifests, without a namespace; requested Secrets come first."""
    notices: tuple[Notice, ...]
    """The translation report."""
    opened: Accepted = field(default_factory=Accepted, compare=False)
    """The accepted openings."""
    packages: tuple[tuple[str, FieldPath], ...] = ()
    """The application's packages in the tree, by name, and the paths of their specs."""


def import_application(
    path: Path,
    *,
    env: str | None,
    registry: str | None,
    tag: str | None = None,
    name: str | None = None,
    choices: Choices | None = None,
    opened: Sequence[str] = (),
    remote: Remote | None = None,
) -> Imported:
    """The application in a folder, or one services.js, as AiltireStacks.

    ``env`` chooses the environment, ``registry`` goes before images that name none, ``tag`` behind those that build.js
    makes without one, ``name`` is the resource's where the one in deploy.js (or the folder's) should not be,
    ``choices`` are for designs that are Compose files, ``opened`` says what of them is opened on purpose, and
    ``remote`` reads definitions at addresses. Raises ComposeError with the place of the error.
    """
    application = read_application(path, env)
    report = Report(Accepted(opened))
    report.extend(application.notices)
    resource_name = _resource_name(name or application.root.name, report)
    head = _head(application, resource_name, registry.rstrip("/") if registry else None, report)
    reader = TreeReader(application, head.get("imageRegistry"), report, choices, remote)
    tree = reader.root(head.get("appName", resource_name))
    spec = {**head, **_built(application, path if path.is_dir() else path.parent, tree, tag, report), **tree}
    resource = {
        "apiVersion": naming.API_VERSION,
        "kind": naming.KIND,
        "metadata": {"name": resource_name},
        "spec": spec,
    }
    _check(resource)
    return Imported((resource,), report.notices, report.opened, tuple(reader.placed))


def application_builds(path: Path, application: Application, choices: Choices | None, report: Report) -> Builds:
    """The images that an application at a path makes, also those of its Compose files. Raises ComposeError."""
    folder = path if path.is_dir() else path.parent
    found = builds.read(application, folder, report)
    for package in {each.file: each for each in (application.root, *application.packages.values())}.values():
        if package.design is not None and package.design.compose is not None:
            options = ComposeOptions(choices or Choices(), root=package.design.root)
            found = found.and_more(compose_builds.read([package.design.compose], options, report))
    return found


def _built(
    application: Application, folder: Path, spec: dict[str, Any], tag: str | None, report: Report
) -> dict[str, Any]:
    """The fields of the root for images that build.js makes; which of them the tree runs is reported."""
    try:
        found = builds.read(application, folder, Report())  # `build` reports on build.js itself
    except ComposeError as error:
        report.approximate(FieldPath("module.exports", files=(builds.BUILD_FILE,)), f"it is not read: {error}.")
        return {}
    made = [*(each.image for each in found.targets), *(each.image for each in found.broken if each.image)]
    names: dict[str, str] = {}
    for where, image in builds.used(spec, made):
        report.required(where, BUILD, tagged(image, tag))
        if tagged(image, tag) != image:
            names[image] = tagged(image, tag)
    if not all(_is_valid("images", {image: name}) for image, name in names.items()):
        raise ApplicationError(f"'{tag}' is no tag of an image")
    return {"images": names} if names else {}


def compose_files(path: Path) -> list[Path]:
    """The Compose files at a path, as Docker Compose finds them; none if it is an Ailtire application."""
    if not path.is_dir():
        return [path] if path.suffix in (".yaml", ".yml") else []
    if any((path / name).is_file() for name in _APPLICATION_FILES):
        return []
    found = next((path / name for name in _COMPOSE_NAMES if (path / name).is_file()), None)
    if found is None:
        return []
    overrides = [found.with_name(f"{found.stem}.override{suffix}") for suffix in (".yml", ".yaml")]
    return [found, *[each for each in overrides if each.is_file()][:1]]


def import_compose(files: Sequence[Path], *, options: ComposeOptions, name: str | None = None) -> Imported:
    """What Compose files describe as one AiltireStack. Raises ComposeError with the place of the error."""
    report = Report(Accepted(options.opened))
    project = read_project(files, options, report, name=lambda found: _resource_name(name or found, report))
    resource = {
        "apiVersion": naming.API_VERSION,
        "kind": naming.KIND,
        "metadata": {"name": project.name},
        "spec": project.spec,
    }
    _check(resource, "project")
    return Imported((*project.secrets, resource), report.notices, report.opened)


def _resource_name(written: str, report: Report) -> str:
    name = naming.stack_name(written)
    if not accepts(_NAME, name):
        raise ApplicationError(f"'{written}' cannot become the name of a stack; give one with --name")
    if name != written:
        report.resolved(path_of(METADATA, "name"), f"'{written}' became '{name}', a valid name in Kubernetes.")
    return name


def _head(application: Application, name: str, registry: str | None, report: Report) -> dict[str, Any]:
    """The root's fields for the whole tree."""
    app = application.root.name.lower()
    head: dict[str, Any] = {}
    if app != name and _is_valid("appName", app):
        head["appName"] = app
    for key, value in (("environment", application.environment), ("imageRegistry", registry)):
        if value is not None and not _is_valid(key, value):
            raise ApplicationError(f"'{value}' cannot be spec.{key}")
        if value is not None:
            head[key] = value
    report.resolved(
        path_of(SPEC, "securityProfile"),
        "baseline, because images of an Ailtire application expect Docker's defaults: root, and its capabilities; "
        "restricted is stricter.",
    )
    return {**head, "securityProfile": "baseline"}


def _is_valid(field: str, value: Any) -> bool:
    """Whether the value is valid for a field of the spec."""
    return accepts(_SPEC, {field: value})


def _check(resource: dict[str, Any], what: str = "application") -> None:
    """Check that the result can be applied. Raises ApplicationError if it cannot."""
    try:
        stack = parse_stack(resource)
        for _ in levels(stack.name, stack.spec, {}):
            pass
    except InvalidStack as error:
        raise ApplicationError(f"the {what} cannot be an {naming.KIND}: {error}") from None
