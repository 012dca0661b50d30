"""``start``: run again what was stopped."""

import typer

from ailtire_operator.cli import options
from ailtire_operator.cli.help_text import help_text

_HELP = help_text(
    "Start what was stopped: services, stacks with everything below them, or a whole tree.",
    "It takes stopped out of the definition, wherever 'kubectl ailtire stop' or a person has written it; as many"
    " replicas run again as the definition says, in the order of dependsOn. What was stopped itself below stays so, and"
    " is named. While a stack above is stopped nothing below it can run: that is refused with its path.",
    "Where a file says stopped, its next apply stops it again: change the file as well. --dry-run shows the difference"
    " and changes nothing.",
    options.WRITTEN_AS_JSON,
    "\b\nExit codes:\n  0  asked for, or not stopped; with --wait: and ready\n"
    "  1  the definition would be invalid\n  2  refused, no cluster, no permission\n"
    "  3  --wait: it cannot become ready as it is\n  4  --wait: the time is up\n"
    "  5  there is no such stack or service\n  6  --wait: an update has failed and was rolled back\n"
    "  7  --wait: a stack is suspended, or something below is stopped still",
    examples=[
        ("one package, and wait until it is ready", "kubectl ailtire start shop/orders -n shop --wait"),
        ("a whole tree", "kubectl ailtire start shop -n shop"),
    ],
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("start", help=_HELP)(_start)


def _start(
    context: typer.Context,
    paths: options.Paths,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    dry_run: options.DryRun = False,
    wait: options.Wait = False,
    timeout: options.WaitTimeout = "5m",
    form: options.WriteOutput = None,
) -> None:
    from ailtire_operator.cli.edit_actions import start
    from ailtire_operator.cli.edit_command import Way, run

    target = options.target(context, namespace, cluster, kubeconfig)
    run(target, start(paths), Way.of(dry_run, wait, timeout, form))
