"""The options that several commands share, spelled as kubectl spells them.

They are understood before and after the command's name: ``kubectl ailtire -n shop tree web`` is what fingers type.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any

import typer

from ailtire_operator.cli import completers
from ailtire_operator.cli.failures import Failure

Namespace = Annotated[
    str | None,
    typer.Option("--namespace", "-n", metavar="NAME", help="The namespace.", autocompletion=completers.namespaces),
]
Context = Annotated[
    str | None,
    typer.Option("--context", metavar="NAME", help="The kubeconfig's context.", autocompletion=completers.contexts),
]
Kubeconfig = Annotated[
    str | None, typer.Option("--kubeconfig", metavar="FILE", help="The kubeconfig; else $KUBECONFIG, ~/.kube/config.")
]
Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FILE]...", help="YAML or JSON files, folders of them, or - for standard input."),
]
Filenames = Annotated[
    list[str] | None, typer.Option("--filename", "-f", metavar="FILE", help="The same, as kubectl has it.")
]
Kustomize = Annotated[
    str | None, typer.Option("--kustomize", "-k", metavar="DIR", help="A kustomize folder, built by kubectl.")
]
AllNamespaces = Annotated[
    bool, typer.Option("--all-namespaces", "-A", help="All stacks of all namespaces, in place of STACK.")
]
Recursive = Annotated[bool, typer.Option("--recursive", "-R", help="Look into the folders' folders too.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The AiltireStack's name.", autocompletion=completers.stacks)]

DryRun = Annotated[bool, typer.Option("--dry-run", help="Ask the API server, but change nothing.")]
Wait = Annotated[bool, typer.Option("--wait", "-w", help="Wait until what was changed is ready.")]
WaitTimeout = Annotated[str, typer.Option("--timeout", metavar="TIME", help="How long to wait: 90s, 5m.")]

Path = Annotated[
    str,
    typer.Argument(
        metavar="STACK[/CHILD...][/SERVICE]",
        help="A stack by its name, and from there on keys.",
        autocompletion=completers.paths,
    ),
]
Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="STACK[/CHILD...][/SERVICE]...",
        help="Stacks by their names, and from there on keys.",
        autocompletion=completers.paths,
    ),
]
OptionalPath = Annotated[
    str | None,
    typer.Argument(
        metavar="STACK[/CHILD...][/SERVICE]",
        help="A stack by its name, and from there on keys; required without -A.",
        show_default=False,
        autocompletion=completers.paths,
    ),
]
OptionalName = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME",
        help="The AiltireStack's name; required without -A.",
        show_default=False,
        autocompletion=completers.stacks,
    ),
]

Container = Annotated[
    str, typer.Option("--container", "-c", metavar="NAME", show_default=False, help="Another than the service's own.")
]
Index = Annotated[
    int | None,
    typer.Option("--index", min=0, metavar="N", help="This pod: a StatefulSet's ordinal, else by name from 0 on."),
]
BlockerLogs = Annotated[
    int,
    typer.Option("--logs", min=0, max=1000, metavar="N", help="Last lines of the log of what is in trouble; 0: none."),
]
QuietPod = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing of the pod that is taken.")]


class WriteFormat(StrEnum):
    """How a command that writes tells what it has written."""

    JSON = "json"


WriteOutput = Annotated[
    WriteFormat | None,
    typer.Option("--output", "-o", show_default=False, help="What was written, as one object."),
]
WRITTEN_AS_JSON = (
    "-o json prints one object at the end: dryRun; changes, each with the resource that is written, the path that it is"
    " about, the field, and the values before and after (or hidden: true); unchanged and notes, a sentence each; and"
    " the outcome and a message of the waiting, null and empty without --wait. A command that is refused prints no"
    " object; exit codes are the same."
)
"""For the help of each of these commands."""


class DataFormat(StrEnum):
    """What a program can read."""

    YAML = "yaml"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Target:
    """Which cluster, and which namespace of it."""

    namespace: str | None = None
    context: str | None = None
    kubeconfig: str | None = None

    def but(self, namespace: str | None, context: str | None, kubeconfig: str | None) -> "Target":
        """The same with what was given after the command's name."""
        given = {"namespace": namespace, "context": context, "kubeconfig": kubeconfig}
        return replace(self, **{key: value for key, value in given.items() if value})


def one_or_all(stack: str | None, *, everywhere: bool) -> str | None:
    """The stack that is meant; None where all of all namespaces are. Raises Failure for neither or both."""
    if everywhere and stack:
        raise Failure("a stack cannot be named across all namespaces", "Leave out the name, or -A.")
    if not everywhere and not stack:
        raise Failure("no stack is named", "Name one, or list all of them with -A.")
    return stack


def target(context: Any, namespace: str | None, cluster: str | None, kubeconfig: str | None) -> Target:
    """Where a command goes, from the options before and after its name."""
    before = context.obj if isinstance(context.obj, Target) else Target()
    return before.but(namespace, cluster, kubeconfig)
