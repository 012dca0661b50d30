"""A stack, its conditions, its services with their pods, its notices, and who owns what of it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from ailtire_operator import naming
from ailtire_operator.cli.live import Json, Live
from ailtire_operator.cli.notices import findings, reservations
from ailtire_operator.cli.outside_reader import with_ancestors
from ailtire_operator.cli.partial_reader import PartialReader
from ailtire_operator.cli.paths import paths
from ailtire_operator.cli.pod_facts import facts
from ailtire_operator.cli.report import as_json
from ailtire_operator.cli.rollout_history import Workload, kept_templates
from ailtire_operator.cli.service_details import Running, owners, service_details
from ailtire_operator.cli.trees import Resource
from ailtire_operator.cli.ui.answers import answer, stack_of
from ailtire_operator.cli.ui.detail_record import stack_record
from ailtire_operator.cluster.kinds import (
    CONTROLLER_REVISION,
    OWNED_KINDS,
    POD,
    REPLICA_SET,
    SERVICE,
    WORKLOAD_KINDS,
    Kind,
)
from ailtire_operator.reach.world import network_name
from ailtire_operator.status.saved_status import SavedStatus


async def detail(live: Live, request: web.Request) -> web.StreamResponse:
    """The answer; what may not be listed is left out and named in ``notes``."""
    name = stack_of(request)
    chain = await with_ancestors(live, name)
    stack, reader = chain[0], PartialReader(live)
    running, owned = await asyncio.gather(_running(reader, chain), _owned(reader, name))
    return answer(
        {
            "stack": stack_record(chain, facts(running.pods or ())),
            "conditions": conditions(stack),
            "services": service_details(stack, running),
            "notices": as_json(findings([stack])),
            "owners": owners(owned, stack),
            "notes": [*reservations([stack]), *reader.notes()],
        }
    )


def conditions(stack: Resource) -> list[dict[str, Any]]:
    """The conditions of the stack's status, as the API has them."""
    return [
        {
            "type": kind,
            "status": each.status,
            "reason": each.reason,
            "message": each.message,
            "lastTransitionTime": each.since,
            "observedGeneration": each.generation,
        }
        for kind, each in SavedStatus.of(stack.get("status")).conditions.items()
    ]


async def _running(reader: PartialReader, chain: Sequence[Resource]) -> Running:
    """What runs of the stack itself. The networks to which it may belong are its own and those of stacks above it."""
    names = [each["metadata"]["name"] for each in chain]
    mine = f"{naming.MANAGED_SELECTOR},{naming.LABEL_STACK}={names[0]}"
    kinds = (*WORKLOAD_KINDS, POD, REPLICA_SET, CONTROLLER_REVISION)
    lists = dict(zip(kinds, await asyncio.gather(*(reader.objects(each, mine) for each in kinds)), strict=True))
    above = f"{naming.LABEL_STACK} in ({','.join(names)})"
    zones = await reader.objects(SERVICE, f"{naming.MANAGED_SELECTOR},{naming.LABEL_NETWORK},{above}")
    return Running(
        workloads={_workload(each): each for kind in WORKLOAD_KINDS for each in lists[kind]},
        pods=None if POD.plural in reader.denied else lists[POD],
        kept=kept_templates([*lists[REPLICA_SET], *lists[CONTROLLER_REVISION]]),
        networks=network_labels(zones, paths(chain)),
    )


def _workload(obj: Json) -> Workload:
    return str(obj["kind"]), str(obj["metadata"]["name"])


def network_labels(zones: Sequence[Json], known: Mapping[str, str]) -> dict[str, str]:
    """The networks for people, by the label that their members have; a zone is the Service of a network."""
    return {naming.label_of_zone(each["metadata"]["name"]): network_name(each, known) for each in zones}


async def _owned(reader: PartialReader, name: str) -> list[Json]:
    """What the stack owns, without specs."""

    async def listed(kind: Kind) -> list[Json]:
        found = await reader.metadata(kind, f"{naming.LABEL_STACK}={name}")
        return [{**each, "kind": kind.kind} for each in found]

    return [each for objects in await asyncio.gather(*map(listed, OWNED_KINDS)) for each in objects]
