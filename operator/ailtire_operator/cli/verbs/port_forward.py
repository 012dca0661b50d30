"""``port-forward``: ports of a service, or of a stack's gateway, on this machine, by kubectl."""

import os
from typing import Annotated

import typer

from ailtire_operator.cli import options, output
from ailtire_operator.cli.help_text import help_text

_HELP = help_text(
    "Reach ports of a service or of a stack's gateway from this machine, by kubectl port-forward.",
    "The pod is one that is ready and runs the current definition; else one that runs, and standard error says what"
    " is wrong with it. The path of a stack means its gateway. --index takes a certain pod: the ordinal of a"
    " StatefulSet's, else its place in the order of names, from 0 on.",
    "PORTS are kubectl's: 8080, 9000:8080 (here 9000), :8080 (here any that is free). Without one all TCP ports that"
    " the container declares are forwarded; those below 1024 get a free number here, unless root asks. kubectl takes"
    " over and forwards until Ctrl-C, or until the pod ends. Network policies do not stand in the way.",
    "It needs the rights to get and list ailtirestacks, to list pods, and what kubectl port-forward needs: get pods,"
    " create pods/portforward. While a new definition rolls out it lists replicasets or controllerrevisions too, if"
    " you may.",
    "\b\nExit codes:\n  0  ended by Ctrl-C\n  1  kubectl cannot listen, or the connection has ended\n"
    "  2  no pod, no port, no kubectl, no cluster, no permission\n  5  there is no such stack or service",
    examples=[
        ("a database, on its own port", "kubectl ailtire port-forward shop/orders/db -n shop"),
        ("on another one", "kubectl ailtire port-forward shop/orders/api -n shop 9000:8080"),
        ("the gateway of a package", "kubectl ailtire port-forward shop/orders -n shop 8080:3000"),
    ],
)  # fmt: skip

Ports = Annotated[
    list[str] | None,
    typer.Argument(metavar="PORTS", help="PORT, LOCAL:REMOTE or :REMOTE.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("port-forward", help=_HELP)(_port_forward)


def _port_forward(
    context: typer.Context,
    path: options.Path,
    ports: Ports = None,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    container: options.Container = "",
    index: options.Index = None,
    address: Annotated[
        str, typer.Option(metavar="LIST", show_default=False, help="Addresses here to listen on; else localhost.")
    ] = "",
    quiet: options.QuietPod = False,
) -> None:
    from ailtire_operator.cli import kubectl, live
    from ailtire_operator.cli.forwarded_ports import default_ports, text_of
    from ailtire_operator.cli.live import Live
    from ailtire_operator.cli.paths import find, parts
    from ailtire_operator.cli.pod_choice import PodChoice
    from ailtire_operator.cli.service_pods import pod_of

    target = options.target(context, namespace, cluster, kubeconfig)

    async def work(opened: Live) -> tuple[str, PodChoice]:
        asked = find(path, await opened.tree(parts(path)[0]))
        return opened.namespace, await pod_of(opened, asked, index=index, container=container)

    where, chosen = live.run(target, work)
    wanted = ports or default_ports(chosen, root=os.geteuid() == 0)
    if not quiet:
        output.say(text_of(chosen, bool(ports)))
        if chosen.note:
            output.say(f"note: {chosen.note}")
    listen = [f"--address={address}"] if address else []
    kubectl.become(kubectl.command("port-forward", target, where, [*listen, "--", f"pod/{chosen.pod}", *wanted]))
