"""``diff``: what an apply would change, the operator's part included."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ailtire_operator.cli import options, output, sources
from ailtire_operator.cli.failures import Exit, Failure, Invalid
from ailtire_operator.cli.formats import DiffFormat
from ailtire_operator.cli.help_text import help_text
from ailtire_operator.printable import plural

if TYPE_CHECKING:
    from ailtire_operator.cli.definitions import Definitions
    from ailtire_operator.cli.differences import Difference
    from ailtire_operator.cli.live import Live
    from ailtire_operator.cli.previews import Preview

_HELP = help_text(
    "Show what applying definitions would change in the cluster.",
    "For every stack in the files, and everything that the operator would make of it on all levels: what would be"
    " created, changed, replaced or deleted, as a unified diff of each object. The API server is asked with dry runs,"
    " as the operator would ask; nothing is written.",
    "Of a template in the files it also says what becomes of each tree that uses it, directly or through other"
    " templates: the stacks and services that change, the pods that are replaced, and what is wrong with a tree that"
    " becomes invalid, which counts as refused. Each object is shown of the trees in the files and of the first 20"
    " others (--trees); the rest is counted. -o json and yaml list all trees.",
    "A change that the operator would hold back until what a member depends on is there says so, and why.",
    "KUBECTL_EXTERNAL_DIFF names another program for the comparison, as for 'kubectl diff'. The operator's settings are"
    " read off what runs; AILTIRE_OPERATOR_* variables overrule that.",
    "-o gives it to other programs: yaml and json hold each object before and after; sarif (code scanning), junit (a"
    " test for each object that differs) and github (annotations of a workflow's run) say where in the files the value"
    " stands that makes the difference, or the stack from which it comes. A difference is a warning or a failed test,"
    " what would be refused an error; markdown is a comment to a pull request, of at most 60,000 characters. It holds"
    " values of the definitions and of the cluster, as the diff does. The exit code is the same.",
    "\b\nExit codes:\n  0  no difference\n  1  there are differences\n"
    "  2  it could not be found out, or would be refused",
    examples=[
        ("before applying", "kubectl ailtire diff -n shop shop.yaml"),
        ("an overlay", "kubectl ailtire diff -k overlays/prod"),
        ("in CI: has anybody changed what we deployed?", "kubectl ailtire diff -n shop shop.yaml > drift.diff"),
        ("in a workflow of GitHub's, beside the lines of the change",
         "kubectl ailtire diff -n shop -o github deploy/shop.yaml"),
        ("a comment for the pull request", "kubectl ailtire diff -k overlays/prod -o markdown > comment.md"),
    ],
)  # fmt: skip
_STYLES: Final = {"+": "green", "-": "red", "@": "cyan", "d": "bold"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("diff", help=_HELP)(_diff)


def _diff(
    context: typer.Context,
    files: options.Files = None,
    filenames: options.Filenames = None,
    kustomize: options.Kustomize = None,
    recursive: options.Recursive = False,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    manager: Annotated[
        str, typer.Option("--field-manager", metavar="NAME", help="Who applies the files, with server-side apply.")
    ] = "kubectl",
    trees: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="COUNT",
            help="Of how many trees that use a template of the files, and are not in them, each object is shown.",
        ),
    ] = 20,
    form: Annotated[
        DiffFormat | None, typer.Option("--output", "-o", help="The differences for another program.")
    ] = None,
) -> None:
    from ailtire_operator.cli import live
    from ailtire_operator.cli.definitions import collect
    from ailtire_operator.cli.differences import ordered, paired, summary
    from ailtire_operator.cli.impact_lines import first, impact_lines

    where = options.target(context, namespace, cluster, kubeconfig)
    try:
        found = collect(sources.given(files, filenames, kustomize, recursive=recursive), deep=False).checked()
        if found.placed:
            output.say(f"note: compared as the roots say, not as written: {plural(len(found.placed), 'child stack')}")
        preview = live.run(where, lambda at: _previews(at, found, where.namespace, manager, trees))
    except Invalid as invalid:
        _refused(form, invalid)
        raise Invalid(invalid.lines, code=Exit.TROUBLE) from None
    changes = ordered(paired(preview.changes))
    if form is not None:
        differ = _as_data(form, changes, preview, found)
    else:
        for note in _notes(preview, found):
            output.say(f"note: {note}")
        differ = _show(changes) or preview.unshown.total() > 0
    for line in impact_lines(preview.impacts):
        output.say(line)
    if preview.problems:
        raise Invalid(first([str(each) for each in preview.problems]), code=Exit.TROUBLE)
    output.say(summary(changes))
    if differ:
        raise typer.Exit(Exit.NO)


async def _previews(at: "Live", found: "Definitions", asked: str | None, manager: str, trees: int) -> "Preview":
    """All namespaces of the input, one after the other."""
    from ailtire_operator.cli.definitions import check_trees
    from ailtire_operator.cli.live import Live
    from ailtire_operator.cli.namespaced import by_namespace
    from ailtire_operator.cli.preview import Previewer
    from ailtire_operator.cli.previews import Preview

    result = Preview()
    for namespace, part in by_namespace(found, at.namespace, asked).items():
        previewer = Previewer(Live(at.connection, namespace), manager)
        await previewer.load()
        check_trees(part, previewer.templates)
        await previewer.run(part.checked(), trees)
        result.add(previewer.found)
    return result


def _refused(form: DiffFormat | None, invalid: Invalid) -> None:
    """For a program that reads places: what is wrong with the input itself."""
    from ailtire_operator.cli import diff_formats
    from ailtire_operator.cli.issues import InvalidInput

    if form in diff_formats.PROGRAMS and isinstance(invalid, InvalidInput):
        output.data(diff_formats.refused(form, invalid.issues))


def _notes(preview: "Preview", found: "Definitions") -> list[str]:
    unshown = preview.unshown_note()
    return [*preview.notes, *map(str, found.notes), *([unshown] if unshown else [])]


def _as_data(form: DiffFormat, changes: Sequence["Difference"], preview: "Preview", found: "Definitions") -> bool:
    """Print all of it for a program, and say whether there are differences."""
    from ailtire_operator.cli import diff_formats

    if form in diff_formats.PROGRAMS:
        output.data(diff_formats.formatted(form, changes, preview, found))
        return preview.differs
    facts = {
        "differences": [each.to_json() for each in changes],
        "notes": _notes(preview, found),
        "problems": list(map(str, preview.problems)),
        "trees": [each.to_json() for each in preview.impacts],
        "notShown": {"trees": len(preview.unshown), "objects": preview.unshown.total()},
    }
    output.data(output.to_json(facts) if form is DiffFormat.JSON else output.to_yaml(facts))
    return preview.differs


def _show(changes: Sequence["Difference"]) -> bool:
    """Print the differences, and say whether there are any."""
    program = os.environ.get("KUBECTL_EXTERNAL_DIFF")
    differ = _external(shlex.split(program), changes) if program and changes else bool(changes)
    if not program:
        for change in changes:
            for line in change.unified():
                _line(line)
    return differ


def _line(line: str) -> None:
    if output.screen().is_terminal:
        output.screen().print(line, style=_STYLES.get(line[:1]), markup=False, highlight=False, soft_wrap=True)
    else:
        output.data(f"{line}\n")


def _external(command: list[str], changes: Sequence["Difference"]) -> bool:
    """Leave the comparison to a program, which gets two folders. Its own exit code says whether they differ."""
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory(prefix="ailtire-diff-") as folder:
        live, after = Path(folder, "LIVE"), Path(folder, "AFTER")
        for side, texts in ((live, 0), (after, 1)):
            side.mkdir()
            for change in changes:
                if text := change.texts()[texts]:
                    (side / change.file_name).write_text(text)
        try:
            code = subprocess.run([*command, str(live), str(after)], check=False).returncode
        except OSError as error:
            raise Failure(f"KUBECTL_EXTERNAL_DIFF: cannot run {command[0]}: {error.strerror}") from None
    if code > 1:
        raise Failure(f"KUBECTL_EXTERNAL_DIFF: {command[0]} ended with code {code}")
    return code == 1
