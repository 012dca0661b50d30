"""A crowd of stacks in one namespace: a bystander in another one does not wait for it, and its own come to an end."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from lab import Audit, ControlPlane
from lab.audit import OPERATOR, Request
from trees import Trees, service

LEVELS, BRANCHES = 5, 4
CROWD = BRANCHES * (2**LEVELS - 1) + 1
"""Stacks that five templates and one root make."""


@pytest.fixture
def crowded(control_plane: ControlPlane, audit: Audit, trees: Trees) -> Iterator[Trees]:
    """Another namespace under the same operator."""
    name = f"crowd-{uuid.uuid4().hex[:8]}"
    control_plane.kubectl("create", "namespace", name)
    yield Trees(control_plane, audit, name)
    control_plane.kubectl("delete", "ailtirestacks", "--all", "-n", name, "--timeout=60s", timeout=70)
    control_plane.kubectl("delete", "namespace", name, "--wait=false")


def test_a_bystander_waits_for_no_crowd_and_the_first_of_the_crowd_for_no_last(trees: Trees, crowded: Trees) -> None:
    mark = trees.audit.mark()
    for level in range(LEVELS):
        below = {f"k{side}": refers(level + 1) for side in range(2)} if level + 1 < LEVELS else {}
        crowded.apply(f"t{level}", {"template": True, "services": {"web": quiet(), **below}})
    crowded.apply("crowd", {"services": {"web": quiet(), **{f"b{number}": refers(0) for number in range(BRANCHES)}}})
    crowded.until("the crowd has begun", lambda: len(crowded.names("Deployment")) >= 3)
    applied = trees.audit.mark()
    trees.apply("shop", {"services": {"web": service(ports={"http": {"port": 80}})}})
    trees.until("the bystander's Deployment", lambda: trees.get("Deployment", "shop-web"))
    crowded.until("the crowd's Deployments", lambda: len(crowded.names("Deployment")) == CROWD, 300)
    crowded.until("a status of each", lambda: all("status" in each for each in crowded.all_of("AiltireStack")), 60)

    since = trees.audit.writes(applied, user=OPERATOR)
    meanwhile = since[: new_deployments(since, trees.namespace)[0]]
    assert len(new_deployments(meanwhile, crowded.namespace)) < CROWD / 4
    everything = trees.audit.writes(mark, user=OPERATOR)
    first_half = everything[: new_deployments(everything, crowded.namespace)[CROWD // 2]]
    statuses = (each for each in first_half if each.subresource == "status" and each.namespace == crowded.namespace)
    assert len({each.name for each in statuses}) > CROWD / 8, "a stack has a status before all others are made"


def quiet() -> dict[str, Any]:
    """A service without pods."""
    return service(ports={"http": {"port": 80}}, deploy={"replicas": 0})


def refers(level: int) -> dict[str, Any]:
    """A child from a template."""
    return {"type": "stack", "stackRef": {"name": f"t{level}"}}


def new_deployments(requests: list[Request], namespace: str) -> list[int]:
    """Where in the order of requests Deployments were created in a namespace."""
    created = [each.code == 201 and each.resource == "deployments.apps" for each in requests]
    return [place for place, each in enumerate(requests) if created[place] and each.namespace == namespace]
