"""``import``: an Ailtire application becomes AiltireStacks; the file goes to standard output, the report does not."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ailtire_operator.cli import options, output
from ailtire_operator.cli.failures import Exit, Failure
from ailtire_operator.cli.helping import help_text
from ailtire_operator.cli.report import Finding, ReportFormat, summary, tell

_HELP = help_text(
    "Translate an Ailtire application to AiltireStacks.",
    "PATH is the application's folder, the one with deploy/deploy.js and the packages below api/, or a single"
    " services.js. Packages become child stacks, inline. JavaScript files are read as data and never executed.",
    "The stacks go to standard output, as YAML for 'kubectl apply -f -'. What does not run exactly as written is"
    " reported on standard error, with the place and what to do about it.",
    "A definition above 256 KiB needs 'kubectl apply --server-side -f -'.",
    examples=[
        ("the application of this folder, as its environment dev runs it",
         "kubectl ailtire import . --env dev | kubectl apply -n dev -f -"),
        ("keep both, the stacks and the report", "kubectl ailtire import . --env dev > shop.yaml 2> shop.report"),
        ("in CI: fail where something would be left out", "kubectl ailtire import . --env prod --strict > shop.yaml"),
    ],
)  # fmt: skip
_LEFT_OUT = frozenset({"rejected"})


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import", help=_HELP)(_import)


def _import(
    context: typer.Context,
    path: Annotated[str, typer.Argument(metavar="PATH", help="The application's folder, or a services.js.")],
    environment: Annotated[
        str | None, typer.Option("--env", metavar="NAME", help="The environment; else the first of deploy.js.")
    ] = None,
    registry: Annotated[
        str | None, typer.Option("--registry", metavar="PREFIX", help="Put before images that name no registry.")
    ] = None,
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
    strict: Annotated[bool, typer.Option("--strict", help="Write nothing where something would be left out.")] = False,
) -> None:
    from ailtire_operator.compose.errors import ComposeError
    from ailtire_operator.compose.importing import import_application

    try:
        imported = import_application(Path(path), env=environment, registry=registry, name=name)
    except ComposeError as error:
        raise Failure(str(error), code=Exit.NO) from None
    where = options.target(context, namespace, None, None).namespace
    resources = [_placed(each, where) for each in imported.resources]
    findings = [Finding(notice) for notice in imported.notices]
    stacks, services = _count(resources)
    tell(findings, report, stacks=stacks, services=services)
    if report in (ReportFormat.TEXT, ReportFormat.FULL):
        output.say(f"imported {stacks} stacks with {services} services; {summary(findings)}")
    left_out = [each for each in imported.notices if each.classification in _LEFT_OUT]
    if strict and left_out:
        hint = "Correct them, or import without --strict."
        raise Failure(f"{len(left_out)} things would be left out (rejected, see the report)", hint, code=Exit.NO)
    _print(resources, form)


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
    waiting = [resource["spec"] for resource in resources]
    while waiting:
        stacks += 1
        for service in waiting.pop().get("services", {}).values():
            if "stack" in service:
                waiting.append(service["stack"])
            elif service.get("type") != "stack":
                services += 1
    return stacks, services
