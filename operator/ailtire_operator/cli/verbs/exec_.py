"""``exec``: a command in a pod of a service, run by kubectl."""

import sys
from typing import Annotated

import typer

from ailtire_operator.cli import options, output
from ailtire_operator.cli.help_text import help_text

_HELP = help_text(
    "Run a command in a container of a service, by kubectl exec.",
    "The pod is one that is ready and runs the service's current definition; else one that runs, and standard error"
    " says what is wrong with it. --index takes a certain one: the ordinal of a StatefulSet's, else its place in the"
    " order of names, from 0 on. The container is the service's own, unless the pod's annotation"
    " kubectl.kubernetes.io/default-container names another or -c does. --gateway, with a stack's path, means the"
    " stack's gateway.",
    "kubectl takes over: terminal, signals and the command's exit code are as it has them. On a terminal (standard"
    " input and output) it is run with -it; in a pipe without, so that it takes no input unless -i says so.",
    "It needs the rights to get and list ailtirestacks, to list pods, and what kubectl exec needs: get pods, create"
    " pods/exec. While a new definition rolls out it lists replicasets or controllerrevisions too, if you may.",
    "\b\nExit codes:\n  the command's own; 1 also where kubectl cannot run it\n"
    "  2  no pod to run it in, no kubectl, no cluster, no permission\n  5  there is no such stack or service",
    examples=[
        ("a shell", "kubectl ailtire exec shop/orders/api -n shop -- sh"),
        ("one command, in the third pod of a StatefulSet",
         "kubectl ailtire exec shop/orders/db -n shop --index 2 -- psql -c 'select 1'"),
        ("a file into it", "kubectl ailtire exec shop/orders/db -n shop -i -- psql < dump.sql"),
        ("what does the gateway do?", "kubectl ailtire exec shop/orders --gateway -n shop -- cat"
         " /etc/ailtire-gateway/nginx.conf"),
    ],
)  # fmt: skip

Command = Annotated[list[str], typer.Argument(metavar="-- COMMAND", help="What to run, and its arguments.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("exec", help=_HELP)(_exec)


def _exec(
    context: typer.Context,
    path: options.Path,
    command: Command,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    container: options.Container = "",
    index: options.Index = None,
    gateway: Annotated[bool, typer.Option("--gateway", help="In the gateway of the stack.")] = False,
    stdin: Annotated[
        bool | None, typer.Option("--stdin/--no-stdin", "-i", show_default=False, help="Pass standard input on.")
    ] = None,
    tty: Annotated[
        bool | None, typer.Option("--tty/--no-tty", "-t", show_default=False, help="Give it a terminal.")
    ] = None,
    quiet: options.QuietPod = False,
) -> None:
    from ailtire_operator.cli import kubectl, live
    from ailtire_operator.cli.live import Live
    from ailtire_operator.cli.pod_choice import PodChoice
    from ailtire_operator.cli.service_pods import pod_at

    target = options.target(context, namespace, cluster, kubeconfig)

    async def work(opened: Live) -> tuple[str, PodChoice]:
        found = await pod_at(opened, path, gateway=gateway, index=index, container=container)
        return opened.namespace, found

    where, chosen = live.run(target, work)
    if chosen.note and not quiet:
        output.say(f"note: {chosen.note}")
    asked = {"--stdin": stdin, "--tty": tty}
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    flags = [name for name, wanted in asked.items() if (terminal if wanted is None else wanted)]
    words = [chosen.pod, f"--container={chosen.container}", *flags, "--", *command]
    kubectl.become(kubectl.command("exec", target, where, words))
