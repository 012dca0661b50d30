"""``scale``: more or fewer of a service, written where its definition is."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ailtire_operator import naming
from ailtire_operator.cli import completers, options, output
from ailtire_operator.cli.failures import Failure, Invalid
from ailtire_operator.cli.help_text import help_text
from ailtire_operator.cli.wait_outcomes import EXITS, Outcome, Verdict, timeout_of

if TYPE_CHECKING:
    from ailtire_operator.cli.live import Json, Live
    from ailtire_operator.cli.scaling import Change

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
    "  7  --wait: the stack is suspended, so that nothing is changed",
    examples=[
        ("one service of a package", "kubectl ailtire scale shop/orders/api=3 -n shop"),
        ("several, and wait until they run", "kubectl ailtire scale shop/web=2 shop/orders/api=3 -n shop --wait"),
        ("what would it change?", "kubectl ailtire scale shop/web=0 -n shop --dry-run"),
    ],
)  # fmt: skip
_ATTEMPTS: Final = 8
"""Where the definition is kept by server-side apply, a status that is written meanwhile makes one fail too."""

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


async def _change(cluster: "Live", wishes: Sequence[str], dry_run: bool) -> "list[Change]":
    from ailtire_operator.cli.paths import parts
    from ailtire_operator.cli.scaling import plan_changes, warnings
    from ailtire_operator.cluster.errors import Conflict
    from ailtire_operator.cluster.kinds import STACK

    for wish in wishes:
        await cluster.stack(parts(wish.partition("=")[0])[0])
    for attempt in range(1, _ATTEMPTS + 1):
        stacks = await cluster.list(STACK)
        changes = plan_changes(wishes, stacks)
        groups = _groups(changes, stacks)
        try:
            for group in groups:
                await _send(cluster, group, dry_run=True)
            for line in dict.fromkeys(
                line for group in groups for change in group for line in warnings(change, stacks)
            ):
                output.say(f"note: {line}")
            for group in groups:
                await _report(cluster, group, dry_run)
            for change in changes:
                if change.before == change.after:
                    output.data(f"{naming.SINGULAR}/{change.owner}: {change.path} has {change.after} already")
            return changes
        except Conflict as error:
            if attempt == _ATTEMPTS:
                raise Failure(str(error), "Somebody else changes the definition all the time; try again.") from None
    raise AssertionError("the last attempt returns or raises")


def _groups(changes: "Sequence[Change]", stacks: "Sequence[Json]") -> "list[list[Change]]":
    """What differs, by resource. Raises Invalid where the model refuses one of the resources."""
    from ailtire_operator.cli.scaling import problems

    groups: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        if change.before != change.after:
            groups[change.owner].append(change)
    wrong = [f"{naming.KIND} {owner}: {each}" for owner, group in groups.items() for each in problems(group, stacks)]
    if wrong:
        raise Invalid(wrong)
    return list(groups.values())


async def _report(cluster: "Live", group: "list[Change]", dry_run: bool) -> None:
    if not dry_run:
        await _send(cluster, group, dry_run=False)
    for change in group:
        done = "would go" if dry_run else "goes"
        output.data(
            f"{naming.SINGULAR}/{change.owner}: {change.path} {done} from {change.before} to {change.after}"
            f" ({'.'.join(change.service)}.deploy.replicas)"
        )


async def _send(cluster: "Live", group: "list[Change]", *, dry_run: bool) -> None:
    """Change the definition that was read, and no other. Raises Conflict where it has changed meanwhile."""
    from ailtire_operator.cli.scaling import requests_for
    from ailtire_operator.cluster.errors import Conflict, Invalid
    from ailtire_operator.cluster.kinds import STACK

    name = group[0].owner
    path = STACK.path(cluster.namespace, name)
    for each in requests_for(group):
        params = {**each.params, **({"dryRun": "All"} if dry_run else {})}
        try:
            await cluster.connection.request(
                "PATCH", path, params=params, body=each.body, content_type=each.content_type
            )
        except Invalid as error:
            if error.causes:
                raise
            # A test that fails is a 422 without a word of explanation.
            raise Conflict(f"{naming.KIND} {name} has changed since it was read", status=409) from error


async def _until(cluster: "Live", changes: "list[Change]", patience: float) -> Verdict:
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
