"""``history``: the definitions of a tree that were Ready as a whole, and what each changed."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ailtire_operator.cli import completers, options, output
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.help_text import help_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ailtire_operator.cli.live import Json
    from ailtire_operator.cli.revisions import Revision

_HELP = help_text(
    "List the definitions of a tree that were Ready as a whole, and what each changed.",
    "The operator keeps a definition as a revision once everything below the root is ready with it: the root's spec as"
    " it was written, and the templates that it used. Each line says when, by whom (the field manager of what was"
    " written last), why (the root's annotation kubernetes.io/change-cause) and what changed since the revision before,"
    " by the path of the service. spec.revisionHistoryLimit of the root says how many are kept (10).",
    "--revision shows one of them: as files that could be applied (-o yaml, the default; templates included), or what"
    " it changed since the one before (-o diff). 'kubectl ailtire rollback' goes back to one. Revisions are"
    " ControllerRevisions of the namespace: whoever may read these reads the definitions.",
    "\b\nExit codes:\n  0  listed, also where nothing is kept yet\n"
    "  2  no cluster, no permission, a stack that is no root\n"
    "  5  there is no such stack or revision",
    examples=[
        ("what changed, when and by whom?", "kubectl ailtire history shop -n shop"),
        ("what did revision 3 change?", "kubectl ailtire history shop -n shop --revision 3 -o diff"),
        ("the definition as it was", "kubectl ailtire history shop -n shop --revision 3 -o yaml"),
        ("each change of an image, by a program",
         "kubectl ailtire history shop -n shop -o json | jq -r '.[].changes[]? | select(.field == \"image\").path'"),
    ],
)  # fmt: skip


class Form(StrEnum):
    """How they are printed."""

    JSON = "json"
    YAML = "yaml"
    DIFF = "diff"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("history", help=_HELP)(_history)


def _history(
    context: typer.Context,
    name: options.Name,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    revision: Annotated[
        int | None,
        typer.Option("--revision", metavar="N", help="One revision.", autocompletion=completers.revisions),
    ] = None,
    form: Annotated[
        Form | None, typer.Option("--output", "-o", help="Data; diff is for one revision.", show_default=False)
    ] = None,
) -> None:
    from ailtire_operator.cli import live
    from ailtire_operator.cli.history_reader import read_history

    if revision is None and form is Form.DIFF:
        raise Failure("-o diff is for one revision", "Say which with --revision.")
    read = live.run(options.target(context, namespace, cluster, kubeconfig), lambda each: read_history(each, name))
    if revision is None:
        _list(*read, form)
    else:
        _show(*read, revision, form)


def _list(root: "Json", stacks: "Sequence[Json]", found: "Sequence[Revision]", form: Form | None) -> None:
    from ailtire_operator.cli.revisions import history, rows, written
    from ailtire_operator.cli.trees import spec_of

    entries = history(found, written(spec_of(root), stacks))
    if form is not None:
        data = [each.to_json() for each in entries]
        output.data(output.to_json(data) if form is Form.JSON else output.to_yaml(data))
        return
    if entries:
        output.rows(rows(entries))
    else:
        output.say("No revisions found")
    if not any(each.current for each in entries):
        output.say("note: the definition as it is now has not been kept: it is not Ready as a whole yet, or too large")


def _show(root: "Json", stacks: "Sequence[Json]", found: "Sequence[Revision]", number: int, form: Form | None) -> None:
    from ailtire_operator.cli.revisions import find, manifests, unified
    from ailtire_operator.plan.definition_changes import TreeDefinition

    name = root["metadata"]["name"]
    wanted = find(found, number, name)
    if form is Form.DIFF:
        index = found.index(wanted)
        old = found[index - 1] if index else None
        names = f"{name}/revision-{old.number}" if old else "/dev/null", f"{name}/revision-{number}"
        before = old.definition if old else TreeDefinition({})
        output.data("\n".join(unified(before, wanted.definition, names, root)))
        return
    objects = manifests(wanted.definition, root)
    output.data(output.to_json(objects) if form is Form.JSON else output.to_yaml_stream(objects))
