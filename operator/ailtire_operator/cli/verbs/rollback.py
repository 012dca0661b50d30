"""``rollback``: the definition of a tree back to one that was Ready as a whole."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ailtire_operator.cli import completers, options, output
from ailtire_operator.cli.failures import Exit, Failure
from ailtire_operator.cli.help_text import help_text
from ailtire_operator.cli.wait_outcomes import EXITS, Goal, Outcome

if TYPE_CHECKING:
    from ailtire_operator.cli.wait_outcomes import Verdict

_HELP = help_text(
    "Write the definition of a tree as it was in one of its revisions.",
    "Without --to it is the newest revision that differs from the definition as it is now. The root's spec is replaced"
    " as a whole, by your own rights and in the name of whoever applies the root, so that their next apply takes it"
    " back; everything below follows as with any other change. 'kubectl ailtire history' lists the revisions.",
    "Before it writes, it shows what changes, by path. Not changed are templates, which other trees share (those that"
    " differ from the revision are named), volumes with what is in them, and jobs that have run. Where Argo CD, Flux or"
    " Helm keeps the root it says so: it brings its own definition back, so change that as well.",
    "On a terminal it asks first. Elsewhere it needs --yes, which never asks.",
    options.WRITTEN_AS_JSON,
    "\b\nExit codes:\n  0  written, or already so; with --wait: and ready\n"
    "  1  the revision is no valid definition any more; or the answer was no\n"
    "  2  not possible, no cluster, no permission\n  3  --wait: it cannot become ready as it is\n"
    "  4  --wait: the time is up\n  5  there is no such stack or revision\n"
    "  6  --wait: an update has failed and was rolled back\n"
    "  7  --wait: the stack, or one below it, is suspended or stopped",
    examples=[
        ("what would it change?", "kubectl ailtire rollback shop -n shop --dry-run"),
        ("the definition before, and wait for it", "kubectl ailtire rollback shop -n shop --yes --wait"),
        ("a certain one", "kubectl ailtire rollback shop -n shop --to 3 --yes"),
    ],
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rollback", help=_HELP)(_rollback)


def _rollback(
    context: typer.Context,
    name: options.Name,
    namespace: options.Namespace = None,
    cluster: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
    to: Annotated[
        int | None,
        typer.Option("--to", metavar="N", help="The revision.", autocompletion=completers.revisions),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Ask the API server, but change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait until the tree is ready.")] = False,
    timeout: options.WaitTimeout = "5m",
    form: options.WriteOutput = None,
) -> None:
    from ailtire_operator.cli import live
    from ailtire_operator.cli.edit_command import Way
    from ailtire_operator.cli.rollback_writes import prepare, sentence, write

    way = Way.of(dry_run, wait, timeout, form)
    if not (yes or dry_run or sys.stdin.isatty()):
        raise Failure("there is no terminal on which to ask", "Say --yes, or --dry-run to see what it would change.")
    target = options.target(context, namespace, cluster, kubeconfig)
    step = live.run(target, lambda each: prepare(each, name, to, way.report))
    if step is None:
        way.report.end(None)
        return
    number = step.revision.number
    if dry_run:
        way.report.sentence(sentence(name, number, dry_run=True))
        way.report.end(None)
        return
    if not yes and not _confirmed(f"Write revision {number} of {name}?"):
        output.say("nothing is changed")
        raise typer.Exit(Exit.NO)
    live.run(target, lambda each: write(each, step))
    way.report.sentence(sentence(name, number, dry_run=False))
    verdict = _wait(target, name, way.seconds) if way.wait else None
    way.report.end(verdict)
    if verdict is not None and verdict.outcome is not Outcome.REACHED:
        raise typer.Exit(EXITS[verdict.outcome])


def _confirmed(question: str) -> bool:
    """Ask on the terminal; the end of the input is a no."""
    output.say(f"{question} [y/N]")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _wait(target: options.Target, name: str, patience: float) -> "Verdict":
    from ailtire_operator.cli import live, wait_polling
    from ailtire_operator.cli.verbs.wait import until

    return live.run(target, lambda each: until(wait_polling.poll_for(Goal.READY, each, name), patience, output.say))
