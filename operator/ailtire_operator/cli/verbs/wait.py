"""``wait``: for scripts and CI, with an exit code for each way in which it can end."""

import time
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ailtire_operator.cli import options, output
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.help_text import help_text
from ailtire_operator.cli.wait_outcomes import EXITS, Goal, Outcome, Verdict, timeout_of

if TYPE_CHECKING:
    from ailtire_operator.cli.blocker_logs import LogExcerpt
    from ailtire_operator.cli.live import Live

_HELP = help_text(
    "Wait until a whole tree is ready, or gone.",
    "A path to a child waits for that child's subtree, a path to a service for that service alone.",
    "Says on standard error what is still missing, whenever that changes: the deepest blocker, by name and reason. A"
    " status that speaks of an older definition does not count, so it can follow 'kubectl apply' at once.",
    "Where it gives up (exit codes 3, 4 and 6), it says the last lines of that blocker's log: of the run before where a"
    " container has crashed, of an init container that fails, of what runs without becoming ready. --logs says how"
    " many; that takes the rights to list pods and to get pods/log. -o json prints how it ended, with these lines."
    " Where an update fails and is rolled back during the wait, they are those that were read before its pods went.",
    "\b\nExit codes:\n  0  ready (or gone)\n  3  it cannot become ready as it is: the definition is refused\n"
    "  4  the time is up\n  5  there is no such stack, child or service\n"
    "  6  an update has failed and was rolled back: what ran before runs again\n"
    "  7  it is suspended or stopped, or a stack below it is: nothing of that is changed, or runs\n"
    "  2  anything else: no cluster, no permission, wrong usage",
    examples=[
        ("for the stack that was just applied", "kubectl ailtire wait shop -n shop --timeout 5m"),
        ("for one package, or one service", "kubectl ailtire wait shop/orders/api -n shop"),
        ("for its end, children and volumes' users included", "kubectl ailtire wait shop -n shop --for deleted"),
        ("only ask", "kubectl ailtire wait shop -n shop --timeout 0"),
        ("in CI: more of the log of what has failed", "kubectl ailtire wait shop -n shop --logs 50"),
    ],
)  # fmt: skip
_PAUSE: Final = 0.5
"""Seconds between two looks."""
_LOGS: Final = 5
_EXPLAINED: Final = frozenset({Outcome.FAILED, Outcome.WAITING, Outcome.ROLLED_BACK})
"""Ends that a log may explain."""


class Form(StrEnum):
    """How the end is printed."""

    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("wait", help=_HELP)(_wait)


def _wait(
    context: typer.Context,
    path: options.Path,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    timeout: Annotated[str, typer.Option(metavar="TIME", help="How long: 90s, 5m, 1h30m; 0 asks once.")] = "5m",
    goal: Annotated[Goal, typer.Option("--for", help="What to wait for.")] = Goal.READY,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing, the exit code does.")] = False,
    logs: options.BlockerLogs = _LOGS,
    form: Annotated[Form | None, typer.Option("--output", "-o", help="How it ended, as data.")] = None,
) -> None:
    from ailtire_operator.cli import live

    try:
        patience = timeout_of(timeout)
    except ValueError as error:
        raise Failure(f"--timeout: {error}") from None
    lines = 0 if goal is Goal.DELETED or (quiet and form is None) else logs
    target = options.target(context, namespace, cluster, kubeconfig)
    verdict, excerpt = live.run(target, lambda opened: _wait_in(opened, path, goal, patience, quiet, lines))
    if excerpt is not None and not quiet:
        output.say(str(excerpt))
        for line in excerpt.lines:
            output.say(f"  | {line}", style="dim")
    if form is Form.JSON:
        log = None if excerpt is None else excerpt.to_json()
        ended = {"path": path, "outcome": str(verdict.outcome), "message": verdict.line, "log": log}
        output.data(output.to_json(ended))
    if verdict.outcome is not Outcome.REACHED:
        raise typer.Exit(EXITS[verdict.outcome])


async def _wait_in(
    cluster: "Live", path: str, goal: Goal, patience: float, quiet: bool, lines: int
) -> "tuple[Verdict, LogExcerpt | None]":
    """How it ended, and the end of the log of what was in the way, if that is wanted and there is one."""
    from ailtire_operator.cli import log_excerpts, wait_polling
    from ailtire_operator.cli.remembered_log import RememberedLog

    poll, log = wait_polling.poll_for(goal, cluster, path), RememberedLog(cluster, path, lines)

    async def look() -> Verdict:
        verdict = await poll()
        await log.look(verdict)
        return verdict

    def say(line: str) -> None:
        if not quiet:
            output.say(line)

    verdict = await until(look, patience, say)
    if not lines or verdict.outcome not in _EXPLAINED:
        return verdict, None
    if verdict.outcome is Outcome.ROLLED_BACK and log.excerpt is not None:
        return verdict, log.excerpt  # the pods that said it are gone, or about to go
    return verdict, await log_excerpts.of_blocker(cluster, path, lines, say)


async def until(poll: Callable[[], Awaitable[Verdict]], patience: float, say: Callable[[str], None]) -> Verdict:
    """Look again and again until it is decided or the time is up; tell what is new."""
    import asyncio

    from ailtire_operator.cluster.errors import Unavailable

    deadline = time.monotonic() + patience
    printed = ""
    answered = False
    while True:
        try:
            verdict = await poll()
            answered = True
        except Unavailable as error:
            # A control plane that restarts is no reason to give up. One that never was there is no matter of patience.
            if not answered and time.monotonic() >= deadline:
                raise
            verdict = Verdict(Outcome.WAITING, str(error))
        if verdict.line != printed:
            say(verdict.line)
            printed = verdict.line
        if verdict.outcome is not Outcome.WAITING:
            return verdict
        left = deadline - time.monotonic()
        if left <= 0:
            say(f"the time is up ({patience:g} s)")
            return verdict
        await asyncio.sleep(min(_PAUSE, left))
