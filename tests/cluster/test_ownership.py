"""Whose an object is: what belongs to somebody else stays exactly as it is, and its owner's writes go on as before."""

import json
from typing import Any

import pytest

from ailtire_operator import naming
from support.kube.trees import Trees, content, service

OURS = {naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME, naming.LABEL_STACK: "shop", naming.LABEL_ROOT: "shop"}
SCALED: dict[str, Any] = {
    "policies": {"scaling": {"min": 2, "max": 9}},
    "deploy": {"resources": {"reservations": {"cpu": "1"}}},
}


def workload(trees: Trees, kind: str, replicas: int) -> dict[str, Any]:
    """A workload that its owner writes by server-side apply, with labels as if it were ours."""
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "mine:1"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    if kind == "StatefulSet":
        spec["serviceName"] = "mine"
    metadata = {"name": "shop-web", "namespace": trees.namespace, "labels": OURS}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": spec}


def apply_as_owner(trees: Trees, manifest: dict[str, Any]) -> dict[str, Any]:
    """The owner's apply, without force: it is refused where somebody else has taken a field."""
    trees.kubectl("apply", "--server-side", "--field-manager=owner", "-f", "-", stdin=json.dumps(manifest))
    name, generation = manifest["metadata"]["name"], trees.must(manifest["kind"], "shop-web")["metadata"]["generation"]
    trees.until(
        "its controller has seen it",
        lambda: trees.must(manifest["kind"], name).get("status", {}).get("observedGeneration") == generation,
    )
    return trees.must(manifest["kind"], name)


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_the_replicas_of_somebody_elses_workload_are_not_taken(trees: Trees, kind: str) -> None:
    before = content(apply_as_owner(trees, workload(trees, kind, 0)))
    volumes = {"d": {"source": "d", "target": "/d"}} if kind == "StatefulSet" else {}
    data = {"d": {"perReplica": True}} if volumes else {}
    spec = {"services": {"web": service(**SCALED, volumes=volumes), "other": service()}, "data": data}
    trees.apply("shop", spec)
    told = trees.until("Conflicting", lambda: trees.condition("shop", "Conflicting"))
    assert f"{kind} shop-web" in told["message"]
    trees.until("the rest", lambda: trees.status("shop")["services"]["other"]["ready"] == 1)
    trees.apply("shop", {**spec, "services": {**spec["services"], "web": service("web:2", **SCALED, volumes=volumes)}})
    trees.until("the edit", lambda: trees.status("shop")["observedGeneration"] == 2)
    trees.settle()
    assert content(trees.must(kind, "shop-web")) == before
    after = apply_as_owner(trees, workload(trees, kind, 1))
    assert after["spec"]["replicas"] == 1
    assert [entry["manager"] for entry in after["metadata"]["managedFields"] if entry["operation"] == "Apply"] == [
        "owner"
    ]
