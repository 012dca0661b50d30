"""``stop``: end the pods of a service, of a stack, or of a whole tree, and keep the rest."""

import typer

from ailtire_operator.cli import options
from ailtire_operator.cli.help_text import help_text

_HELP = help_text(
    "Stop services, stacks with everything below them, or a whole tree.",
    "Pods end, what depends on others first. Volumes and Services stay, gateways answer 503, and 'kubectl ailtire"
    " start' brings back as many replicas as the definition says. (spec.suspend is another thing: all runs on.)",
    "What is written is stopped, where the definition is: of a member in the definition of its stack's root (or in the"
    " template, which is shared), of a root in its spec. It is written in the name of whoever applies the definition:"
    " their next apply takes it back, which starts it. --dry-run shows the difference and changes nothing.",
    options.WRITTEN_AS_JSON,
    "\b\nExit codes:\n  0  asked for, or already so; with --wait: and nothing of it runs any more\n"
    "  1  the definition would be invalid\n  2  refused, no cluster, no permission\n"
    "  3  --wait: it cannot come as it is\n  4  --wait: the time is up\n  5  there is no such stack or service\n"
    "  6  --wait: an update has failed and was rolled back\n  7  --wait: a stack is suspended, so nothing is changed",
    examples=[
        ("one package, and wait until nothing of it runs", "kubectl ailtire stop shop/orders -n shop --wait"),
        ("two services", "kubectl ailtire stop shop/web shop/orders/api -n shop"),
        ("what would it change?", "kubectl ailtire stop shop -n shop --dry-run"),
    ],
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("stop", help=_HELP)(_stop)


def _stop(
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
    from ailtire_operator.cli.edit_actions import stop
    from ailtire_operator.cli.edit_command import Way, run
    from ailtire_operator.cli.stops import judge_stopped

    target = options.target(context, namespace, cluster, kubeconfig)
    run(target, stop(paths), Way.of(dry_run, wait, timeout, form), judge_stopped)
