"""``logs``: what a whole subtree says, each line with whose it is."""

import os
import sys
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ailtire_operator.cli import options
from ailtire_operator.cli.failures import Exit, Failure
from ailtire_operator.cli.help_text import help_text
from ailtire_operator.cli.wait_outcomes import timeout_of

if TYPE_CHECKING:
    from ailtire_operator.cli.live import Live
    from ailtire_operator.cli.log_reader import Request, Wanted
    from ailtire_operator.cli.log_sources import Selection
    from ailtire_operator.cli.trees import Resource

_HELP = help_text(
    "Print the logs of a service, a stack, or a whole tree.",
    "Every line starts with the path of its service, the rest of its pod's name, and the container where that is not"
    " the service's own. Without -f the lines of all containers are put in the order of time, and of a stack the last"
    " ten of each container are read unless --tail or --since says otherwise; of a single service all of them.",
    "With -f lines come as they are written. New pods, containers that start again and new services join in by"
    " themselves, which standard error says (not with -q); a connection that breaks is made again without a gap."
    " Gateways are left out unless --gateways asks for them, init containers unless -c names them.",
    "It needs the rights to get and list ailtirestacks, list (-f: watch) pods, and get pods/log.",
    "\b\nExit codes:\n  0    read\n  2    a log could not be read, no cluster, no permission\n"
    "  5    there is no such stack or service\n  130  -f was ended by Ctrl-C",
    examples=[
        ("the last lines of everything", "kubectl ailtire logs shop -n shop"),
        ("follow one package, from now on", "kubectl ailtire logs shop/orders -n shop -f --tail 0"),
        ("one service, the last hour, with times", "kubectl ailtire logs shop/orders/api -n shop --since 1h -t"),
        ("what it said before it crashed", "kubectl ailtire logs shop/orders/api -n shop --previous"),
        ("for a program", "kubectl ailtire logs shop -n shop --since 5m -o json | jq -r .message"),
    ],
)  # fmt: skip
_AT_ONCE: Final = 16
_FOLLOWED: Final = 300
_TAIL: Final = 10


class Colour(StrEnum):
    """Whether prefixes are coloured."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Form(StrEnum):
    """How lines are printed."""

    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("logs", help=_HELP)(_logs)


def _logs(
    context: typer.Context,
    path: options.Path,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    tail: Annotated[int | None, typer.Option(min=-1, metavar="LINES", help="Of each container; -1 is all.")] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Not older than: 90s, 5m, 1h30m.")] = None,
    timestamps: Annotated[bool, typer.Option("--timestamps", "-t", help="Put its time before each line.")] = False,
    previous: Annotated[bool, typer.Option("--previous", "-p", help="Of the instance before the last start.")] = False,
    containers: Annotated[
        list[str] | None, typer.Option("--container", "-c", metavar="NAME", help="Only containers of this name.")
    ] = None,
    gateways: Annotated[bool, typer.Option("--gateways/--no-gateways", help="With or without gateways.")] = False,
    prefix: Annotated[bool, typer.Option("--prefix/--no-prefix", help="Say whose line it is.")] = True,
    colour: Annotated[Colour, typer.Option("--color", help="auto: on a terminal without NO_COLOR.")] = Colour.AUTO,
    form: Annotated[Form | None, typer.Option("--output", "-o", help="One JSON object a line.")] = None,
    at_once: Annotated[
        int | None,
        typer.Option("--max-log-requests", min=1, metavar="N", help=f"At once: {_AT_ONCE}; -f: {_FOLLOWED}."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only lines of logs.")] = False,
) -> None:
    from ailtire_operator.cli import live
    from ailtire_operator.cli.log_lines import Style
    from ailtire_operator.cli.log_output import PrintedLog
    from ailtire_operator.cli.log_reader import Request
    from ailtire_operator.cli.log_sources import selection

    if follow and previous:
        raise Failure("--previous is over and cannot be followed")
    wanted = _wanted(tail, since, previous)
    style = Style(_coloured(colour), timestamps, prefix, form is Form.JSON, terminal=sys.stdout.isatty())

    def choose(tree: "list[Resource]") -> "Selection":
        return selection(path, tree, gateways=gateways, containers=containers or ())

    request = Request(path, choose, wanted, PrintedLog(style, quiet), at_once or (_FOLLOWED if follow else _AT_ONCE))
    work = _follow if follow else _read
    complete = live.run(options.target(context, namespace, cluster, kubeconfig), lambda opened: work(opened, request))
    if not complete:
        raise typer.Exit(Exit.TROUBLE)


def _wanted(tail: int | None, since: str | None, previous: bool) -> "Wanted":
    from ailtire_operator.cli.log_reader import Wanted

    try:
        seconds = None if since is None else max(1, round(timeout_of(since)))
    except ValueError as error:
        raise Failure(f"--since: {error}") from None
    return Wanted(tail, seconds, previous)


def _coloured(colour: Colour) -> bool:
    if colour is Colour.AUTO:
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return colour is Colour.ALWAYS


async def _read(cluster: "Live", request: "Request") -> bool:
    """Whether all logs could be read."""
    from ailtire_operator.cli.log_reader import read, readable, tree_of

    tree, root = await tree_of(cluster, request.path)
    chosen = request.choose(tree)
    return await read(cluster, await readable(cluster, root, chosen, request), _bounded(request, chosen))


async def _follow(cluster: "Live", request: "Request") -> bool:
    from ailtire_operator.cli.log_reader import Follower, tree_of

    tree, root = await tree_of(cluster, request.path)
    await Follower(cluster, root, _bounded(request, request.choose(tree))).run()
    return True


def _bounded(request: "Request", chosen: "Selection") -> "Request":
    """Without a bound that was asked for: of a stack the last lines, of a service everything."""
    wanted = request.wanted
    tail: int | None = _TAIL if wanted.tail is None else wanted.tail
    if wanted.tail == -1 or (wanted.tail is None and (chosen.service or wanted.since_seconds is not None)):
        tail = None
    return replace(request, wanted=replace(wanted, tail=tail))
