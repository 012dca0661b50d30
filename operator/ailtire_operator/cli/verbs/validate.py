"""``validate``: the whole tree against the models, before anything reaches a cluster."""

from typing import TYPE_CHECKING, Annotated

import typer

from ailtire_operator import naming
from ailtire_operator.cli import options, output, sources
from ailtire_operator.cli.formats import CheckFormat, ReportFormat
from ailtire_operator.cli.help_text import help_text

if TYPE_CHECKING:
    from ailtire_operator.cli.definitions import Definitions

_HELP = help_text(
    "Check definitions, whole trees, without a cluster.",
    "Reads every AiltireStack in the files (other kinds, as kustomize builds them, are passed over) and checks it as"
    " the API server and the operator will: types, bounds, unknown keys, reserved names, names that collide, cycles,"
    " depth and size of the tree. Every problem is named with file, line, column, resource and path, and with the"
    " field that may have been meant. A reference to a template"
    " that is not in the files is only noted: it may be in the cluster.",
    "-o gives the same to other programs: json, sarif (code scanning), junit (test reports), github (annotations of a"
    " workflow's run). The exit code is the same.",
    "--ignore-others is for whoever gives all the files that have changed, as pre-commit does: a file in which the word"
    " AiltireStack does not stand, as it is or by escapes, is passed over, YAML or not, and where none holds a stack"
    " all is well.",
    "With --report it also tells what will not run exactly as written, and what to do about it.",
    examples=[
        ("a file, or several", "kubectl ailtire validate shop.yaml orders.yaml"),
        ("in a workflow of GitHub's, beside the lines of the change", "kubectl ailtire validate -o github deploy/"),
        ("every stack of a repository, whatever else is in it",
         "git ls-files -z '*.yaml' | xargs -0 kubectl ailtire validate --ignore-others"),
        ("what an overlay makes of it", "kubectl ailtire validate -k overlays/prod"),
        ("an import, with everything that works otherwise than written",
         "kubectl ailtire import . --env dev --report none | kubectl ailtire validate --report text -"),
    ],
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("validate", help=_HELP)(_validate)


def _validate(
    files: options.Files = None,
    filenames: options.Filenames = None,
    kustomize: options.Kustomize = None,
    recursive: options.Recursive = False,
    ignore_others: Annotated[
        bool, typer.Option("--ignore-others", help="Pass over files that hold no AiltireStack, whatever they are.")
    ] = False,
    form: Annotated[
        CheckFormat | None, typer.Option("--output", "-o", help="The result for another program, on standard output.")
    ] = None,
    report: Annotated[
        ReportFormat, typer.Option(help="What will not run exactly as written, on standard error.")
    ] = ReportFormat.NONE,
) -> None:
    from ailtire_operator.cli.check_formats import formatted
    from ailtire_operator.cli.definitions import collect
    from ailtire_operator.cli.issues import InvalidInput, Issue
    from ailtire_operator.cli.rendering import render_all
    from ailtire_operator.cli.report import show
    from ailtire_operator.cli.settings import environment_settings

    notes: list[Issue] = []
    try:
        word = naming.KIND if ignore_others else ""
        unreadable: list[Issue] = []
        documents = sources.given(files, filenames, kustomize, recursive=recursive, holding=word, unreadable=unreadable)
        found = collect(documents, ignore_others=ignore_others)
        found.problems[:0] = unreadable
        notes = found.notes
        rendered = render_all(found.checked(), settings=environment_settings())
    except InvalidInput as invalid:
        if form is None:
            raise
        output.data(formatted(form, invalid.issues, notes, []))
        raise typer.Exit(invalid.code) from None
    if report is not ReportFormat.NONE:
        show(rendered.findings, report)
    if form is not None:
        output.data(formatted(form, [], found.notes, [each.label for each in found.all]))
        return
    for note in found.notes:
        output.say(f"note: {note}")
    if not found.all:
        output.say(f"note: none of the files holds an {naming.KIND}")
    output.rows(_lines(found))


def _lines(found: "Definitions") -> list[str]:
    from ailtire_operator.model.loading import levels
    from ailtire_operator.printable import plural

    lines = []
    for definition in found.all:
        stack = definition.stack
        tree = list(levels(stack.name, stack.spec, found.templates_for(stack)))
        services = sum(len(level.spec.plain) for level in tree)
        what = "template" if stack.spec.is_template else "stack"
        size = f"{plural(len(tree), 'stack')}, {plural(services, 'service')}"
        lines.append(f"{definition.document.source}: {what} {stack.name} is valid ({size})")
    return lines
