"""``reach``: who can talk to whom, and why."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ailtire_operator.cli import completers, options, output, sources
from ailtire_operator.cli.failures import Exit, Failure
from ailtire_operator.cli.help_text import help_text

if TYPE_CHECKING:
    from ailtire_operator.reach.ports import Ports
    from ailtire_operator.reach.world import World

_HELP = help_text(
    "Tell who can talk to whom, on which ports, by which names, and why.",
    "FROM and TO are services by their paths (shop/orders/api), gateways by the path of their stack (shop/orders),"
    " other pods of the namespace (pod/debug), or 'outside': whatever is no pod. The NetworkPolicies of the namespace"
    " are evaluated as they are, whoever wrote them; or, with -f and without a cluster, those that the operator would"
    " make of the stacks in the files, with what else stands there.",
    "The answer names the policies that let the call out and in, and the names by which FROM finds TO: bare names and"
    " aliases of the networks that both belong to, and the Service's own. It says what the policies say: only a"
    " network plugin that enforces policies makes it true. Ranges of addresses (ipBlock) are taken to hold no pods.",
    "--matrix shows all pairs, or those below FROM; -o csv and -o json are for hundreds of services.",
    "\b\nExit codes:\n  0  it is reachable (on --port by a name, where given); with --matrix always\n  1  it is not\n"
    "  2  no cluster, no permission, wrong usage\n  5  there is no such service, or the stack has no gateway",
    examples=[
        ("may the shop's web call the orders?", "kubectl ailtire reach shop/web shop/orders -n shop"),
        ("is the database closed?", "kubectl ailtire reach outside shop/orders/db --port 5432 -n shop"),
        ("before it is applied", "kubectl ailtire reach -f shop.yaml shop/web shop/orders/api"),
        ("the whole picture", "kubectl ailtire reach --matrix shop -n shop"),
        ("for a spreadsheet", "kubectl ailtire reach -f shop.yaml --matrix -o csv > reach.csv"),
    ],
)  # fmt: skip


class Form(StrEnum):
    """How the answer is printed."""

    JSON = "json"
    CSV = "csv"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("reach", help=_HELP)(_reach)


def _reach(
    context: typer.Context,
    source: Annotated[
        str | None, typer.Argument(metavar="FROM", help="Who calls.", autocompletion=completers.paths)
    ] = None,
    target: Annotated[
        str | None, typer.Argument(metavar="TO", help="Who is called.", autocompletion=completers.paths)
    ] = None,
    matrix: Annotated[bool, typer.Option("--matrix", "-m", help="All pairs, or those below FROM.")] = False,
    port: Annotated[str | None, typer.Option("--port", metavar="PORT", help="On this port: 5432, 53/UDP.")] = None,
    files: Annotated[
        list[str] | None,
        typer.Option("--filename", "-f", metavar="FILE", help="Files instead of a cluster; - is standard input."),
    ] = None,
    recursive: options.Recursive = False,
    form: Annotated[Form | None, typer.Option("--output", "-o", help="As data; csv for a matrix.")] = None,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    where = options.target(context, namespace, cluster, kubeconfig)
    wanted = _port(port)
    if matrix:
        if target is not None or wanted is not None:
            raise Failure("--matrix takes one path at the most, and no --port")
        _matrix(_world(where, files, recursive), source, form)
        return
    if source is None or target is None:
        raise Failure("FROM and TO are needed", "Name both, or ask for all pairs with --matrix.")
    if form is Form.CSV:
        raise Failure("one pair is no table; -o csv goes with --matrix")
    _pair(_world(where, files, recursive), source, target, wanted, form)


def _port(text: str | None) -> "Ports | None":
    from ailtire_operator.reach.ports import one

    try:
        return None if text is None else one(text)
    except ValueError as error:
        raise Failure(f"--port: {error}") from None


def _world(where: options.Target, files: list[str] | None, recursive: bool) -> "World":
    from ailtire_operator.cli import live, reach_objects

    if files:
        return reach_objects.of_files(sources.read(files, recursive=recursive), where.namespace or "")
    return live.run(where, reach_objects.of_cluster)


def _pair(found: "World", source: str, target: str, wanted: "Ports | None", form: Form | None) -> None:
    from ailtire_operator.cli import reach_view
    from ailtire_operator.cli.reach_objects import end
    from ailtire_operator.reach.names import by_name
    from ailtire_operator.reach.policies import Evaluator

    caller, called = end(source, found), end(target, found)
    verdict = Evaluator(found).verdict(caller, called)
    if form is Form.JSON:
        output.data(output.to_json(reach_view.to_json(found, caller, called, verdict)))
    else:
        output.rows(reach_view.sentences(found, caller, called, verdict))
    reached = verdict.ports if wanted is None else verdict.ports & by_name(found, caller, called) & wanted
    if not reached:
        raise typer.Exit(Exit.NO)


def _matrix(found: "World", scope: str | None, form: Form | None) -> None:
    from ailtire_operator.cli import reach_view
    from ailtire_operator.cli.reach_objects import pairs

    everyone, matrix = pairs(found, scope)
    if form is Form.JSON:
        output.data(output.to_json(reach_view.matrix_json(everyone, matrix)))
    elif form is Form.CSV:
        output.data(reach_view.to_csv(everyone, matrix))
    else:
        output.rows(reach_view.table(everyone, matrix, unicode=output.unicode()))
