"""A command that writes into definitions: from its options to its exit code."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import typer

from ailtire_operator.cli import live, output
from ailtire_operator.cli.definition_edits import Edit, Plan
from ailtire_operator.cli.edit_sender import Sender
from ailtire_operator.cli.edit_waits import judge_edits
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.options import Target
from ailtire_operator.cli.trees import Resource
from ailtire_operator.cli.verbs.wait import until
from ailtire_operator.cli.wait_outcomes import EXITS, Outcome, Verdict, timeout_of
from ailtire_operator.cluster.kinds import STACK


@dataclass(frozen=True, slots=True)
class Waiting:
    """What becomes of a change: tried only, made, or made and waited for."""

    dry_run: bool
    wait: bool
    seconds: float

    @classmethod
    def of(cls, dry_run: bool, wait: bool, timeout: str) -> "Waiting":
        """From the options. Raises Failure for a time that is none."""
        try:
            return cls(dry_run, wait and not dry_run, timeout_of(timeout))
        except ValueError as error:
            raise Failure(f"--timeout: {error}") from None


def run(
    target: Target,
    paths: Sequence[str],
    plan: Callable[[Sequence[Resource], datetime], Plan],
    sentence: Callable[[Edit, bool], str],
    waiting: Waiting,
    judge: Callable[[Sequence[Edit], Sequence[Resource]], Verdict] = judge_edits,
) -> None:
    """Write what is planned for the stacks of the namespace at that time, and wait; raises typer.Exit with the code.

    The time is that of the API server, which all who write have in common; ours where it sends none.
    """

    async def work(cluster: Live) -> Verdict:
        def planned(stacks: Sequence[Resource]) -> Plan:
            return plan(stacks, cluster.now() or datetime.now(UTC))

        written = await Sender(cluster, sentence, dry_run=waiting.dry_run).write(paths, planned)
        if not waiting.wait:
            return Verdict(Outcome.REACHED, "")

        async def poll() -> Verdict:
            return judge(written.edits, await cluster.list(STACK))

        return await until(poll, waiting.seconds, output.say)

    verdict = live.run(target, work)
    if verdict.outcome is not Outcome.REACHED:
        raise typer.Exit(EXITS[verdict.outcome])
