"""Who reaches whom: networks with their members, and the pairs of which one reaches the other. Pure."""

from collections.abc import Sequence
from typing import Any

from ailtire_operator import naming
from ailtire_operator.cli.reach_view import Matrix, matrix_json
from ailtire_operator.reach.world import Workload, World


def segments_json(found: World, everyone: Sequence[Workload], matrix: Matrix) -> dict[str, Any]:
    """As data; the pairs are those of ``reach --matrix -o json``."""
    networks = {naming.label_of_zone(zone): zone for zone in found.networks}
    joined = {each.name: [label for label in each.labels if label in networks] for each in everyone}
    members = [
        {
            "id": each.name,
            "stack": each.stack,
            "key": each.key,
            "kind": _kind(each),
            "networks": sorted(found.networks[networks[label]] for label in joined[each.name]),
        }
        for each in everyone
    ]
    segments = [
        {
            "network": found.networks[zone],
            "stack": found.owners.get(zone, ""),
            "members": [each.name for each in everyone if label in joined[each.name]],
        }
        for label, zone in sorted(networks.items(), key=lambda each: found.networks[each[1]])
    ]
    reaches = [[each["from"], each["to"], each["ports"]] for each in matrix_json(everyone, matrix)["reach"]]
    return {"members": members, "segments": [each for each in segments if each["members"]], "reaches": reaches}


def _kind(workload: Workload) -> str:
    if workload.outside:
        return "outside"
    if not workload.stack:
        return "pod"
    return "service" if workload.key else "gateway"
