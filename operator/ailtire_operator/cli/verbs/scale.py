"""``scale``: more or fewer of a service, written where its definition is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ailtire_operator import naming
from ailtire_operator.cli import completers, options, output
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.help_text import help_text
from ailtire_operator.cli.wait_outcomes import EXITS, Outcome, Verdict, timeout_of

if TYPE_CHECKING:
    from ailtire_operator.cli.definition_edits import Edit
    from ailtire_operator.cli.live import Live
    from ailtire_operator.cli.trees import Resource

_HELP = help_text(
    "Change how many replicas services have, where their definition is written.",
    "The definition of an inline child stack stands in its root, that of a child with stackRef in the template: that"
    " resource is changed, never the child, which its parent writes. A template is shared by all that refer to it, and"
    " what came from a file or a GitOps pipeline comes back from there: both are said on standard error. The count is"
    " written in the name of whoever applies the definition, so that their next apply takes it back, also where the"
    " file names none; until then 'kubectl ailtire diff' shows it.",
    "Refused: services that run once on each node, jobs, and those whose count is an autoscaler's (change"
    " policies.scaling). The whole tree is checked as 'validate' does before anything is sent, then each resource is"
    " tried in a dry run, then all are changed; a definition that somebody changes meanwhile is read again.",
    "\b\nExit codes:\n  0  changed, or already so; with --wait: and running\n  1  the definition would be invalid\n"
    "  2  refused, no cluster, no permission\n  3  --wait: it cannot come as it is\n  4  --wait: the time is up\n"
    "  5  there is no such stack or service\n  6  --wait: an update has failed and was rolled back\n"
    "  7  --wait: the stack is suspended, so that nothing is changed, or it is stopped",
    examples=[
        ("one service of a package", "kubectl ailtire scale shop/orders/api=3 -n shop"),
        ("several, and wait until they run", "kubectl ailtire scale shop/web=2 shop/orders/api=3 -n shop --wait"),
        ("what would it change?", "kubectl ailtire scale shop/web=0 -n shop --dry-run"),
    ],
)  # fmt: skip
Wishes = Annotated[
    list[str],
    typer.Argument(metavar="STACK[/CHILD...]/SERVICE=N", help="What, and how many.", autocompletion=completers.paths),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("scale", help=_HELP)(_scale)


def _scale(
    context: typer.Context,
    wishes: Wishes,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Ask the API server, but change nothing.")] = False,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait until that many are ready.")] = False,
    timeout: Annotated[str, typer.Option(metavar="TIME", help="How long to wait: 90s, 5m.")] = "5m",
) -> None:
    from ailtire_operator.cli import live

    try:
        patience = timeout_of(timeout)
    except ValueError as error:
        raise Failure(f"--timeout: {error}") from None

    async def work(cluster: "Live") -> Verdict:
        changes = await _change(cluster, wishes, dry_run)
        return await _until(cluster, changes, patience) if wait and not dry_run else Verdict(Outcome.REACHED, "")

    verdict = live.run(options.target(context, namespace, cluster, kubeconfig), work)
    if verdict.outcome is not Outcome.REACHED:
        raise typer.Exit(EXITS[verdict.outcome])


async def _change(cluster: "Live", wishes: Sequence[str], dry_run: bool) -> "list[Edit]":
    from ailtire_operator.cli.definition_edits import Plan
    from ailtire_operator.cli.edit_sender import Sender
    from ailtire_operator.cli.scaling import plan_changes

    def plan(stacks: "Sequence[Resource]") -> Plan:
        changes = plan_changes(wishes, stacks)
        same = (each for each in changes if each.before == each.after)
        already = [f"{naming.SINGULAR}/{each.owner}: {each.path} has {each.after} already" for each in same]
        return Plan(changes, already)

    sender = Sender(cluster, _sentence, dry_run=dry_run, shows_difference=False, noun="count")
    return (await sender.write([wish.partition("=")[0] for wish in wishes], plan)).edits


def _sentence(change: "Edit", dry_run: bool) -> str:
    return f"{change.path} {'would go' if dry_run else 'goes'} from {change.before} to {change.after}"


async def _until(cluster: "Live", changes: "list[Edit]", patience: float) -> Verdict:
    from ailtire_operator.cli.scaling import judge_scaled
    from ailtire_operator.cli.verbs.wait import until
    from ailtire_operator.cluster.errors import NotFound
    from ailtire_operator.cluster.kinds import STACK

    async def poll() -> Verdict:
        found = {}
        for name in {change.live for change in changes}:
            try:
                found[name] = await cluster.connection.request("GET", STACK.path(cluster.namespace, name))
            except NotFound:
                continue
        return judge_scaled(changes, found)

    return await until(poll, patience, output.say)
