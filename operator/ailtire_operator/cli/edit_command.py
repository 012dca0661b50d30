"""A command that writes into definitions: from its options to its exit code."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import typer

from ailtire_operator.cli import live, output
from ailtire_operator.cli.definition_edits import Edit
from ailtire_operator.cli.edit_actions import EditAction, write
from ailtire_operator.cli.edit_waits import judge_edits
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.options import Target, WriteFormat
from ailtire_operator.cli.trees import Resource
from ailtire_operator.cli.verbs.wait import until
from ailtire_operator.cli.wait_outcomes import EXITS, Outcome, Verdict, timeout_of
from ailtire_operator.cli.write_report import WriteReport
from ailtire_operator.cluster.kinds import STACK


@dataclass(frozen=True, slots=True)
class Way:
    """What becomes of a change: tried only, made, or made and waited for; and how it is reported."""

    report: WriteReport
    wait: bool
    seconds: float

    @classmethod
    def of(cls, dry_run: bool, wait: bool, timeout: str, form: WriteFormat | None) -> "Way":
        """From the options. Raises Failure for a time that is none."""
        try:
            report = WriteReport(dry_run=dry_run, as_json=form is WriteFormat.JSON)
            return cls(report, wait and not dry_run, timeout_of(timeout))
        except ValueError as error:
            raise Failure(f"--timeout: {error}") from None


def run(
    target: Target,
    action: EditAction,
    way: Way,
    judge: Callable[[Sequence[Edit], Sequence[Resource]], Verdict] = judge_edits,
) -> None:
    """Write what is planned for the stacks of the namespace, and wait; raises typer.Exit with the code."""

    async def work(cluster: Live) -> Verdict | None:
        written = await write(cluster, action, way.report)
        if not way.wait:
            return None

        async def poll() -> Verdict:
            return judge(written.edits, await cluster.list(STACK))

        return await until(poll, way.seconds, output.say)

    verdict = live.run(target, work)
    way.report.end(verdict)
    if verdict is not None and verdict.outcome is not Outcome.REACHED:
        raise typer.Exit(EXITS[verdict.outcome])
