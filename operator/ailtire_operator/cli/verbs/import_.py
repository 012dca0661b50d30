"""``import``: an Ailtire application becomes AiltireStacks; the file goes to standard output, the report does not."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ailtire_operator import naming
from ailtire_operator.cli import options, output
from ailtire_operator.cli.failures import Exit, Failure
from ailtire_operator.cli.helping import help_text
from ailtire_operator.cli.report import Finding, ReportFormat, summary, tell
from ailtire_operator.model.report import Notice

if TYPE_CHECKING:
    from ailtire_operator.compose.importing import Imported

_HELP = help_text(
    "Translate an Ailtire application, or Compose files, to AiltireStacks.",
    "PATH is an application's folder, the one with deploy/deploy.js and the packages below api/, or a single"
    " services.js; packages become child stacks, inline. JavaScript files are read as data and never executed.",
    "Or PATH is a Compose file, or the folder of one. Docker Compose itself resolves it (includes, extends, profiles,"
    " variables, env files), without an engine; each service becomes one of the stack. Several -f are merged.",
    "The stacks go to standard output, as YAML for 'kubectl apply -f -'. What does not run exactly as written is"
    " reported on standard error, with the place and what to do about it.",
    "A definition above 256 KiB needs 'kubectl apply --server-side -f -'.",
    examples=[
        ("the application of this folder, as its environment dev runs it",
         "kubectl ailtire import . --env dev | kubectl apply -n dev -f -"),
        ("keep both, the stacks and the report", "kubectl ailtire import . --env dev > shop.yaml 2> shop.report"),
        ("a Compose project with its override, and where its images were pushed",
         "kubectl ailtire import -f compose.yaml -f prod.yaml --registry registry.example/shop --tag 1.4"),
        ("in CI: fail where something would not run as written",
         "kubectl ailtire import . --env prod --strict > shop.yaml"),
    ],
)  # fmt: skip
_LEFT_OUT = frozenset({"rejected"})
_DEVIATIONS = frozenset({"approximate", "gated", "ignored", "rejected"})


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import", help=_HELP)(_import)


def _import(
    context: typer.Context,
    path: Annotated[
        str,
        typer.Argument(metavar="PATH", help="An application's folder, a services.js, a Compose file or its folder."),
    ] = ".",
    files: Annotated[
        list[str] | None,
        typer.Option("--file", "-f", metavar="FILE", help="A Compose file in place of PATH; repeatable."),
    ] = None,
    environment: Annotated[
        str | None, typer.Option("--env", metavar="NAME", help="The environment; else the first of deploy.js.")
    ] = None,
    profiles: Annotated[
        list[str] | None, typer.Option("--profile", metavar="NAME", help="A profile of Compose; repeatable.")
    ] = None,
    env_files: Annotated[
        list[str] | None, typer.Option("--env-file", metavar="FILE", help="Variables in place of .env; repeatable.")
    ] = None,
    project_name: Annotated[
        str | None,
        typer.Option("--project-name", metavar="NAME", help="Compose's project; else the file's or folder's."),
    ] = None,
    registry: Annotated[
        str | None,
        typer.Option(
            "--registry",
            metavar="PREFIX",
            help="Put before images that name no registry; of Compose files, before those that are built.",
        ),
    ] = None,
    tag: Annotated[
        str | None, typer.Option("--tag", metavar="TAG", help="The tag of images that a Compose file builds.")
    ] = None,
    secrets: Annotated[
        bool, typer.Option("--secrets", help="Write Secrets with what a Compose file's secrets hold.")
    ] = False,
    root: Annotated[
        str | None, typer.Option("--root", metavar="DIR", help="Compose files may name files below it; else their own.")
    ] = None,
    remote: Annotated[
        bool, typer.Option("--remote-includes", help="Follow a Compose file's includes to other machines.")
    ] = False,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="The stack's name; else the application's.")
    ] = None,
    namespace: options.Namespace = None,
    form: Annotated[
        options.DataFormat, typer.Option("--output", "-o", help="Format of the output.")
    ] = options.DataFormat.YAML,
    report: Annotated[
        ReportFormat, typer.Option(help="The report on standard error; full lists every place.")
    ] = ReportFormat.TEXT,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Write nothing where something is left out, or in a Compose file not exact."),
    ] = False,
) -> None:
    from ailtire_operator.compose.canonical.process import Choices
    from ailtire_operator.compose.canonical.project import ComposeOptions
    from ailtire_operator.compose.errors import ComposeError
    from ailtire_operator.compose.importing import compose_files, import_application, import_compose

    choices = Choices(tuple(profiles or ()), tuple(map(Path, env_files or ())), project_name, remote)
    chosen = ComposeOptions(choices, registry, tag, secrets, Path(root) if root else None)
    try:
        found = [Path(file) for file in files] if files else compose_files(Path(path))
        if found:
            imported = import_compose(found, options=chosen, name=name)
        else:
            imported = import_application(Path(path), env=environment, registry=registry, name=name)
    except ComposeError as error:
        raise Failure(str(error), code=Exit.NO) from None
    resources, notices = list(imported.resources), imported.notices
    if found:
        resources, notices = _fitted(imported)
    where = options.target(context, namespace, None, None).namespace
    resources = [_placed(each, where) for each in resources]
    findings = [Finding(notice) for notice in notices]
    stacks, services = _count(resources)
    tell(findings, report, stacks=stacks, services=services)
    if report in (ReportFormat.TEXT, ReportFormat.FULL):
        output.say(f"imported {stacks} stacks with {services} services; {summary(findings)}")
    if strict:
        _refuse_deviations(notices, _DEVIATIONS if found else _LEFT_OUT)
    _print(resources, form)


def _fitted(imported: "Imported") -> tuple[list[dict[str, Any]], tuple[Notice, ...]]:
    """The stacks without what the operator would refuse, and all that is to be told of them."""
    from ailtire_operator.cli.fitting import fitted
    from ailtire_operator.cli.settings import environment_settings

    resources, notices = [], list(imported.notices)
    for resource in imported.resources:
        if resource["kind"] == naming.KIND:
            resource, more = fitted(resource, environment_settings())
            notices += more
        resources.append(resource)
    return resources, tuple(notices)


def _refuse_deviations(notices: Sequence[Notice], classes: frozenset[str]) -> None:
    """Raises Failure where there are any. Compose files have a form that every key has a meaning in; an application's
    files often hold what never had one, so that of theirs only what is wrong counts."""
    found = [each for each in notices if each.classification in classes]
    if found:
        what = "would not run as written" if classes is _DEVIATIONS else "would be left out (rejected, see the report)"
        raise Failure(f"{len(found)} things {what}", "Correct them, or import without --strict.", code=Exit.NO)


def _print(resources: list[dict[str, Any]], form: options.DataFormat) -> None:
    if form is options.DataFormat.YAML:
        output.data(output.to_yaml_stream(resources))
    elif len(resources) == 1:
        output.data(output.to_json(resources[0]))
    else:
        output.data(output.to_json({"apiVersion": "v1", "kind": "List", "items": resources}))


def _placed(resource: dict[str, Any], namespace: str | None) -> dict[str, Any]:
    if not namespace:
        return resource
    return {**resource, "metadata": {**resource["metadata"], "namespace": namespace}}


def _count(resources: list[dict[str, Any]]) -> tuple[int, int]:
    """Stacks and plain services of all trees."""
    stacks = services = 0
    waiting = [resource["spec"] for resource in resources if "spec" in resource]
    while waiting:
        stacks += 1
        for service in waiting.pop().get("services", {}).values():
            if "stack" in service:
                waiting.append(service["stack"])
            elif service.get("type") != "stack":
                services += 1
    return stacks, services
