"""``export``: the way back to Docker Swarm, one Compose file a stack."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ailtire_operator.cli import options, output
from ailtire_operator.cli.failures import Failure, Invalid
from ailtire_operator.cli.formats import ReportFormat
from ailtire_operator.cli.help_text import help_text

if TYPE_CHECKING:
    from ailtire_operator.cli.live import Live
    from ailtire_operator.cli.report import Finding
    from ailtire_operator.model.stack import Stack, StackSpec

_HELP = help_text(
    "Write a tree of stacks as Compose files for Docker Swarm.",
    "The tree is a stack of the cluster (NAME) or of files (-f, with the templates it refers to). Every stack becomes a"
    " file <stack>.yaml in the folder given with -o, or a document on standard output. Beside them lie the gateways'"
    " configurations and other files that they name, and deploy.sh, which deploys all of it in its order.",
    "What a Compose file cannot say is reported on standard error, with the place and what to do about it.",
    "Profiles: 'swarm' is what 'docker stack deploy' takes as it is; 'ailtire' is what Ailtire's own generator writes,"
    " with child stacks as stack containers.",
    examples=[
        ("the files of what runs; swarm/deploy.sh deploys them",
         "kubectl ailtire export shop -n shop -o swarm/"),
        ("of a definition, without a cluster, as one file", "kubectl ailtire export -f shop.yaml --single"),
        ("as Ailtire would have written it", "kubectl ailtire export -f shop.yaml --profile ailtire -o deploy/"),
        ("in CI: fail where something would not run as written",
         "kubectl ailtire export -f shop.yaml --strict --report json -o swarm/"),
    ],
)  # fmt: skip
SCRIPT: Final = "deploy.sh"


class Profile(StrEnum):
    """Whom the files are for."""

    SWARM = "swarm"
    AILTIRE = "ailtire"


class EndpointMode(StrEnum):
    """How a name leads to a service in Swarm."""

    VIP = "vip"
    DNSRR = "dnsrr"


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
    single: Annotated[
        bool, typer.Option("--single", help="One file, and one stack in Swarm, for the whole tree.")
    ] = False,
    endpoint_mode: Annotated[
        EndpointMode,
        typer.Option(help="dnsrr: no virtual addresses, and published ports on the nodes of the tasks alone."),
    ] = EndpointMode.VIP,
    report: Annotated[
        ReportFormat, typer.Option(help="The report on standard error; full lists every place.")
    ] = ReportFormat.TEXT,
    strict: Annotated[bool, typer.Option("--strict", help="Write nothing where something is not exact.")] = False,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    from ailtire_operator.cli.report import refuse_deviations, show, summary

    if (name is None) == (not files):
        raise Failure(
            "give either the NAME of a stack in the cluster or files with -f", "See 'kubectl ailtire export -h'."
        )
    where = options.target(context, namespace, cluster, kubeconfig)
    trees = list(_file_trees(files or [], recursive)) if name is None else [_tree_of(where, name)]
    if profile is Profile.AILTIRE and (single or endpoint_mode is not EndpointMode.VIP):
        message = "--single and --endpoint-mode are for the profile swarm: upstream's stack containers deploy their own"
        raise Failure(message, "Leave them out, or the profile.")
    files_made, findings = _translate(trees, profile, single=single, endpoint_mode=endpoint_mode)
    show(findings, report)
    if strict:
        refuse_deviations(findings, "Export without --strict.")
    loud = report in (ReportFormat.TEXT, ReportFormat.FULL)
    if folder is None:
        output.data("---\n".join(f"# {file}\n{text}" for file, text in files_made.documents.items()))
        if files_made.beside and loud:
            output.say(f"{len(files_made.beside)} files that these documents name are written with -o only")
        return
    written, everything = _write(folder, files_made), len(files_made.all)
    if loud:
        output.say(f"wrote {written} of {everything} files to {folder}; {summary(findings)}")
        for line in files_made.steps:
            output.say(line)


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


@dataclass(slots=True)
class Files:
    """What an export writes."""

    documents: dict[str, str] = field(default_factory=dict)
    """The Compose documents, by file."""
    beside: dict[str, bytes] = field(default_factory=dict)
    """What they name."""
    script: str = ""
    """Deploys them in their order."""
    steps: list[str] = field(default_factory=list)
    """The same, as text."""

    @property
    def all(self) -> dict[str, bytes]:
        """Every file by its name."""
        script = {SCRIPT: self.script.encode()} if self.script else {}
        return {**{name: text.encode() for name, text in self.documents.items()}, **self.beside, **script}


def _translate(
    trees: list[Tree], profile: Profile, *, single: bool, endpoint_mode: EndpointMode
) -> "tuple[Files, list[Finding]]":
    """The files, and the report."""
    from ailtire_operator.cli.report import Finding
    from ailtire_operator.cli.settings import environment_settings
    from ailtire_operator.compose.exporting import SwarmOptions, dump, export_tree
    from ailtire_operator.model.problems import InvalidStack

    chosen = SwarmOptions(single, endpoint_mode.value, environment_settings().gateway_image)
    files, stacks, needed = Files(), list[str](), dict[str, None]()
    findings: list[Finding] = []
    problems: list[str] = []
    for tree in trees:
        try:
            exported = export_tree(
                tree.stack.name, tree.stack.spec, tree.templates, profile=profile.value, options=chosen
            )
        except InvalidStack as error:
            problems += [f"{tree.label}: {problem}" for problem in error.problems]
            continue
        findings += [Finding(notice, tree.stack.name if len(trees) > 1 else "") for notice in exported.notices]
        for stack, document in exported.files.items():
            if f"{stack}.yaml" in files.documents:
                problems.append(f"{tree.label}: two trees have a stack '{stack}'; export one after the other")
            files.documents[f"{stack}.yaml"] = dump(document)
        files.beside |= exported.beside
        stacks += exported.files
        needed |= dict.fromkeys(exported.needed)
    if problems:
        raise Invalid(problems)
    if profile is Profile.SWARM:
        _add_order(files, stacks, list(needed))
    return files, findings


def _add_order(files: Files, stacks: list[str], needed: list[str]) -> None:
    from ailtire_operator.compose.swarm.script import commands, removal, script

    files.script = script(stacks, needed)
    first = ["make first what these files need:", *(f"  {command}" for command in needed)] if needed else []
    deploying = [f"deploy them in this order ({SCRIPT} does):", *(f"  {command}" for command in commands(stacks))]
    files.steps = [*first, *deploying, f"remove them with:\n  {removal(stacks)}"]


def _put(folder: Path, name: str, content: bytes) -> bool:
    """Put a file into the folder, and say whether it was another before: in place of a link, never through it."""
    if Path(name).name != name:
        raise Failure(f"'{name}' is no name of a file in {folder}")
    file = folder / name
    if file.is_file() and not file.is_symlink() and file.read_bytes() == content:
        return False
    if file.is_symlink():
        file.unlink()
    file.write_bytes(content)
    return True


def _write(folder: Path, files: Files) -> int:
    """Write what differs, and say how many files that were."""
    written = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.all.items():
            written += _put(folder, name, content)
            if name == SCRIPT:
                (folder / name).chmod(0o755)
    except OSError as error:
        raise Failure(f"cannot write to {folder}: {error.strerror or error}") from None
    return written
