"""``export``: the way back to Docker Swarm, one Compose file a stack."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ailtire_operator.cli import options, output
from ailtire_operator.cli.failures import Failure, Invalid
from ailtire_operator.cli.helping import help_text
from ailtire_operator.cli.report import Finding, ReportFormat, summary, tell

if TYPE_CHECKING:
    from ailtire_operator.cli.live import Live
    from ailtire_operator.model.stack import Stack, StackSpec

_HELP = help_text(
    "Write a tree of stacks as Compose files for Docker Swarm.",
    "The tree is a stack of the cluster (NAME) or of files (-f, with the templates it refers to). Every stack becomes a"
    " file <stack>.yaml in the folder given with -o, or a document on standard output. What a Compose file cannot say"
    " is reported on standard error.",
    "Profiles: 'swarm' is what 'docker stack deploy' takes as it is; 'ailtire' is what Ailtire's own generator writes,"
    " with child stacks as stack containers.",
    examples=[
        ("the files of what runs", "kubectl ailtire export shop -n shop -o swarm/"),
        ("of a definition, without a cluster", "kubectl ailtire export -f shop.yaml"),
        ("as Ailtire would have written it", "kubectl ailtire export -f shop.yaml --profile ailtire -o deploy/"),
    ],
)  # fmt: skip


class Profile(StrEnum):
    """Whom the files are for."""

    SWARM = "swarm"
    AILTIRE = "ailtire"


@dataclass(frozen=True, slots=True)
class Tree:
    """One root with all that its tree is made of."""

    label: str
    stack: "Stack"
    templates: "dict[str, StackSpec]"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export", help=_HELP)(_export)


def _export(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A stack of the cluster.", autocompletion=options.completers.stacks),
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Option("--filename", "-f", metavar="FILE", help="Files with stacks; - is standard input."),
    ] = None,
    recursive: options.Recursive = False,
    folder: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Write files into this folder.")
    ] = None,
    profile: Annotated[Profile, typer.Option(help="Whom the files are for.")] = Profile.SWARM,
    report: Annotated[
        ReportFormat, typer.Option(help="The report on standard error; full lists every place.")
    ] = ReportFormat.TEXT,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    if (name is None) == (not files):
        raise Failure(
            "give either the NAME of a stack in the cluster or files with -f", "See 'kubectl ailtire export -h'."
        )
    where = options.target(context, namespace, cluster, kubeconfig)
    trees = list(_file_trees(files or [], recursive)) if name is None else [_tree_of(where, name)]
    documents, findings = _translate(trees, profile)
    tell(findings, report)
    if folder is None:
        output.data("---\n".join(f"# {file}\n{text}" for file, text in documents.items()))
    else:
        written = _write(folder, documents)
        if report in (ReportFormat.TEXT, ReportFormat.FULL):
            output.say(f"wrote {written} of {len(documents)} files to {folder}; {summary(findings)}")


def _file_trees(files: list[str], recursive: bool) -> Iterator[Tree]:
    from ailtire_operator.cli import sources
    from ailtire_operator.cli.definitions import collect

    found = collect(sources.read(files, recursive=recursive)).checked()
    if not found.roots:
        raise Failure(
            "the input holds templates only: nothing of them runs by itself", "Give the stack that refers to them."
        )
    for root in found.roots:
        yield Tree(root.label, root.stack, found.templates_for(root.stack))


def _tree_of(where: options.Target, name: str) -> Tree:
    from ailtire_operator.cli import live

    return live.run(where, lambda cluster: _live_tree(cluster, name))


async def _live_tree(cluster: "Live", name: str) -> Tree:
    from ailtire_operator.cli.definitions import known_templates
    from ailtire_operator.cluster.kinds import STACK
    from ailtire_operator.model.loading import parse_stack
    from ailtire_operator.model.problems import InvalidStack

    label = f"{cluster.namespace}/{name}"
    resource = await cluster.stack(name)
    try:
        return Tree(label, parse_stack(resource), known_templates(await cluster.list(STACK)))
    except InvalidStack as error:
        raise Invalid([f"{label}: {problem}" for problem in error.problems]) from None


def _translate(trees: list[Tree], profile: Profile) -> tuple[dict[str, str], list[Finding]]:
    """The files by name, and the report."""
    from ailtire_operator.compose.exporting import dump, export_tree
    from ailtire_operator.model.problems import InvalidStack

    documents: dict[str, str] = {}
    findings: list[Finding] = []
    problems: list[str] = []
    for tree in trees:
        try:
            exported = export_tree(tree.stack.name, tree.stack.spec, tree.templates, profile=profile.value)
        except InvalidStack as error:
            problems += [f"{tree.label}: {problem}" for problem in error.problems]
            continue
        findings += [Finding(notice, tree.stack.name if len(trees) > 1 else "") for notice in exported.notices]
        for stack, document in exported.files.items():
            if f"{stack}.yaml" in documents:
                problems.append(f"{tree.label}: two trees have a stack '{stack}'; export one after the other")
            documents[f"{stack}.yaml"] = dump(document)
    if problems:
        raise Invalid(problems)
    return documents, findings


def _write(folder: Path, documents: dict[str, str]) -> int:
    """Write what differs, and say how many files that were."""
    written = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in documents.items():
            file = folder / name
            if not file.exists() or file.read_text() != text:
                file.write_text(text)
                written += 1
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"cannot write to {folder}: {getattr(error, 'strerror', None) or error}") from None
    return written
