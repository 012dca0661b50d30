"""No pod without its policies, and none with a volume or file of somebody else's: whole passes without a cluster."""

from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.errors import ClusterError, Denied, Invalid, Unavailable
from ailtire_operator.cluster.kinds import Ref
from ailtire_operator.cluster.store import Record
from support.fake_cluster.records import pod as pod_record
from support.fake_cluster.records import put
from support.fake_cluster.world import World

QUOTA = Denied("exceeded quota: none, requested: count/networkpolicies.networking.k8s.io=1, used: 0, limited: 0")
OWN = "NetworkPolicy shop--siblings--members"
BACK = "NetworkPolicy shop--back--members"
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")


def service(image: str = "x:1", *networks: str, **fields: Any) -> dict[str, Any]:
    return {"image": image, "user": "1000", "networks": {network: {} for network in networks}, **fields}


def two(image: str = "x:1", **fields: Any) -> dict[str, Any]:
    """A member of a network of its own, and one of the stack's."""
    return {"networks": {"back": {}}, "services": {"db": service(image, "back", **fields), "web": service(image)}}


def child(services: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"type": "stack", "stack": {"services": services, **fields}}


def written(world: World, *kinds: str) -> list[str]:
    return [
        each.removeprefix("apply ")
        for each in world.cluster.journal
        if each.startswith("apply") and each.split()[1] in kinds
    ]


def found(world: World, kind: str, name: str) -> Record:
    record = world.store.get(Ref(kind, "prod", name))
    assert record is not None
    return record


def drop(world: World, ref: Ref) -> None:
    """Somebody deletes an object; another of its name may come."""
    world.store.remove(ref, resource_version=found(world, ref.kind, ref.name).resource_version)


def test_policies_files_and_volumes_come_before_any_workload() -> None:
    world = World()
    volumes = {"d": {"source": "d", "target": "/d"}}
    web = service(interface={"/": {"port": 80}}, volumes=volumes, ports={"p": {"port": 80, "published": 8080}})
    world.execute(world.write({"services": {"web": web}, "data": {"d": {}}, "edge": {"hosts": ["shop.example"]}}))
    kinds = [each.split()[1] for each in world.cluster.journal]
    first = min(index for index, kind in enumerate(kinds) if kind in WORKLOADS)
    assert kinds.count("NetworkPolicy") == 3
    for kind in ("NetworkPolicy", "ConfigMap", "PersistentVolumeClaim"):
        assert kind in kinds
        assert kind not in kinds[first:]


def test_a_policy_that_is_refused_holds_exactly_those_that_it_selects() -> None:
    world = World()
    world.write(two())
    world.cluster.refuses = {f"apply {BACK}": QUOTA}
    world.reconcile()
    assert written(world, *WORKLOADS) == ["Deployment shop-web"]
    told = world.status()["services"]["db"]
    words = f"waits for {BACK}, without which its pods would be open to others: exceeded quota"
    assert (told["reason"], told["message"].startswith(words)) == ("QuotaExceeded", True)
    assert world.conditions()["Stalled"] == ("True", "QuotaExceeded")
    assert world.status()["services"]["web"]["reason"] == "Progressing"
    world.cluster.refuses = {}
    world.reconcile()
    assert written(world, "NetworkPolicy", *WORKLOADS) == [BACK, "Deployment shop-db"]


def test_what_may_pass_is_waited_for_and_told_as_such() -> None:
    world = World()
    record = world.write(two())
    world.cluster.refuses = {f"apply {OWN}": Unavailable("later")}
    done = world.execute(record)
    assert written(world, *WORKLOADS) == ["Deployment shop-db"]
    assert (done.waiting["web"].reason, done.waiting["web"].transient) == ("Progressing", True)
    world.cluster.refuses = {}
    world.execute(record)
    assert written(world, *WORKLOADS) == ["Deployment shop-web"]


@pytest.mark.parametrize("change", ["image", "replicas", "kind"])
def test_what_runs_runs_on_and_does_not_change_while_its_policy_is_not_as_it_should_be(change: str) -> None:
    world = World()
    world.execute(world.write(two()))
    world.roll_out()
    world.execute(world.write(two()))
    drop(world, Ref("NetworkPolicy", "prod", "shop--back--members"))
    world.cluster.refuses = {f"apply {BACK}": QUOTA}
    changed = {
        "image": two("x:2"),
        "replicas": two(deploy={"replicas": 5}),
        "kind": {**two(volumes={"d": {"source": "d", "target": "/d"}}), "data": {"d": {"perReplica": True}}},
    }[change]
    done = world.execute(world.write(changed))
    assert not [each for each in world.cluster.journal if "shop-db" in each and each.split()[1] in WORKLOADS]
    assert not [each for each in world.cluster.journal if each.startswith("delete")]
    assert done.waiting["db"].message.startswith(f"waits with its update for {BACK}") or change == "kind"
    assert found(world, "Deployment", "shop-db").summary["specReplicas"] == 1
    world.cluster.refuses = {}
    world.execute(world.write(changed))
    journal = [each for each in world.cluster.journal if "NetworkPolicy" in each or "shop-db" in each]
    kept = [each for each in journal if each.split()[1] in ("NetworkPolicy", *WORKLOADS)]
    workload = ["apply StatefulSet shop-db"] if change == "kind" else ["apply Deployment shop-db"]
    assert kept == [f"apply {BACK}", *(["delete Deployment shop-db"] if change == "kind" else []), *workload]


