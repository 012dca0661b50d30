"""Writes edits into the cluster: checked first, tried by a dry run, then sent, on the definition that was read only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cli.definition_edits import Edit, Plan, grouped, problems, requests_for, warnings
from ailtire_operator.cli.definition_writes import Request, edited
from ailtire_operator.cli.differences import compare
from ailtire_operator.cli.failures import Failure, Invalid
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.paths import parts
from ailtire_operator.cli.trees import Resource
from ailtire_operator.cli.write_report import Change, Report
from ailtire_operator.cluster import errors
from ailtire_operator.cluster.kinds import STACK, Ref

_ATTEMPTS: Final = 8
"""Where the definition is kept by server-side apply, a status that is written meanwhile makes one fail too."""


async def send(cluster: Live, name: str, request: Request, *, dry_run: bool) -> Resource:
    """Change the definition that was read, and no other. Raises Conflict where it has changed meanwhile."""
    params = {**request.params, **({"dryRun": "All"} if dry_run else {})}
    path = STACK.path(cluster.namespace, name)
    try:
        answer: Resource = await cluster.connection.request(
            "PATCH", path, params=params, body=request.body, content_type=request.content_type
        )
    except errors.Invalid as error:
        if error.causes:
            raise
        # A test that fails is a 422 without a word of explanation.
        raise errors.Conflict(f"{naming.KIND} {name} has changed since it was read", status=409) from error
    return answer


@dataclass(frozen=True, slots=True)
class Wording:
    """How one command speaks of what it writes."""

    sentence: Callable[[Edit, bool], str]
    """Of one edit, without and with a dry run."""
    shows_difference: bool = True
    """Whether a dry run shows how the definition would differ."""
    hides_values: bool = False
    noun: str = "value"


class Sender:
    """How one command writes."""

    def __init__(
        self,
        cluster: Live,
        wording: Wording,
        report: Report,
    ) -> None:
        self._cluster = cluster
        self._wording = wording
        self._said = report

    async def write(self, paths: Sequence[str], plan: Callable[[Sequence[Resource]], Plan]) -> Plan:
        """Write what is planned for the stacks of the namespace; planned anew where they change meanwhile.

        Raises Missing for a path whose stack is not there, Invalid where a definition would be wrong.
        """
        for path in paths:
            await self._cluster.stack(parts(path)[0])
        for attempt in range(1, _ATTEMPTS + 1):
            stacks = await self._cluster.list(STACK)
            planned = plan(stacks)
            try:
                await self._write(planned, stacks)
                return planned
            except errors.Conflict as error:
                if attempt == _ATTEMPTS:
                    hint = "Somebody else changes the definition all the time; try again."
                    raise Failure(str(error), hint) from None
        raise AssertionError("the last attempt returns or raises")

    async def _write(self, plan: Plan, stacks: Sequence[Resource]) -> None:
        groups = grouped(plan.edits)
        if wrong := problems(groups, stacks):
            raise Invalid(wrong)
        for group in groups:
            await self._send(group, dry_run=True)
        found = [line for group in groups for line in warnings(group, stacks, self._wording.noun)]
        for line in dict.fromkeys([*plan.notes, *found]):
            self._said.note(line)
        for group in groups:
            await self._report(group)
        self._said.unchanged(plan.already)

    async def _report(self, group: Sequence[Edit]) -> None:
        dry_run = self._said.dry_run
        if not dry_run:
            await self._send(group, dry_run=False)
        elif self._wording.shows_difference:
            self._said.difference(self._difference(group))
        for edit in group:
            self._said.change(Change.of_edit(edit, hidden=self._wording.hides_values))
            sentence = self._wording.sentence(edit, dry_run)
            self._said.sentence(f"{naming.SINGULAR}/{edit.owner}: {sentence} ({edit.where})")

    def _difference(self, group: Sequence[Edit]) -> list[str]:
        before = dict(group[0].resource)
        ref = Ref(naming.KIND, self._cluster.namespace, group[0].owner)
        found = compare(ref, before, edited(before, [edit.write for edit in group]))
        return list(found.unified()) if found else []

    async def _send(self, group: Sequence[Edit], *, dry_run: bool) -> None:
        for each in requests_for(group):
            await send(self._cluster, group[0].owner, each, dry_run=dry_run)
