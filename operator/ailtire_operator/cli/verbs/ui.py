"""``ui``: the page, in a browser, with the user's own rights."""

from typing import Annotated

import typer

from ailtire_operator.cli import completers, options
from ailtire_operator.cli.help_text import help_text

_HELP = help_text(
    "Show all trees as they change, in a browser.",
    "It shows stacks and services with their state and what is in the way of each, logs, events, definitions, routes,"
    " networks and what has changed. Without STACK it shows the stacks of all namespaces, as far as you may list them:"
    " else, and with -n, those of one namespace. With STACK it begins with that tree.",
    "The page is served by this program, on loopback alone and until Ctrl-C. It asks the cluster with your kubeconfig,"
    " so that your rights are its rights: whatever kubectl would refuse, it refuses with kubectl's sentence. It only"
    " reads; --allow-actions lets it restart, stop, start, scale and roll back as well.",
    "The address that is printed lets one browser in, once, within ten minutes; what is behind # in it is a secret"
    " until then. From there on the browser has a cookie that is worth nothing once this program has ended. No request"
    " of the page leaves this machine. --no-browser prints the address and nothing else: with -L of ssh it opens on"
    " another machine, if the port is the same there.",
    "It needs the rights to list and watch ailtirestacks; with those to list and watch pods it shows restarts and ages,"
    " and where there is a metrics-server, use.",
    "\b\nExit codes:\n  2    the port is in use, no cluster, no permission\n  5    there is no such stack\n"
    "  130  ended by Ctrl-C",
    examples=[
        ("all trees that you may see", "kubectl ailtire ui"),
        ("one of them", "kubectl ailtire ui shop -n shop"),
        ("one package of it", "kubectl ailtire ui shop/orders -n shop"),
        ("with buttons that change something", "kubectl ailtire ui shop -n shop --allow-actions"),
        ("on a machine without a screen", "kubectl ailtire ui --no-browser --port 8090"),
    ],
)  # fmt: skip

Path = Annotated[
    str | None,
    typer.Argument(
        metavar="STACK[/CHILD...]",
        help="A stack by its name, and from there on keys; without one all are shown.",
        show_default=False,
        autocompletion=completers.paths,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ui", help=_HELP)(_ui)


def _ui(
    context: typer.Context,
    path: Path = None,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="The port of 127.0.0.1; 0: any that is free.")
    ] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address alone.")] = False,
    allow_actions: Annotated[bool, typer.Option("--allow-actions", help="Let the page change stacks.")] = False,
) -> None:
    from ailtire_operator.cli import live
    from ailtire_operator.cli.ui.server import Options, serve

    target = options.target(context, namespace, cluster, kubeconfig)
    asked = Options(path, not no_browser, port, allow_actions)
    live.run(target, lambda opened: serve(opened, target, asked))
