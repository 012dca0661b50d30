"""``validate``: the whole tree against the models, before anything reaches a cluster."""

from typing import TYPE_CHECKING, Annotated

import typer

from ailtire_operator import naming
from ailtire_operator.cli import options, output, sources
from ailtire_operator.cli.formats import CheckFormat, ReportFormat
from ailtire_operator.cli.help_text import help_text

if TYPE_CHECKING:
    from ailtire_operator.cli.definitions import Definitions
    from ailtire_operator.cli.live import Json, Live

_HELP = help_text(
    "Check definitions, whole trees; no cluster is needed.",
    "Reads every AiltireStack in the files (other kinds, as kustomize builds them, are passed over) and checks it as"
    " the API server and the operator will: types, bounds, unknown keys, reserved names, names that collide, cycles,"
    " depth and size of the tree. Every problem is named with file, line, column, resource and path, and with the"
    " field that may have been meant. A reference to a template"
    " that is not in the files is only noted: it may be in the cluster.",
    "Of each template in the files it says which trees use it, directly or through other templates, and whether they"
    " are valid. With --with-cluster the trees in the cluster count, too (whoever asks needs the right to list"
    " AiltireStacks in the namespace), and so do its templates; a tree that becomes invalid by a template of the files"
    " makes these invalid. Nothing is written.",
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
        ("a template, and whether every tree that uses it stays valid",
         "kubectl ailtire validate --with-cluster -n shop payment.yaml"),
        ("what an overlay makes of it", "kubectl ailtire validate -k overlays/prod"),
        ("an import, with everything that works otherwise than written",
         "kubectl ailtire import . --env dev --report none | kubectl ailtire validate --report text -"),
    ],
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("validate", help=_HELP)(_validate)


def _validate(
    context: typer.Context,
    files: options.Files = None,
    filenames: options.Filenames = None,
    kustomize: options.Kustomize = None,
    recursive: options.Recursive = False,
    ignore_others: Annotated[
        bool, typer.Option("--ignore-others", help="Pass over files that hold no AiltireStack, whatever they are.")
    ] = False,
    with_cluster: Annotated[
        bool,
        typer.Option("--with-cluster", help="Check the trees of the cluster that use a template of the files, too."),
    ] = False,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    form: Annotated[
        CheckFormat | None, typer.Option("--output", "-o", help="The result for another program, on standard output.")
    ] = None,
    report: Annotated[
        ReportFormat, typer.Option(help="What will not run exactly as written, on standard error.")
    ] = ReportFormat.NONE,
) -> None:
    from ailtire_operator.cli import live
    from ailtire_operator.cli.check_formats import formatted
    from ailtire_operator.cli.checking import Check
    from ailtire_operator.cli.definitions import collect
    from ailtire_operator.cli.impact_lines import verdict_lines
    from ailtire_operator.cli.issues import InvalidInput, Issue
    from ailtire_operator.cli.namespaced import by_namespace
    from ailtire_operator.cli.report import show
    from ailtire_operator.cli.settings import environment_settings

    result = Check()
    try:
        word = naming.KIND if ignore_others else ""
        unreadable: list[Issue] = []
        documents = sources.given(files, filenames, kustomize, recursive=recursive, holding=word, unreadable=unreadable)
        found = collect(documents, deep=False, ignore_others=ignore_others)
        result.problems = [*unreadable, *found.problems]
        result.notes = found.notes
        if with_cluster:
            where = options.target(context, namespace, cluster, kubeconfig)
            parts = live.run(where, lambda at: _with_stacks(at, found, where.namespace))
        else:
            parts = [(part, []) for part in by_namespace(found, "", None).values()]
        for part, stacks in parts:
            result.add(part, stacks, environment_settings())
        found.problems = result.problems
        found.checked()
    except InvalidInput as invalid:
        if form is None:
            for line in verdict_lines(result.invalid_with):
                output.say(line)
            raise
        output.data(formatted(form, invalid.issues, result.notes, [], result.impacts))
        raise typer.Exit(invalid.code) from None
    if report is not ReportFormat.NONE:
        show(result.findings, report)
    if form is not None:
        output.data(formatted(form, [], result.notes, [each.label for each in found.all], result.impacts))
        return
    for note in result.notes:
        output.say(f"note: {note}")
    if not found.all:
        output.say(f"note: none of the files holds an {naming.KIND}")
    output.rows([*_lines(found), *verdict_lines(result.impacts)])


async def _with_stacks(at: "Live", found: "Definitions", asked: str | None) -> "list[tuple[Definitions, list[Json]]]":
    """The input by namespace, each with the stacks that the cluster has there."""
    from ailtire_operator.cli.live import Live
    from ailtire_operator.cli.namespaced import by_namespace
    from ailtire_operator.cluster.kinds import STACK

    await at.require_kind()
    parts = by_namespace(found, at.namespace, asked)
    return [(part, await Live(at.connection, namespace).list(STACK)) for namespace, part in parts.items()]


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
