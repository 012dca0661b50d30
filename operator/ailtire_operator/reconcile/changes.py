"""What has to change so that a stack becomes its plan: the list that the operator executes and ``diff`` prints. Pure.

Its parts are executed in this order: what makes room, the planned objects (in stages, see ``executor``), what is not
wanted.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from ailtire_operator.cluster.changes import Change, change_of
from ailtire_operator.cluster.kinds import Manifest, Ref
from ailtire_operator.cluster.ownership import waits_for
from ailtire_operator.cluster.store import Record
from ailtire_operator.plan.types import Plan
from ailtire_operator.reconcile.pruning import PruneGate, autoscalers, in_the_way, kept_waiting, to_prune

Find = Callable[[Ref], Record | None]
"""What stands under a name."""


def room(plan: Plan, planned: Collection[Ref], present: Iterable[Record], held: Collection[str] = ()) -> list[Change]:
    """What of the stack has to go before something planned takes its name; ``held``: members (by key) that wait."""
    found = in_the_way(plan, planned, present, held)
    return [Change(each.ref, "leaving" if each.deleting else "delete", None, each, "it makes room") for each in found]


def planned_objects(
    manifests: Mapping[Ref, Manifest],
    find: Find,
    owner_uid: str,
    *,
    settled: Callable[[Ref], bool],
    wanted: Callable[[Ref], bool] = lambda ref: True,
    held: Collection[Ref] = (),
    gone: Collection[Ref] = (),
) -> Iterator[Change]:
    """What has to be done about each object of the plan, or about those that are ``wanted``.

    ``settled`` says of an object that exists whether its fields are as planned; ``held``: what waits with its member
    (see ``pruning.held_back``); ``gone``: names whose objects will have been deleted by then.
    """
    scalers = {workload: find(scaler) for workload, scaler in autoscalers(manifests).items()}
    for ref, manifest in manifests.items():
        if not wanted(ref):
            continue
        record = find(ref)
        if ref in held:
            yield Change(ref, "held", manifest, record, "it waits for what it depends on")
        elif record is not None and ref in gone:
            yield Change(ref, "replace", manifest, record, "what has the name goes")
        else:
            scaler = scalers.get(ref)
            autoscaled = scaler is not None and scaler.owner_uid == owner_uid
            is_settled = record is not None and settled(ref)
            yield change_of(manifest, record, owner_uid, settled=is_settled, autoscaled=autoscaled)


def kept_by(manifests: Mapping[Ref, Manifest], making_room: Iterable[Change], find: Find) -> list[Change]:
    """What waits for an object of the stack that makes room for it, has been deleted and has not gone yet."""
    leaving = [each.record for each in making_room if each.action == "leaving" and each.record is not None]
    waiting = kept_waiting(manifests, leaving)
    return [Change(ref, "held", manifests[ref], find(ref), waits_for(each)) for ref, each in waiting.items()]


def unwanted(
    plan: Plan, planned: Collection[Ref], present: Iterable[Record], gate: PruneGate, *, settled: bool
) -> list[Change]:
    """What the stack owns and no longer wants; ``settled``: no pod is of a definition before."""
    found = to_prune(plan, planned, present, gate, settled=settled)
    return [Change(each.ref, "delete", None, each, "it is not planned any more") for each in found]