def test_an_autoscaler_waits_with_the_policy_of_what_it_would_scale() -> None:
    world = World()
    scaled: dict[str, Any] = {
        "policies": {"scaling": {"min": 2, "max": 9}},
        "deploy": {"resources": {"reservations": {"cpu": "1"}}},
    }
    world.execute(world.write(two(**scaled)))
    drop(world, Ref("NetworkPolicy", "prod", "shop--back--members"))
    world.cluster.refuses = {f"apply {BACK}": QUOTA}
    scaled["policies"] = {"scaling": {"min": 5, "max": 9}}
    world.execute(world.write(two(**scaled)))
    assert written(world, "HorizontalPodAutoscaler") == []


def test_the_gateway_waits_for_its_policies_too() -> None:
    world = World()
    world.write({"services": {"web": service(interface={"/": {"port": 80}})}, "edge": {"hosts": ["shop.example"]}})
    world.cluster.refuses = {"apply NetworkPolicy shop--siblings--edge": QUOTA}
    world.reconcile()
    assert written(world, "Deployment") == ["Deployment shop-web"]
    assert world.conditions()["Stalled"][1] == "QuotaExceeded"


@pytest.mark.parametrize("error", [QUOTA, Invalid("no"), Unavailable("later")])
@pytest.mark.parametrize("kind", ["ConfigMap", "PersistentVolumeClaim"])
def test_what_a_pod_mounts_is_there_and_ours_before_it(kind: str, error: ClusterError) -> None:
    world = World()
    mounts: dict[str, Any] = {"volumes": {"d": {"source": "d", "target": "/d"}}, "configs": {"c": {"target": "/c"}}}
    spec = {
        "services": {"db": service(**mounts), "web": service()},
        "data": {"d": {}},
        "configs": {"c": {"content": "x"}},
    }
    record = world.write(spec)
    world.execute(record)
    refs = [entry for entry in world.cluster.journal if entry.split()[1] == kind]
    world = World()
    record = world.write(spec)
    world.cluster.refuses = dict.fromkeys(refs, error)
    done = world.execute(record)
    assert written(world, "Deployment") == ["Deployment shop-web"]
    assert "which its pods mount" in done.waiting["db"].message
    world.cluster.refuses = {}
    world.execute(record)
    assert written(world, "Deployment") == ["Deployment shop-db"]


def test_a_claim_that_is_ours_and_cannot_be_changed_holds_nothing() -> None:
    """A storage class that cannot expand must not keep an image from being updated."""
    world = World()
    mounts: dict[str, Any] = {"volumes": {"d": {"source": "d", "target": "/d"}}}
    world.execute(world.write({"services": {"db": service(**mounts)}, "data": {"d": {"size": "1Gi"}}}))
    world.cluster.refuses = {"apply PersistentVolumeClaim shop--d--data": Invalid("cannot be resized")}
    world.execute(world.write({"services": {"db": service("x:2", **mounts)}, "data": {"d": {"size": "2Gi"}}}))
    assert written(world, "Deployment") == ["Deployment shop-db"]


def test_a_policy_goes_when_no_pod_is_left_that_it_selects() -> None:
    world = World()
    record = world.write(two())
    world.execute(record)
    labels = {naming.network_label("shop", "back"): "member", naming.LABEL_SERVICE: "db", naming.LABEL_STACK: "shop"}
    put(world.store, "Pod", "db-0", labels=labels)
    record = world.write({"services": {"web": service()}})
    world.roll_out()
    done = world.execute(record)
    assert "delete Deployment shop-db" in world.cluster.journal
    assert f"delete {BACK}" not in world.cluster.journal
    assert done.again is not None
    world.store.remove(Ref("Pod", "prod", "db-0"))
    pod_record(world.store, "shop", "web", "web-0")
    done = world.execute(record)
    assert world.cluster.journal == [f"delete {BACK}"]
    assert done.again is None


