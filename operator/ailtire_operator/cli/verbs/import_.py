"""``import``: an Ailtire application becomes AiltireStacks; the file goes to standard output, the report does not."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ailtire_operator import printable
from ailtire_operator.cli import options, output, source_options
from ailtire_operator.cli.failures import Exit, Failure
from ailtire_operator.cli.formats import ImportReport, ReportFormat
from ailtire_operator.cli.help_text import help_text
from ailtire_operator.printable import plural

if TYPE_CHECKING:
    from ailtire_operator.cli.translation import Request, Translation

_HELP = help_text(
    "Translate an Ailtire application, or Compose files, to AiltireStacks.",
    "PATH is an application's folder, the one with deploy/deploy.js and the packages below api/, or a single"
    " services.js; packages become child stacks, inline. JavaScript files are read as data and never executed.",
    "Or PATH is a Compose file, or the folder of one. Docker Compose itself resolves it (includes, extends, profiles,"
    " variables, env files), without an engine; each service becomes one of the stack. Several -f are merged.",
    "Nothing outside of the folder (or of --root) is read, whatever the files say. Their variables come from .env and"
    " --env-file; those of your own shell, which may hold secrets, only with --env-from-shell.",
    "Or PATH is oci://REGISTRY/NAME@sha256:..., a definition that build --push has pushed; a tag in place of the digest"
    " is resolved, and the digest is printed. The definition is read as it is, so options of files are refused."
    " The login is that of 'docker login'. A child stack of a services.js may have such an address, with a digest, as"
    " its image; it is read with --remote-includes.",
    "The stacks go to standard output, as YAML for 'kubectl apply -f -'. What does not run exactly as written is"
    " reported on standard error, with the place and what to do about it; --strict makes an error of every deviation,"
    " which is all but what was settled at import (resolved).",
    "--report gives the report to other programs too: json; sarif (code scanning), where closed and rejected are"
    " errors, resolved is a note and all else a warning; junit (a test for each stack and service, which fails by what"
    " --strict counts); github (annotations of a workflow's run). The last three have file, line and column where the"
    " input is YAML, else the file. --report-file writes it into a file.",
    "The stacks name no namespace unless -n gives one. Leave it out for a base of kustomize overlays: a patch without a"
    " namespace would not find them. A definition above 256 KiB needs 'kubectl apply --server-side -f -'.",
    examples=[
        ("the application of this folder, as its environment dev runs it",
         "kubectl ailtire import . --env dev | kubectl apply -n dev -f -"),
        ("keep both, the stacks and the report", "kubectl ailtire import . --env dev > shop.yaml 2> shop.report"),
        ("a Compose project with its override, and where its images were pushed",
         "kubectl ailtire import -f compose.yaml -f prod.yaml --registry registry.example/shop --tag 1.4"),
        ("what build --push has pushed, whatever its tag means by now",
         "kubectl ailtire import oci://registry.example/shop/shop@sha256:"
         "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945 | kubectl apply -n shop -f -"),
        ("in CI: the report for code scanning",
         "kubectl ailtire import . --report sarif --report-file import.sarif > shop.yaml"),
        ("in CI: fail where something would not run as written",
         "kubectl ailtire import . --env prod --strict > shop.yaml"),
    ],
)  # fmt: skip
_Path = Annotated[
    str, typer.Argument(metavar="PATH", help="An application's folder, a services.js, a Compose file or its folder.")
]
_SECRETS_HELP = "Write Secrets with what a Compose file's secrets hold, and its variables that look like credentials."
_Secrets = Annotated[bool, typer.Option("--secrets", help=_SECRETS_HELP)]
_ACCEPT_HELP = (
    "Open what import keeps closed because a protection that the file asks for cannot be kept: a service, a route, or a"
    " place of the report. Repeatable."
)
_Accept = Annotated[list[str] | None, typer.Option("--accept", metavar="open:NAME", help=_ACCEPT_HELP)]
_Remote = Annotated[
    bool, typer.Option("--remote-includes", help="Read from other machines what files include or refer to.")
]
_Output = Annotated[options.DataFormat, typer.Option("--output", "-o", help="Format of the output.")]
_Report = Annotated[ImportReport, typer.Option(help="The report on standard error; full lists every place.")]
_ReportFile = Annotated[
    str | None, typer.Option("--report-file", metavar="FILE", help="Write the report there, not on standard error.")
]
_Strict = Annotated[bool, typer.Option("--strict", help="Write nothing where anything would not run as written.")]

_FOR_ADDRESSES: Final = "Only --name, -n, -o, --report, --report-file, --strict and --plain-http are."
_DATA: Final = (ImportReport.JSON, ImportReport.SARIF, ImportReport.JUNIT, ImportReport.GITHUB)
"""Reports that a program reads."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import", help=_HELP)(_import)


