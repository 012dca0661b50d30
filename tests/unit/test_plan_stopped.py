"""stopped: the same workloads, of which nothing runs; volumes, Services and policies stay, gateways answer 503."""

from copy import deepcopy
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Manifest, Observed, Plan
from support.definitions.stacks import SETTINGS, stack

Json = dict[str, Any]
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")
SPEC: Json = {
    "services": {
        "web": {"image": "web", "interface": {"/": {}}, "deploy": {"replicas": 3}},
        "cache": {"image": "cache", "interface": {"/cache": {}}, "policies": {"scaling": {"min": 2, "max": 5}}},
        "agent": {"image": "agent", "deploy": {"mode": "global", "placement": {"constraints": ["node.labels.a == b"]}}},
        "db": {"image": "db", "volumes": {"rows": {"source": "rows", "target": "/rows"}}},
        "migrate": {"image": "migrate", "deploy": {"mode": "replicatedJob"}},
        "orders": {
            "type": "stack",
            "interface": {"/orders": {}},
            "stack": {"services": {"api": {"image": "api", "interface": {"/": {}}}}},
        },
    },
    "data": {"rows": {"perReplica": True}, "files": {}},
}


def plans(spec: Json) -> dict[str, Plan]:
    found = {}
    waiting = [stack(spec)]
    while waiting:
        made = plan(waiting.pop(), SETTINGS, Observed())
        found[made.stack.name] = made
        waiting += [parse_stack(each) for each in made.objects if each["kind"] == naming.KIND]
    return found


def objects(spec: Json, name: str = "shop") -> dict[tuple[str, str], Manifest]:
    return {(each["kind"], each["metadata"]["name"]): each for each in plans(spec)[name].objects}


def ended(spec: Json) -> set[str]:
    """The services of the tree that are to end."""
    return {
        f"{name}/{key}" for name, made in plans(spec).items() for key, each in made.services.items() if each.stopped
    }


def stopped(*path: str) -> Json:
    """The stack with the field at a member, at a stack's own definition (``stack``), or at the root."""
    spec = deepcopy(SPEC)
    at = spec
    for step in path:
        at = at["stack"] if step == "stack" else at["services"][step]
    at["stopped"] = True
    return spec


ROOT = {f"shop/{key}" for key in ("web", "cache", "agent", "db", "migrate")}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), ROOT | {"shop-orders/api"}),
        (("orders",), {"shop-orders/api"}),
        (("orders", "stack"), {"shop-orders/api"}),
        (("web",), {"shop/web"}),
        (("orders", "stack", "api"), {"shop-orders/api"}),
    ],
)
def test_what_is_stopped_above_is_stopped_below(path: tuple[str, ...], expected: set[str]) -> None:
    assert ended(SPEC) == set()
    assert ended(stopped(*path)) == expected


def test_each_kind_ends_in_its_own_way_and_nothing_else_of_it_changes() -> None:
    before, after = objects(SPEC), objects(stopped())
    scaling = {("HorizontalPodAutoscaler", "shop-cache")}
    budgets = {("PodDisruptionBudget", name) for name in ("shop-web", "shop-cache")}
    config = {each for each in after.keys() ^ before.keys() if each[0] == "ConfigMap"}
    assert before.keys() - after.keys() - config == scaling | budgets
    assert after.keys() - before.keys() <= config
    for ref in ("Deployment", "shop-web"), ("StatefulSet", "shop-db"):
        assert after[ref]["spec"] == {**before[ref]["spec"], "replicas": 0}
    autoscaled = ("Deployment", "shop-cache")
    assert after[autoscaled]["spec"] == {**before[autoscaled]["spec"], "replicas": 0}
    selector = after["DaemonSet", "shop-agent"]["spec"]["template"]["spec"].pop("nodeSelector")
    assert selector == {"ailtire.io/stopped": "true"}
    assert after["DaemonSet", "shop-agent"]["spec"] == before["DaemonSet", "shop-agent"]["spec"]
    (job,) = (each for kind, each in before if kind == "Job")
    assert after["Job", job]["spec"] == {**before["Job", job]["spec"], "suspend": True}
    hashes = [
        {key: each.template_hash for key, each in plans(spec)["shop"].services.items()} for spec in (SPEC, stopped())
    ]
    assert hashes[0] == hashes[1], "an update that failed before is the same one after"
    same = {ref for ref in before if ref[0] in ("Service", "PersistentVolumeClaim", "NetworkPolicy", "EndpointSlice")}
    assert {ref: after[ref] for ref in same} == {ref: before[ref] for ref in same}


def test_a_gateway_runs_on_and_answers_for_what_is_stopped() -> None:
    def configuration(spec: Json, name: str = "shop") -> str:
        found = objects(spec, name)
        (text,) = (
            each["data"]["nginx.conf"] for ref, each in found.items() if ref[0] == "ConfigMap" and "gateway" in ref[1]
        )
        assert found["Deployment", naming.gateway(name)]["spec"]["replicas"] == 2
        return str(text)

    assert "Retry-After" not in configuration(SPEC)
    assert configuration(stopped("web")).count("Retry-After") == 1
    assert configuration(stopped("orders")).count("Retry-After") == 2, "the prefix, and what is below it"
    assert "proxy_pass" not in configuration(stopped())
    assert "Retry-After" in configuration(stopped("orders"), "shop-orders")
