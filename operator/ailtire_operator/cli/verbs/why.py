"""``why``: which change replaced the pods of a service, a stack or a tree, and what else has happened to them."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from ailtire_operator.cli import options, output
from ailtire_operator.cli.help_text import help_text

if TYPE_CHECKING:
    from ailtire_operator.cli.live import Live

_HELP = help_text(
    "Show which change replaced the pods of a service, a stack or a tree.",
    "A block for each rollout and each pod, the newest first: the fields that differ between the pod template before"
    " and the one since, the generation of the root that asked for it, and who had last changed the root. Pods that"
    " no rollout has made (evicted, with their node gone, deleted) and containers that have started again are listed"
    " with what Kubernetes says of it. Values that look like credentials are not shown.",
    "A stack's status remembers its last ten rollouts. Of the last one of each workload the fields are also read from"
    " the ReplicaSets and ControllerRevisions that Kubernetes keeps. Pods of Deployments are known to be of no rollout"
    " when the last one was complete before they were made; those of StatefulSets and DaemonSets ten minutes later.",
    "It needs the right to get and list ailtirestacks, and to list pods, replicasets, controllerrevisions, deployments"
    " and events; what may not be listed is left out, and named.",
    "\b\nExit codes:\n  0  done\n  2  no cluster, no permission to read the stack\n"
    "  5  there is no such stack or service",
    examples=[
        ("one service", "kubectl ailtire why shop/orders/api -n shop"),
        ("the whole application, the last five", "kubectl ailtire why shop -n shop --limit 5"),
        ("who changed what, by a program",
         "kubectl ailtire why shop -n shop -o json | jq -r '.[] | select(.type == \"rollout\") | .manager'"),
    ],
)  # fmt: skip
_LIMIT: Final = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("why", help=_HELP)(_why)


def _why(
    context: typer.Context,
    path: options.Path,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    limit: Annotated[int, typer.Option(min=0, metavar="N", help="The newest N blocks; 0 is all.")] = _LIMIT,
    form: Annotated[options.DataFormat | None, typer.Option("--output", "-o", help="As data.")] = None,
) -> None:
    from ailtire_operator.cli import live
    from ailtire_operator.cli.partial_reader import PartialReader
    from ailtire_operator.cli.why_reader import read_why
    from ailtire_operator.cli.why_view import as_json, text

    target = options.target(context, namespace, cluster, kubeconfig)

    async def work(opened: "Live") -> None:
        reader = PartialReader(opened)
        found = await read_why(opened, path, reader)
        shown = found[:limit] if limit else found
        if form is not None:
            data = as_json(shown)
            output.data(output.to_json(data) if form is options.DataFormat.JSON else output.to_yaml(data))
        else:
            output.rows(text(shown, opened.now()))
        if not found:
            output.say(f"{path}: no rollout is known, and no pod that was replaced")
        if len(shown) < len(found):
            output.say(f"{len(found) - len(shown)} older ones are left out; --limit 0 shows them")
        for note in reader.notes():
            output.say(f"note: {note}")

    live.run(target, work)
