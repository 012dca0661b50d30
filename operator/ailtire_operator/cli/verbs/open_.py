"""``open``: the URLs of an application, and the browser."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ailtire_operator.cli import options, output
from ailtire_operator.cli.failures import Exit, Failure
from ailtire_operator.cli.help_text import help_text

if TYPE_CHECKING:
    from ailtire_operator.cli.addresses import Address
    from ailtire_operator.cli.live import Live

_HELP = help_text(
    "List where a tree is reached from outside, and open it in a browser.",
    "Every line holds a URL, the path of the service that answers there, and its port. The URLs are those of"
    " the operator's status: hosts of the edge, and the routes of all gateways on the way. Published ports"
    " (spec.exposure) are no URLs: 'kubectl get services' shows their addresses.",
    "\b\nExit codes:\n  0  there is at least one URL\n  1  there is none; what helps stands on standard error\n"
    "  2  no cluster, no permission, no browser\n  5  there is no such stack or service",
    examples=[
        ("the whole application", "kubectl ailtire open shop -n shop"),
        ("one package, or one service", "kubectl ailtire open shop/orders/api -n shop"),
        ("in the browser", "kubectl ailtire open shop/web -n shop --browser"),
        ("are all of them answered?", "kubectl ailtire open shop -n shop -o json | jq -r '.[] | select(.ready | not)'"),
    ],
)  # fmt: skip


class Form(StrEnum):
    """How the list is printed."""

    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("open", help=_HELP)(_open)


def _open(
    context: typer.Context,
    path: options.Path,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    browser: Annotated[bool, typer.Option("--browser", "-b", help="Open the first one in a browser.")] = False,
    form: Annotated[Form | None, typer.Option("--output", "-o", help="The list as data.")] = None,
) -> None:
    from ailtire_operator.cli import live

    target = options.target(context, namespace, cluster, kubeconfig)
    found, why = live.run(target, lambda cluster: _poll(cluster, path))
    if form is Form.JSON:
        output.data(output.to_json([each.to_json() for each in found]))
    if why:
        raise Failure(*why, code=Exit.NO)
    if form is None:
        width = max(len(each.url) for each in found)
        for each in found:
            output.rows([f"{each.url:<{width}}  {each.service}:{each.port}{'' if each.ready else '  not ready'}"])
    if browser:
        _show(found[0].url)


async def _poll(cluster: "Live", path: str) -> "tuple[list[Address], tuple[str, str] | None]":
    """The URLs; where there is none, why, and what helps."""
    from ailtire_operator.cli.addresses import addresses, advice
    from ailtire_operator.cli.paths import find, parts

    tree = await cluster.tree(parts(path)[0])
    asked = find(path, tree)
    found = addresses(asked, tree)
    return found, None if found else advice(asked, cluster.namespace)


def _show(url: str) -> None:
    import webbrowser

    if not url.startswith(("http://", "https://")):
        raise Failure(f"'{url}' is no address of a page")
    output.say(f"opening {url}")
    if not webbrowser.open(url):
        raise Failure("there is no browser here that could be started", "Name one in the variable BROWSER.")