def _import(
    context: typer.Context,
    path: _Path = ".",
    files: source_options.Files = None,
    environment: source_options.Environment = None,
    profiles: source_options.Profiles = None,
    env_files: source_options.EnvFiles = None,
    project_name: source_options.ProjectName = None,
    registry: source_options.Registry = None,
    tag: source_options.Tag = None,
    secrets: _Secrets = False,
    accept: _Accept = None,
    root: source_options.Root = None,
    remote: _Remote = False,
    shell: source_options.Shell = False,
    name: source_options.Name = None,
    namespace: options.Namespace = None,
    form: _Output = options.DataFormat.YAML,
    report: _Report = ImportReport.TEXT,
    report_file: _ReportFile = None,
    strict: _Strict = False,
    plain: source_options.PlainHttp = False,
) -> None:
    from ailtire_operator.cli import registry_import
    from ailtire_operator.cli.report import deviates, refuse_deviations
    from ailtire_operator.cli.translation import Request, translate
    from ailtire_operator.compose.compose_file.docker_compose import Choices
    from ailtire_operator.compose.compose_file.project import ComposeOptions

    choices = Choices(tuple(profiles or ()), tuple(map(Path, env_files or ())), project_name, remote, shell)
    chosen = ComposeOptions(choices, registry, tag, secrets, _opened(accept or ()), Path(root) if root else None)
    request = Request(Path(path), tuple(map(Path, files or ())), environment, name, chosen)
    if registry_import.is_address(path):
        for_files = (files, environment, profiles, env_files, project_name, registry, tag, accept, root)
        _check_options([*for_files, secrets, remote, shell], report)
        translation = registry_import.translate(path, name, plain=plain)
    else:
        translation = translate(request, registry_import.pulled_spec if remote else None)
    _tell(translation, request, report, report_file)
    if strict and report in _DATA and not report_file and any(map(deviates, translation.findings)):
        raise typer.Exit(Exit.NO)  # a sentence below would make the report no data any more
    if strict:
        refuse_deviations(translation.findings, "Correct them, or import without --strict.")
    where = options.target(context, namespace, None, None).namespace
    _print([_placed(each, where) for each in translation.resources], form)


def _check_options(given: "Iterable[object]", report: ImportReport) -> None:
    """What cannot be asked of a definition that is there already. Raises Failure."""
    if any(given):
        raise Failure("a definition of a registry is read as it is: options for files are not for it", _FOR_ADDRESSES)
    if report in (ImportReport.SARIF, ImportReport.JUNIT, ImportReport.GITHUB):
        raise Failure(f"--report {report.value} names places in files, and an address has none", "Use --report json.")


def _tell(translation: "Translation", request: "Request", form: ImportReport, file: str | None) -> None:
    """The report, on standard error or in a file."""
    if form is ImportReport.NONE:
        return
    if file is None:
        output.say(_report(translation, request, form))
        return
    try:
        Path(file).write_text(f"{printable.lines(_report(translation, request, form))}\n", encoding="utf-8")
    except OSError as error:
        raise Failure(f"cannot write {file}: {error.strerror}") from None


def _report(translation: "Translation", request: "Request", form: ImportReport) -> str:
    from ailtire_operator.cli import import_report
    from ailtire_operator.cli.import_places import ImportPlaces
    from ailtire_operator.cli.report import shown, summary

    found = translation.findings
    if form in import_report.PROGRAMS:
        places = ImportPlaces(request.path, request.compose_files())
        return import_report.formatted(form, found, translation.resources, places).rstrip()
    stacks, services = translation.count()
    report = shown(found, ReportFormat(form.value), stacks=stacks, services=services)
    if form is ImportReport.JSON:
        return report
    counted = f"{plural(stacks, 'stack')} with {plural(services, 'service')}"
    return f"{report}\nimported {counted}; {summary(found)}"


def _opened(accepted: Iterable[str]) -> tuple[str, ...]:
    """The names after ``open:``. Raises Failure for what says nothing else."""
    from ailtire_operator.compose.accepted import PREFIX

    for each in accepted:
        if not each.startswith(PREFIX) or each == PREFIX:
            hint = "Write the name that the report says: --accept open:db"
            raise Failure(f"'--accept {each}' says nothing to accept", hint)
    return tuple(each.removeprefix(PREFIX) for each in accepted)


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
