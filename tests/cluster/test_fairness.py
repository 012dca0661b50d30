"""A crowd of stacks in one namespace: a bystander in another one does not wait for it, and its own come to an end."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from ailtire_operator.cluster.kinds import STACK
from lab import Audit, ControlPlane
from lab.audit import OPERATOR, Request
from support.kube.trees import Trees, service

LEVELS, BRANCHES = 5, 4
CROWD = BRANCHES * (2**LEVELS - 1) + 1
"""Stacks that five templates and one root make."""


@pytest.fixture
def crowded(control_plane: ControlPlane, audit: Audit, trees: Trees) -> Iterator[Trees]:
    """Another namespace under the same operator."""
    name = f"crowd-{uuid.uuid4().hex[:8]}"
    control_plane.kubectl("create", "namespace", name)
    yield Trees(control_plane, audit, name)
    control_plane.api.delete(STACK.path(name))
    control_plane.api.delete(f"/api/v1/namespaces/{name}")


def test_a_bystander_waits_for_no_crowd_and_the_first_of_the_crowd_for_no_last(trees: Trees, crowded: Trees) -> None:
    mark = trees.audit.mark()
    for level in range(LEVELS):
        below = {f"k{side}": refers(level + 1) for side in range(2)} if level + 1 < LEVELS else {}
        crowded.apply(f"t{level}", {"templateOnly": True, "services": {"web": quiet(), **below}})
    crowded.apply("crowd", {"services": {"web": quiet(), **{f"b{number}": refers(0) for number in range(BRANCHES)}}})
    crowded.until("the crowd has begun", lambda: len(crowded.names("Deployment")) >= 3)
    applied = trees.audit.mark()
    trees.apply("shop", {"services": {"web": service(ports={"http": {"port": 80}})}})
    trees.until("the bystander's Deployment", lambda: trees.get("Deployment", "shop-web"))
    crowded.until("the crowd's Deployments", lambda: len(crowded.names("Deployment")) == CROWD, 400)
    crowded.until("a status of each", lambda: all("status" in each for each in crowded.all_of("AiltireStack")))

    since = trees.audit.requests(applied)
    begun, done = (new(kind, since, trees.namespace)[0] for kind in ("ailtirestacks.ailtire.io", "deployments.apps"))
    everything = [each for each in trees.audit.requests(mark) if is_for(each, crowded)]
    meanwhile = [each for each in since[begun:done] if is_for(each, crowded)]
    assert len(meanwhile) < len(everything) / 10, "the bystander's few writes take turns with the crowd's many"
    until_last = everything[: new("deployments.apps", everything, crowded.namespace)[-1]]
    told = {each.name for each in until_last if each.subresource == "status" and each.code == 200}
    assert len(told) > CROWD / 2, "stacks have a status before all of them have been worked on"


def quiet() -> dict[str, Any]:
    """A service without pods."""
    return service(ports={"http": {"port": 80}}, deploy={"replicas": 0})


def refers(level: int) -> dict[str, Any]:
    """A child from a template."""
    return {"type": "stack", "stackRef": {"name": f"t{level}"}}


def is_for(request: Request, crowd: Trees) -> bool:
    """Whether it is a write of the operator for the crowd."""
    return request.writes and request.user == OPERATOR and request.namespace == crowd.namespace


def new(kind: str, requests: list[Request], namespace: str) -> list[int]:
    """Where in the order of requests objects of a kind (its plural) were created in a namespace."""
    return [
        place
        for place, each in enumerate(requests)
        if each.code == 201 and each.resource == kind and each.namespace == namespace
    ]
