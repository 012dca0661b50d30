"""What restart, stop, start and scale plan, and how each speaks of it: for the commands and for the page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ailtire_operator import naming
from ailtire_operator.cli.definition_edits import Edit, Plan
from ailtire_operator.cli.definition_places import locate
from ailtire_operator.cli.edit_sender import Sender, Wording
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.object_uses import parsed, plan_restart_using
from ailtire_operator.cli.restarts import plan_restart, require_running
from ailtire_operator.cli.scaling import plan_changes
from ailtire_operator.cli.stops import plan_start, plan_stop
from ailtire_operator.cli.trees import Resource
from ailtire_operator.cli.write_report import Report


@dataclass(frozen=True, slots=True)
class EditAction:
    """An edit of definitions."""

    paths: Sequence[str]
    """The stacks and services that it is about."""
    plan: Callable[[Sequence[Resource], datetime], Plan]
    """What to write for the stacks of the namespace at that time. Raises Failure or Missing for what cannot be."""
    wording: Wording


async def write(cluster: Live, action: EditAction, report: Report) -> Plan:
    """Write what is planned, or try it by a dry run alone, as the report says. Raises what ``Sender.write`` does.

    The time is that of the API server, which all who write have in common; ours where it sends none.
    """

    def planned(stacks: Sequence[Resource]) -> Plan:
        return action.plan(stacks, cluster.now() or datetime.now(UTC))

    return await Sender(cluster, action.wording, report).write(action.paths, planned)


def restart(paths: Sequence[str], using: str | None = None) -> EditAction:
    """New pods; with ``using`` (``secret/db``) of what uses that object. Raises Failure for what is no object."""
    if using is not None:
        parsed(using)

    def plan(stacks: Sequence[Resource], now: datetime) -> Plan:
        places = [locate(each, stacks) for each in paths]
        if using is None:
            require_running(places)
            return plan_restart(places, now, stacks)
        return plan_restart_using(places, using, now, stacks)

    def sentence(edit: Edit, dry_run: bool) -> str:
        return f"{edit.path} {'would restart' if dry_run else 'restarts'} as of {edit.after}"

    return EditAction(paths, plan, Wording(sentence))


def stop(paths: Sequence[str]) -> EditAction:
    """No pods."""

    def sentence(edit: Edit, dry_run: bool) -> str:
        return f"{edit.path} {'would stop' if dry_run else 'stops'}"

    return EditAction(paths, lambda stacks, _: plan_stop([locate(each, stacks) for each in paths]), Wording(sentence))


def start(paths: Sequence[str]) -> EditAction:
    """As many pods again as the definition says."""

    def plan(stacks: Sequence[Resource], _: datetime) -> Plan:
        return plan_start([locate(each, stacks) for each in paths], stacks)

    def sentence(edit: Edit, dry_run: bool) -> str:
        return f"{edit.path} {'would start' if dry_run else 'starts'}"

    return EditAction(paths, plan, Wording(sentence))


def scale(wishes: Sequence[str]) -> EditAction:
    """Other counts of replicas: ``shop/web=3``."""

    def plan(stacks: Sequence[Resource], _: datetime) -> Plan:
        changes = plan_changes(wishes, stacks)
        same = (each for each in changes if each.before == each.after)
        already = [f"{naming.SINGULAR}/{each.owner}: {each.path} has {each.after} already" for each in same]
        return Plan(changes, already)

    def sentence(change: Edit, dry_run: bool) -> str:
        return f"{change.path} {'would go' if dry_run else 'goes'} from {change.before} to {change.after}"

    paths = [wish.partition("=")[0] for wish in wishes]
    return EditAction(paths, plan, Wording(sentence, shows_difference=False, noun="count"))
