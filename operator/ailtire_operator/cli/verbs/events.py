"""``events``: what Kubernetes and the operator tell of everything below a path."""

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ailtire_operator.cli import options, output
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.help_text import help_text
from ailtire_operator.cli.wait_outcomes import timeout_of

if TYPE_CHECKING:
    from ailtire_operator.cli.event_reader import EventReader, Found
    from ailtire_operator.cli.event_rows import EventFilter, EventTable
    from ailtire_operator.cli.live import Live

_HELP = help_text(
    "Print the Events of a stack and of everything below it.",
    "Those of the stacks, of their workloads, ReplicaSets, Jobs, pods and volume claims, and of all other objects that"
    " they own; of what is gone too, as long as Kubernetes keeps its Events (an hour, unless the cluster says"
    " otherwise). The path of a service means that service's objects alone. The newest stand last.",
    "PATH says to which stack or service the object belongs. (x12 over 5m) says how often it was seen, and in which"
    " time. With -f what comes is printed as well, with times in place of ages.",
    "It needs the rights to get and list ailtirestacks and to list (-f: watch) events. Objects of a kind that you may"
    " not list are known by their names.",
    "\b\nExit codes:\n  0    printed, or there are none\n  2    no cluster, no permission\n"
    "  5    there is no such stack or service\n  130  -f was ended by Ctrl-C",
    examples=[
        ("of everything", "kubectl ailtire events shop -n shop"),
        ("what goes wrong, from now on too", "kubectl ailtire events shop/orders -n shop --types Warning -f"),
        ("one service, the last ten minutes", "kubectl ailtire events shop/orders/api -n shop --since 10m"),
        ("for a program", "kubectl ailtire events shop -n shop -o json | jq -r '.path + \" \" + .reason'"),
    ],
)  # fmt: skip


class Form(StrEnum):
    """How Events are printed."""

    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("events", help=_HELP)(_events)


def _events(
    context: typer.Context,
    path: options.Path,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    types: Annotated[
        str | None, typer.Option(metavar="LIST", show_default=False, help="Of these alone: Normal, Warning.")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Seen within: 90s, 5m, 1h30m.")] = None,
    form: Annotated[Form | None, typer.Option("--output", "-o", help="One JSON object a line.")] = None,
) -> None:
    from ailtire_operator.cli import live

    wanted = _wanted(types, since)
    target = options.target(context, namespace, cluster, kubeconfig)
    live.run(target, lambda opened: _print(opened, path, wanted, form, follow))


def _wanted(types: str | None, since: str | None) -> "EventFilter":
    from ailtire_operator.cli.event_rows import EventFilter, types_of

    try:
        newest = None if since is None else timedelta(seconds=timeout_of(since))
    except (ValueError, OverflowError) as error:
        raise Failure(f"--since: {error}") from None
    return EventFilter(since=newest) if types is None else EventFilter(types_of(types), newest)


async def _print(cluster: "Live", path: str, wanted: "EventFilter", form: Form | None, follow: bool) -> None:
    from ailtire_operator.cli.event_reader import EventReader
    from ailtire_operator.cli.event_rows import EventTable
    from ailtire_operator.status.text import listed

    reader = EventReader(cluster, path, wanted)
    table = EventTable(times=follow)
    found = await reader.start()
    if reader.denied:
        output.say(f"note: {listed(sorted(reader.denied))} may not be listed; their Events are found by name")
    if not found:
        output.say("No events found")
    has_header = bool(found)
    _show(reader, table, found, form, head=has_header)
    if follow:
        async for more in reader.changes():
            _show(reader, table, more, form, head=bool(more) and not has_header)
            has_header = has_header or bool(more)


def _show(reader: "EventReader", table: "EventTable", found: "Found", form: Form | None, *, head: bool) -> None:
    from ailtire_operator.cli.event_rows import json_line

    if form is Form.JSON:
        output.rows(json_line(*each) for each in found)
    else:
        output.rows(table.lines(found, reader.now(), head=head))
    output.flush()
