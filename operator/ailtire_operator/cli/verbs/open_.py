"""``open``: the URLs of an application, and the browser."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ailtire_operator.cli import options, output
from ailtire_operator.cli.failures import Exit, Failure
from ailtire_operator.cli.help_text import help_text
from ailtire_operator.cli.wait_outcomes import EXITS, Outcome, Verdict, timeout_of

if TYPE_CHECKING:
    from ailtire_operator.cli.addresses import Address
    from ailtire_operator.cli.live import Live

_HELP = help_text(
    "List where a tree is reached from outside, and open it in a browser.",
    "Every line holds a URL, the path of the service that answers there, and its port. The URLs are those of"
    " the operator's status: hosts of the edge, and the routes of all gateways on the way. Published ports"
    " (spec.exposure) are no URLs: 'kubectl get services' shows their addresses.",
    "A URL is ready when a request gets there: the operator has reconciled the current definition of every stack on the"
    " way, an HTTPRoute is accepted, every gateway on the way is ready and rolled out, and so is a replica of the"
    " service. Else the line says what is in the way first, from outside on. An Ingress without an address is noted"
    " alone, as some controllers never write one, and so is what you may not list; whether names lead to the cluster"
    " (DNS) is not looked at. --wait waits until all URLs are ready.",
    "--forward needs no edge that works: kubectl port-forward brings the gateway of the stack that has the edge"
    " (without one: of the stack itself) to a free port of this machine, and the URLs lead there, with the paths that"
    " they have outside. A gateway answers under any name. It goes on until Ctrl-C, by another pod where one ends, and"
    " needs the rights to list and get pods and to create pods/portforward.",
    "\b\nExit codes:\n  0  there is at least one URL; with --wait: all are ready\n"
    "  1  there is none; what helps stands on standard error\n  2  no cluster, no permission, no browser\n"
    "  3  --wait: a stack on the way cannot become ready as it is\n  4  --wait: the time is up\n"
    "  5  there is no such stack or service\n  6  --wait: an update on the way has failed and was rolled back\n"
    "  7  --wait: a stack on the way is suspended or stopped",
    examples=[
        ("the whole application", "kubectl ailtire open shop -n shop"),
        ("one package, or one service", "kubectl ailtire open shop/orders/api -n shop"),
        ("in the browser, once it can be reached", "kubectl ailtire open shop/web -n shop --wait --browser"),
        ("at once, whether its edge leads anywhere or not", "kubectl ailtire open shop -n shop --forward --browser"),
        ("what of it is not reached, and why",
         "kubectl ailtire open shop -n shop -o json | jq -r '.[] | select(.ready | not) | .url + \": \" + .reason'"),
    ],
)  # fmt: skip


class Form(StrEnum):
    """How the list is printed."""

    JSON = "json"


@dataclass(slots=True)
class _Found:
    """What one look has found."""

    addresses: "list[Address]" = field(default_factory=list)
    advice: tuple[str, str] | None = None
    """Why there is none, and what helps."""
    notes: list[str] = field(default_factory=list)
    verdict: Verdict = field(default_factory=lambda: Verdict(Outcome.REACHED, ""))
    """How it stands for whoever waits."""


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
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait until all of them are ready.")] = False,
    timeout: Annotated[str, typer.Option(metavar="TIME", help="How long to wait: 90s, 5m.")] = "5m",
    forward: Annotated[bool, typer.Option("--forward", help="From this machine, by kubectl port-forward.")] = False,
    form: Annotated[Form | None, typer.Option("--output", "-o", help="The list as data.")] = None,
) -> None:
    from ailtire_operator.cli import live

    try:
        patience = timeout_of(timeout)
    except ValueError as error:
        raise Failure(f"--timeout: {error}") from None
    target = options.target(context, namespace, cluster, kubeconfig)
    if forward:
        if wait:
            raise Failure("--wait waits for the edge, and --forward needs none", "Wait by 'kubectl ailtire wait'.")
        live.run(target, lambda opened: _forward(opened, target, path, browser, form))
        return
    found = live.run(target, lambda cluster: _until(cluster, path, patience) if wait else _poll(cluster, path))
    _print(found, form)
    if wait and found.verdict.outcome is not Outcome.REACHED:
        raise typer.Exit(EXITS[found.verdict.outcome])
    if browser:
        _show(found.addresses[0].url)


def _print(found: _Found, form: Form | None) -> None:
    if form is Form.JSON:
        output.data(output.to_json([each.to_json() for each in found.addresses]))
    if found.advice:
        raise Failure(*found.advice, code=Exit.NO)
    if form is None and found.addresses:
        width = max(len(each.url) for each in found.addresses)
        output.rows(each.line(width) for each in found.addresses)
    for note in found.notes:
        output.say(f"note: {note}")


async def _until(cluster: "Live", path: str, patience: float) -> _Found:
    """Look until all URLs are ready, or it is clear that they will not be; what the last look has found."""
    from ailtire_operator.cli.verbs.wait import until

    found = _Found()

    async def poll() -> Verdict:
        nonlocal found
        found = await _poll(cluster, path, waiting=True)
        return found.verdict

    await until(poll, patience, output.say)
    return found


async def _poll(cluster: "Live", path: str, *, waiting: bool = False) -> _Found:
    """The URLs; where there is none, why, and what helps. What has not been made yet is waited for, if asked."""
    from ailtire_operator.cli.addresses import addresses, advice, judge
    from ailtire_operator.cli.failures import NotMade
    from ailtire_operator.cli.outside import chain
    from ailtire_operator.cli.outside_reader import read_outside, whole_tree
    from ailtire_operator.cli.paths import find, parts
    from ailtire_operator.cli.trees import is_observed

    tree = await whole_tree(cluster, parts(path)[0])
    try:
        asked = find(path, tree)
    except NotMade as error:
        if not waiting:
            raise
        return _Found(verdict=Verdict(Outcome.WAITING, str(error)))
    outside = await read_outside(cluster, tree)
    found = addresses(asked, tree, outside)
    if not found:
        settled = all(map(is_observed, chain(asked.stack, tree)))
        if waiting and not settled:
            return _Found(verdict=Verdict(Outcome.WAITING, f"{asked.path}: the operator has not reconciled it yet"))
        return _Found(advice=advice(asked, cluster.namespace))
    return _Found(found, None, list(outside.reservations()), judge(asked.path, found, tree))


async def _forward(cluster: "Live", target: options.Target, path: str, browser: bool, form: Form | None) -> None:
    from ailtire_operator.cli.addresses import Address
    from ailtire_operator.cli.local_addresses import local_entry
    from ailtire_operator.cli.local_forward import forward, free_port
    from ailtire_operator.cli.outside_reader import whole_tree
    from ailtire_operator.cli.paths import find, parts

    tree = await whole_tree(cluster, parts(path)[0])
    entry = local_entry(find(path, tree), tree, cluster.namespace)
    port = free_port()
    found = [
        Address(url, each.service, each.port, entry.gateway.name)
        for url, each in zip(entry.urls(port), entry.routes, strict=True)
    ]

    def ready() -> None:
        _print(_Found(found), form)
        output.flush()
        for note in entry.notes(port):
            output.say(note)
        if browser:
            _show(found[0].url)

    await forward(cluster, target, entry.gateway, port, ready)


def _show(url: str) -> None:
    import webbrowser

    if not url.startswith(("http://", "https://")):
        raise Failure(f"'{url}' is no address of a page")
    output.say(f"opening {url}")
    if not webbrowser.open(url):
        raise Failure("there is no browser here that could be started", "Name one in the variable BROWSER.")