def test_a_policy_that_lets_callers_in_goes_at_once() -> None:
    world = World()
    web = service(interface={"/": {"port": 80}})
    world.execute(world.write({"services": {"web": web}, "edge": {"hosts": ["shop.example"]}}))
    labels = found(world, "Deployment", "shop--gateway").labels
    put(world.store, "Pod", "gateway-0", labels=labels | {naming.network_label("shop", "siblings"): "member"})
    record = world.write({"services": {"web": web}})
    world.roll_out()
    done = world.execute(record)
    assert "delete NetworkPolicy shop--siblings--edge" in world.cluster.journal
    assert f"delete {OWN}" not in world.cluster.journal
    assert done.again is None


def test_a_policy_that_lets_callers_in_stays_while_its_pods_would_be_open_without_it() -> None:
    world = World()
    web = service(interface={"/": {"port": 80}})
    world.execute(world.write({"services": {"web": web}, "edge": {"hosts": ["shop.example"]}}))
    put(world.store, "Pod", "gateway-0", labels=found(world, "Deployment", "shop--gateway").labels)
    drop(world, Ref("NetworkPolicy", "prod", "shop--siblings--members"))
    world.cluster.refuses = {f"apply {OWN}": QUOTA}
    world.roll_out()
    world.execute(world.write({"services": {"web": web}}))
    assert "delete NetworkPolicy shop--siblings--edge" not in world.cluster.journal


def test_members_below_wait_for_the_policies_of_networks_above() -> None:
    world = World()
    below = child({"api": service("x:1", "bus"), "own": service()}, networks={"bus": {"external": True}})
    root = {"networks": {"bus": {"name": "bus", "internal": True}}, "services": {"a": below}}
    world.execute(world.write(root))
    assert written(world, "NetworkPolicy")[:3].count("NetworkPolicy shop--bus--egress") == 1
    stack = found(world, naming.KIND, "shop-a")
    for purpose in ("members", "egress"):
        policy = Ref("NetworkPolicy", "prod", f"shop--bus--{purpose}")
        live = world.store.get(policy)
        assert live is not None
        drop(world, policy)
        world.woken.clear()
        done = world.execute(stack)
        assert "Deployment shop-a-api" not in written(world, "Deployment")
        assert done.waiting["api"].transient
        assert f"waits for {policy} of stack 'shop'" in done.waiting["api"].message
        assert done.again is not None
        put(world.store, "NetworkPolicy", policy.name, uid="forged", labels={naming.LABEL_STACK: "shop"})
        world.execute(stack)
        assert "Deployment shop-a-api" not in written(world, "Deployment"), "whose name and label alone are right"
        drop(world, policy)
        world.execute(world.store.get(Ref(naming.KIND, "prod", "shop")))  # type: ignore[arg-type]
        assert "shop-a" in world.woken
    world.execute(stack)
    assert written(world, "Deployment") == ["Deployment shop-a-api"]


def claim(name: str, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": "prod", "uid": name, "resourceVersion": "7", **metadata},
    }


def replicated(**data: Any) -> dict[str, Any]:
    mounts: dict[str, Any] = {"volumes": {"d": {"source": "d", "target": "/d"}}}
    return {"services": {"db": service(**mounts), "web": service()}, "data": {"d": {"perReplica": True, **data}}}


def test_a_claim_of_somebody_elses_under_the_name_of_a_replicas_own_holds_the_stateful_set() -> None:
    world = World()
    world.write(replicated())
    world.claims = [claim("d-shop-db-0")]
    world.reconcile()
    assert written(world, *WORKLOADS) == ["Deployment shop-web"]
    told = world.status()["services"]["db"]
    assert told["reason"] == "Conflicting"
    assert "d-shop-db-0 exists already and was not made by this stack" in told["message"]
    assert world.conditions()["Conflicting"] == ("True", "ForeignObject")
    assert world.followed == ["PersistentVolumeClaim d-shop-db-0"], "its going is news"
    world.claims = []
    world.reconcile()
    assert written(world, *WORKLOADS) == ["StatefulSet shop-db"]
    world.claims = [claim("d-shop-db-1")]
    world.write({**replicated(), "services": {**replicated()["services"]}})
    world.reconcile()
    assert "Conflicting" not in world.conditions(), "nothing new is made"


def test_volumes_of_replicas_that_were_retained_are_taken_over_only_to_be_retained() -> None:
    ours = {naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME, naming.LABEL_ROOT: "shop", naming.LABEL_STACK: "shop"}
    for retain in (False, True):
        world = World()
        world.write(replicated(retain=retain))
        world.claims = [claim("d-shop-db-0", labels=ours)]
        world.reconcile()
        assert ("StatefulSet shop-db" in written(world, *WORKLOADS)) == retain
