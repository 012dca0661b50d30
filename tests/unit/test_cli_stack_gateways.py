"""Whose gateway serves a stack, and what commands look for it."""

from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cli.log_sources import selection, sources
from ailtire_operator.cli.outside import Outside, gateway_blocker
from ailtire_operator.cli.paths import PathTarget
from ailtire_operator.cli.service_pods import selector_of
from ailtire_operator.cli.stack_gateways import gateway_workload

Resource = dict[str, Any]
OWNER = {"kind": naming.KIND, "name": "shop", "uid": "r", "controller": True}
_TCP = {"mq": {"interface": {"/q": {"protocol": "tcp", "port": 5672}}}}


def root(*, tree: bool = True) -> Resource:
    return {
        "metadata": {"name": "shop", "uid": "r"},
        "spec": {"gateway": {"tree": tree}, "services": {"cpl": {"type": "stack"}}},
    }


def below(*, shared: bool = True, port: int | None = 10_000, **spec: Any) -> Resource:
    place = {"root": "shop", "parent": "shop", "parentKey": "cpl", "treeGateway": shared, "gatewayPort": port}
    web: Resource = {"web": {"interface": {"/": {}}}}
    return {
        "metadata": {"name": "shop-cpl", "uid": "c", "ownerReferences": [OWNER]},
        "spec": {"place": place, "services": web, **spec},
    }


@pytest.mark.parametrize(
    ("stack", "name"),
    [
        (root(), "shop--tree-gateway"),
        (root(tree=False), "shop--gateway"),
        (below(), "shop--tree-gateway"),
        (below(shared=False), "shop-cpl--gateway"),
        (below(port=None), "shop-cpl--gateway"),
        (below(gateway={"own": True}), "shop-cpl--gateway"),
        (below(services=_TCP), "shop-cpl--gateway"),
        (below(services={"x": {"type": "stack", "interface": {"/x": {}}}, "y": None}), "shop--tree-gateway"),
    ],
)
def test_a_stack_is_served_by_its_own_gateway_or_by_that_of_its_tree(stack: Resource, name: str) -> None:
    assert gateway_workload(stack).name == name


def test_the_pods_of_a_stacks_gateway_are_those_of_the_tree_where_that_serves_it() -> None:
    selector = selector_of(PathTarget(below(), "shop/cpl"))
    assert selector.endswith("ailtire.io/stack=shop,app.kubernetes.io/component=tree-gateway")


def test_the_gateway_of_the_tree_is_not_missing_below_it() -> None:
    labels = {naming.LABEL_STACK: "shop", naming.LABEL_COMPONENT: naming.COMPONENT_TREE_GATEWAY}
    status = {"readyReplicas": 2, "updatedReplicas": 2, "availableReplicas": 2, "replicas": 2, "observedGeneration": 1}
    metadata = {"name": "shop--tree-gateway", "namespace": "prod", "generation": 1, "labels": labels, "uid": "u"}
    made = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"replicas": 2}}
    outside = Outside.of([{**made, "status": status}])
    assert gateway_blocker(below(), "shop/cpl", outside) == ""
    assert "has not been made yet" in gateway_blocker(below(gateway={"own": True}), "shop/cpl", outside)


@pytest.mark.parametrize("path", ["shop", "shop/cpl"])
def test_logs_of_gateways_are_those_of_the_one_that_serves_the_stacks(path: str) -> None:
    labels = {naming.LABEL_STACK: "shop", naming.LABEL_COMPONENT: naming.COMPONENT_TREE_GATEWAY}
    status = {"containerStatuses": [{"name": "gateway", "state": {"running": {"startedAt": "now"}}}]}
    pod = {"metadata": {"name": "shop--tree-gateway-abc-x", "uid": "u", "labels": labels}, "status": status}
    tree = [root(), below()]
    assert sources([pod], selection(path, tree)) == []
    (found,) = sources([pod], selection(path, tree, gateways=True))
    assert (found.path, found.pod) == ("shop", "shop--tree-gateway-abc-x")
