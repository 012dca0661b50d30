"""Reads what ``why`` tells of a path: rollouts, and pods that no rollout has made."""

from typing import Any

from ailtire_operator import naming
from ailtire_operator.cli.live import Live
from ailtire_operator.cli.log_reader import pods_selector
from ailtire_operator.cli.partial_reader import PartialReader
from ailtire_operator.cli.paths import find, parts, paths
from ailtire_operator.cli.pod_causes import pod_notes
from ailtire_operator.cli.rollout_history import kept_templates, rollouts, workloads
from ailtire_operator.cli.trees import root_of
from ailtire_operator.cli.wait_conditions import subtree
from ailtire_operator.cli.why_view import Entry, newest_first
from ailtire_operator.cluster.kinds import CONTROLLER_REVISION, DEPLOYMENT, EVENT, POD, REPLICA_SET


async def read_why(cluster: Live, path: str, reader: PartialReader) -> list[Entry]:
    """What there is to tell, newest first; the reader knows what may not be read. Raises Missing."""
    tree = await cluster.tree(parts(path)[0])
    target = find(path, tree)
    stacks = [target.stack] if target.key else subtree(target.stack, tree)
    selector = pods_selector(root_of(tree[0]))
    kept = kept_templates(
        [*await reader.objects(REPLICA_SET, selector), *await reader.objects(CONTROLLER_REVISION, selector)]
    )
    pods, deployments = await reader.objects(POD, selector), await reader.objects(DEPLOYMENT, selector)
    events = await reader.objects(EVENT)
    known = paths(tree)
    places = {}
    for stack in stacks:
        name = stack["metadata"]["name"]
        for workload, key in workloads(stack).items():
            if target.key in ("", key):
                places[name, naming.sanitize(key) if key else ""] = (
                    f"{known[name]}/{key}" if key else known[name],
                    workload,
                )
    mine: list[tuple[str, tuple[str, str], dict[str, Any]]] = []
    for pod in pods:
        labels = pod["metadata"].get("labels") or {}
        place = places.get((labels.get(naming.LABEL_STACK, ""), labels.get(naming.LABEL_SERVICE, "")))
        if place is not None:
            mine.append((*place, pod))
    notes = pod_notes(mine, kept, deployments, events)
    return newest_first([*rollouts(stacks, known, kept, target.key), *notes])
