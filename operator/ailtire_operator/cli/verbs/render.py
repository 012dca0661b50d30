"""``render``: the manifests, as text that kubectl takes."""

from typing import TYPE_CHECKING, Annotated

import typer

from ailtire_operator import naming
from ailtire_operator.cli import options, output, sources
from ailtire_operator.cli.formats import ReportFormat
from ailtire_operator.cli.help_text import help_text
from ailtire_operator.printable import plural

if TYPE_CHECKING:
    from ailtire_operator.cli.definitions import Definitions

_HELP = help_text(
    "Print what the operator would apply, without a cluster.",
    "The files hold AiltireStacks: roots, which are rendered with every stack below them, and templates, to which they"
    " refer. The result is what exists in the end: workloads, services, network policies, gateways, volumes of all"
    " levels. The same input gives the same output.",
    "What only a cluster knows is left out, and named in the comment at the top. So are the child AiltireStacks, which"
    " an installed operator lets nobody else write; --stacks shows them. The namespace is that of -n, or the"
    " resource's own; without either there is none. Settings of the operator (AILTIRE_OPERATOR_*) are taken from the"
    " environment.",
    examples=[
        ("look at it", "kubectl ailtire render shop.yaml"),
        ("ask the API server what it thinks", "kubectl ailtire render shop.yaml | kubectl apply --dry-run=server -f -"),
        ("what an overlay makes of it", "kubectl ailtire render -k overlays/prod"),
        ("count the kinds", "kubectl ailtire render -o json shop.yaml | jq -r '.items[].kind' | sort | uniq -c"),
    ],
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("render", help=_HELP)(_render)


def _render(
    context: typer.Context,
    files: options.Files = None,
    filenames: options.Filenames = None,
    kustomize: options.Kustomize = None,
    recursive: options.Recursive = False,
    namespace: options.Namespace = None,
    form: Annotated[
        options.DataFormat, typer.Option("--output", "-o", help="Format of the output.")
    ] = options.DataFormat.YAML,
    stacks: Annotated[bool, typer.Option("--stacks/--no-stacks", help="With or without child AiltireStacks.")] = False,
    report: Annotated[
        ReportFormat, typer.Option(help="What will not run exactly as written, on standard error.")
    ] = ReportFormat.NONE,
) -> None:
    from ailtire_operator.cli.definitions import collect
    from ailtire_operator.cli.issues import Rule
    from ailtire_operator.cli.rendering import render_all
    from ailtire_operator.cli.report import show
    from ailtire_operator.cli.settings import environment_settings

    where = options.target(context, namespace, None, None).namespace or ""
    found = collect(sources.given(files, filenames, kustomize, recursive=recursive)).checked()
    rendered = render_all(found, namespace=where, settings=environment_settings())
    deprecated = [str(each) for each in found.notes if each.rule is Rule.DEPRECATED]
    for note in (*deprecated, *_notes(found, rendered.notes)):
        output.say(f"note: {note}")
    show(rendered.findings, report)
    manifests = [each for each in rendered.manifests if stacks or each["kind"] != naming.KIND]
    if form is options.DataFormat.JSON:
        output.data(output.to_json({"apiVersion": "v1", "kind": "List", "items": manifests}))
    else:
        output.data(_header(found, rendered.left_out(stacks=stacks)) + output.to_yaml_stream(manifests))


def _notes(found: "Definitions", notes: list[str]) -> list[str]:
    if not found.roots:
        return [*notes, "the input holds templates only: nothing runs of them until another stack refers to one"]
    if found.placed:
        return [*notes, f"rendered as the roots say, not as written: {plural(len(found.placed), 'child stack')}"]
    return notes


def _header(found: "Definitions", left_out: list[str]) -> str:
    names = ", ".join(definition.stack.name for definition in found.roots)
    lines = [
        f"Rendered by kubectl ailtire: what the operator applies for {names or 'nothing'}.",
        "Left out, as only the cluster or its operator can know or write it:",
        *(f"- {line}" for line in left_out),
    ]
    return "".join(f"# {line}\n" for line in lines)
