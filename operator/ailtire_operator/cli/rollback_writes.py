"""Writes the spec of a root as it was in one of its revisions: shown and tried by a dry run first."""

from dataclasses import dataclass
from typing import Final

from ailtire_operator import naming
from ailtire_operator.cli.edit_sender import send
from ailtire_operator.cli.failures import Failure, Invalid
from ailtire_operator.cli.history_reader import read_history
from ailtire_operator.cli.live import Json, Live
from ailtire_operator.cli.revisions import Revision, before, find, written
from ailtire_operator.cli.rollbacks import explain, problems
from ailtire_operator.cli.spec_replacing import removal, replacement
from ailtire_operator.cli.trees import spec_of
from ailtire_operator.cli.write_report import Change, Report
from ailtire_operator.cluster.errors import Conflict

_ATTEMPTS: Final = 8
"""A status that is written meanwhile makes a server-side apply fail too."""


@dataclass(frozen=True, slots=True)
class Step:
    """A rollback that is about to be written."""

    root: Json
    revision: Revision


def sentence(name: str, number: int, *, dry_run: bool) -> str:
    """What is done, or would be."""
    would = "would go back" if dry_run else "goes back"
    return f"{naming.SINGULAR}/{name} {would} to revision {number}{' (dry run)' if dry_run else ''}"


async def prepare(cluster: Live, name: str, to: int | None, report: Report) -> Step | None:
    """Read, check and show what is to be written, by a dry run; None if there is nothing to write.

    ``to``: the number of the revision; None for the newest that differs from what is written now.
    """
    root, stacks, revisions = await read_history(cluster, name)
    now = written(spec_of(root), stacks)
    wanted = before(revisions, now, name) if to is None else find(revisions, to, name)
    said = explain(root, stacks, wanted, now)
    for line in said.lines:
        report.sentence(line)
    for change in said.changes:
        report.change(Change.of_definition(name, change))
    for line in said.notes:
        report.note(line)
    if wanted.definition.spec == now.spec:
        if to is None:
            hint = f"See 'kubectl ailtire history {name} --revision {wanted.number} -o yaml' for what they were."
            message = f"the spec of {name} is that of revision {wanted.number} already; only templates differ"
            raise Failure(message, hint)
        report.unchanged([f"{naming.SINGULAR}/{name} has the spec of revision {wanted.number} already"])
        return None
    if wrong := problems(root, stacks, wanted):
        raise Invalid(wrong)
    step = Step(root, wanted)
    await write(cluster, step, dry_run=True)
    return step


async def write(cluster: Live, step: Step, *, dry_run: bool = False) -> None:
    """Replace the spec that was shown, and no other. Raises Failure where somebody has changed it meanwhile."""
    spec = step.revision.definition.spec
    name, generation = step.root["metadata"]["name"], step.root["metadata"]["generation"]
    root = step.root
    for _ in range(_ATTEMPTS):
        try:
            found = await send(cluster, name, replacement(root, spec), dry_run=dry_run)
            # A dry run has changed nothing, so that there is nothing to remove from yet.
            left = None if dry_run else removal(found, spec)
            if left is not None:
                await send(cluster, name, left, dry_run=dry_run)
            return
        except Conflict:
            root = await cluster.stack(name)
            same = root["metadata"]["uid"] == step.root["metadata"]["uid"]
            if not same or root["metadata"]["generation"] != generation:
                break
    raise Failure(f"{naming.KIND} {name} has changed since it was read", "Look at the changes again, and repeat it.")
