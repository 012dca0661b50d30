"""``restart``: new pods for a service, a stack, a whole tree, or whatever uses a Secret."""

from typing import Annotated

import typer

from ailtire_operator.cli import completers, options
from ailtire_operator.cli.help_text import help_text

_HELP = help_text(
    "Replace the pods of services, of stacks, or of a whole tree.",
    "A service is replaced as at an update: by its updateConfig, in the order of dependsOn, without a request lost"
    " where its definition allows that. A job is run again if it is named itself, and never because of a stack above.",
    "What is written is restartedAt, where the definition is: of a member in the definition of its stack's root (or in"
    " the template, which is shared), of a root in its spec. The time is that of the API server, as all who write have"
    " it in common, and later than any that stands there. It is written in the name of whoever applies the definition,"
    " so that their next apply takes it back, which restarts nothing.",
    "--using restarts only what uses a Secret or ConfigMap: for variables, as files, or (imagePullSecrets) for its"
    " images. No Secret is read for that; the definitions name them. Jobs are left out.",
    "--dry-run shows the difference and changes nothing.",
    options.WRITTEN_AS_JSON,
    "\b\nExit codes:\n  0  asked for; with --wait: and ready again\n  1  the definition would be invalid\n"
    "  2  refused, no cluster, no permission\n  3  --wait: it cannot become ready as it is\n"
    "  4  --wait: the time is up\n  5  there is no such stack or service, or nothing uses what --using names\n"
    "  6  --wait: an update has failed and was rolled back\n  7  --wait: a stack is suspended, so nothing is changed",
    examples=[
        ("one service, and one package with everything in it", "kubectl ailtire restart shop/web shop/orders -n shop"),
        ("everything that uses a Secret, and wait", "kubectl ailtire restart shop --using secret/db -n shop --wait"),
        ("what would it change?", "kubectl ailtire restart shop/orders -n shop --dry-run"),
    ],
)  # fmt: skip
Using = Annotated[
    str | None,
    typer.Option(
        "--using",
        metavar="KIND/NAME",
        help="Only what uses it: secret/NAME or configmap/NAME.",
        autocompletion=completers.used_objects,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("restart", help=_HELP)(_restart)


def _restart(
    context: typer.Context,
    paths: options.Paths,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    using: Using = None,
    dry_run: options.DryRun = False,
    wait: options.Wait = False,
    timeout: options.WaitTimeout = "5m",
    form: options.WriteOutput = None,
) -> None:
    from ailtire_operator.cli.edit_actions import restart
    from ailtire_operator.cli.edit_command import Way, run

    target = options.target(context, namespace, cluster, kubeconfig)
    run(target, restart(paths, using), Way.of(dry_run, wait, timeout, form))
