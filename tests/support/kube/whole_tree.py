"""A tree with an object of every kind that a cluster without add-ons has, and what must not change of one that runs."""

from typing import Any

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import OWNED_KINDS
from support.kube.trees import Trees, child, service

ROUTE = {"/": {"path": "/", "port": 8080}}
Pods = set[tuple[str, str]]
Templates = dict[str, tuple[str, Any]]


def spec() -> dict[str, Any]:
    """Three levels, with volumes that go with their stack, one of them each replica's own."""
    mounts = {"d": {"source": "d", "target": "/d"}, "own": {"source": "own", "target": "/own"}}
    scaled: dict[str, Any] = {
        "policies": {"scaling": {"min": 2, "max": 9}},
        "deploy": {"resources": {"reservations": {"cpu": "1m"}}},
    }
    leaf = child({"db": service(volumes=mounts), "api": service(interface=ROUTE, configs={"c": {}})})
    leaf["stack"] |= {"data": {"d": {}, "own": {"perReplica": True}}, "configs": {"c": {"content": "x"}}}
    middle = child({"web": service(interface=ROUTE, **scaled), "dm": leaf})
    kept = {"updateConfig": {"failureAction": "rollback"}}
    services = {
        "web": service(interface=ROUTE, ports={"p": {"port": 80}}, deploy=kept),
        "each": service(deploy={"mode": "global"}),
        "once": service(deploy={"mode": "replicatedJob"}),
        "cpl": middle,
    }
    return {"services": services, "edge": {"hosts": ["shop.example"]}}


def run(trees: Trees) -> None:
    """Bring the tree up, and wait until nothing is left to do."""
    trees.apply("shop", spec())
    trees.until_ready("shop")
    trees.until("a last good definition", trees.last_good)
    trees.settle()
    assert {kind for kind, _ in trees.owned()} == {kind.kind for kind in OWNED_KINDS if not kind.optional}


def pods(trees: Trees) -> Pods:
    """Every pod, by name and uid."""
    return {(each["metadata"]["name"], each["metadata"]["uid"]) for each in trees.all_of("Pod")}


def templates(trees: Trees) -> Templates:
    """What every workload runs, and which object it is."""
    return {
        f"{kind} {name}": (each["metadata"]["uid"], each["spec"]["template"])
        for (kind, name), each in trees.owned().items()
        if "template" in each.get("spec", {})
    }


def owners(trees: Trees) -> dict[str, str]:
    """The owner of every object of the tree by its name; ``nobody``, or ``unknown`` where no stack has the uid."""
    stacks = {each["metadata"]["uid"]: each["metadata"]["name"] for each in trees.all_of(naming.KIND)}
    found = {}
    for (kind, name), each in trees.owned().items():
        references = each["metadata"].get("ownerReferences") or [{"uid": "nobody"}]
        known = {**stacks, "nobody": "nobody"}
        found[f"{kind} {name}"] = " ".join(known.get(one["uid"], "unknown") for one in references)
    return {name: owner for name, owner in found.items() if name != "AiltireStack shop"}
