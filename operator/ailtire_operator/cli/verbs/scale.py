"""``scale``: more or fewer of a service, written where its definition is."""

from typing import Annotated

import typer

from ailtire_operator.cli import completers, options
from ailtire_operator.cli.help_text import help_text

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
    options.WRITTEN_AS_JSON,
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
    dry_run: options.DryRun = False,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait until that many are ready.")] = False,
    timeout: options.WaitTimeout = "5m",
    form: options.WriteOutput = None,
) -> None:
    from ailtire_operator.cli.edit_actions import scale
    from ailtire_operator.cli.edit_command import Way, run
    from ailtire_operator.cli.scaling import judge_scaled

    target = options.target(context, namespace, cluster, kubeconfig)
    run(target, scale(wishes), Way.of(dry_run, wait, timeout, form), judge_scaled)
