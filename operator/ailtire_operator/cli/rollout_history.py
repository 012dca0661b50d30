"""Which rollouts a tree has had: by its statuses, and by the templates that Kubernetes' controllers keep. Pure.

A status tells who asked for a rollout and what it changed, and remembers the last few. ReplicaSets and
ControllerRevisions tell what the running template and the one before have differently, whatever a status has.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from ailtire_operator import naming
from ailtire_operator.cli.trees import Resource, root_of
from ailtire_operator.cluster.kinds import DEPLOYMENT, controller_of
from ailtire_operator.cluster.template_changes import template_changes
from ailtire_operator.model.limits import FIELD_LIMIT
from ailtire_operator.model.status import FieldChangeStatus, RolloutStatus
from ailtire_operator.reconcile.rollouts import field_changes

Workload = tuple[str, str]
"""Kind and name."""
_REVISION: Final = "deployment.kubernetes.io/revision"
_SAME: Final = timedelta(seconds=5)
"""How much the operator's clock may differ from the API server's."""


@dataclass(frozen=True, slots=True)
class Template:
    """A pod template that a controller keeps."""

    revision: int
    created: datetime | None
    template: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rollout:
    """A workload has got another pod template."""

    path: str
    workload: Workload
    time: datetime | None
    """None where the running template had been used before: Kubernetes does not keep when it was taken up again."""
    changes: tuple[FieldChangeStatus, ...]
    omitted: int = 0
    entry: RolloutStatus | None = None
    """What the status has of it; None where that is lost."""
    root: str = ""
    """The root's name."""


def kept_templates(objects: Iterable[Mapping[str, Any]]) -> dict[Workload, list[Template]]:
    """What ReplicaSets and ControllerRevisions keep, by workload, the running one last."""
    found: dict[Workload, list[Template]] = {}
    for each in objects:
        owner, metadata = controller_of(each) or {}, each["metadata"]
        body = (each.get("data") or {}) if each.get("kind") == "ControllerRevision" else each
        template = ((body.get("spec") or {}).get("template")) or {}
        revision = each.get("revision", (metadata.get("annotations") or {}).get(_REVISION, 0))
        workload = str(owner.get("kind", "")), str(owner.get("name", ""))
        if owner.get("apiVersion") == DEPLOYMENT.api_version and str(revision).isdigit():
            kept = Template(int(revision), time_of(metadata.get("creationTimestamp")), template)
            found.setdefault(workload, []).append(kept)
    return {workload: sorted(kept, key=lambda each: each.revision) for workload, kept in found.items()}


def rollouts(
    stacks: Sequence[Resource], paths: Mapping[str, str], kept: Mapping[Workload, Sequence[Template]], key: str = ""
) -> list[Rollout]:
    """The rollouts of these stacks, or of one service (by its key) of the one stack."""
    return [each for stack in stacks for each in _of_stack(stack, paths[stack["metadata"]["name"]], kept, key)]


def _of_stack(stack: Resource, path: str, kept: Mapping[Workload, Sequence[Template]], key: str) -> Iterator[Rollout]:
    root = root_of(stack)
    entries = list(_entries(stack))
    for each in entries:
        if key in ("", each.service):
            place = f"{path}/{each.service}" if each.service else path
            changes = tuple(each.changes)
            yield Rollout(place, (each.kind, each.name), time_of(each.time), changes, each.omitted, each, root)
    for workload, service in workloads(stack).items():
        if key in ("", service):
            mine = [each for each in entries if (each.kind, each.name) == workload]
            lost = _lost(kept.get(workload, ()), mine)
            if lost is not None:
                place = f"{path}/{service}" if service else path
                yield Rollout(place, workload, *lost, root=root)


def workloads(stack: Resource) -> dict[Workload, str]:
    """The workloads of a stack with the keys of their services; the gateway's is empty."""
    name = stack["metadata"]["name"]
    services = (stack.get("status") or {}).get("services") or {}
    found = {(str(each.get("kind")), str(each.get("name"))): str(key) for key, each in services.items()}
    return found | {(DEPLOYMENT.kind, each): "" for each in (naming.gateway(name), naming.tree_gateway(name))}


def _entries(stack: Resource) -> Iterator[RolloutStatus]:
    for each in (stack.get("status") or {}).get("rollouts") or ():
        try:
            yield RolloutStatus.model_validate(each)
        except ValidationError:
            continue


def _lost(
    kept: Sequence[Template], entries: Sequence[RolloutStatus]
) -> tuple[datetime | None, tuple[FieldChangeStatus, ...], int] | None:
    """Time, changes, and the number of further changes of the last rollout, where the status does not tell of it."""
    if len(kept) < 2:
        return None
    before, now = kept[-2:]
    changes = template_changes(before.template, now.template)
    if not changes:
        return None
    told = tuple(field_changes(changes))
    newest = entries[0] if entries else None
    again = before.created is not None and now.created is not None and now.created < before.created
    if newest is not None:
        time = time_of(newest.time)
        if tuple(newest.changes) == told:
            return None
        if not again and time is not None and now.created is not None and time >= now.created - _SAME:
            return None
    return None if again else now.created, told, max(0, len(changes) - FIELD_LIMIT)


def time_of(stamp: Any) -> datetime | None:
    """A time as Kubernetes writes it; None for what is none."""
    try:
        return datetime.fromisoformat(stamp) if isinstance(stamp, str) else None
    except ValueError:
        return None
