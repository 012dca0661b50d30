"""A stack's services as the page shows them: images, pods, variables without what is secret, networks, owners."""

from typing import Any

import pytest

from ailtire_operator.cli.pod_facts import facts
from ailtire_operator.cli.rollout_history import kept_templates
from ailtire_operator.cli.service_details import VALUE_LIMIT, Running, owners, service_details
from ailtire_operator.cli.ui.detail_record import stack_record
from ailtire_operator.cli.ui.views.detail import conditions, network_labels

Json = dict[str, Any]
WEB = ("Deployment", "shop-web")
LABELS = {"ailtire.io/stack": "shop", "ailtire.io/service": "web"}


def shop(*rollouts: Json, parent: str = "") -> Json:
    services = {
        "web": {"kind": "Deployment", "name": "shop-web", "ready": 1, "wanted": 2, "reason": "CrashLoopBackOff"}
    }
    routes = [{"path": "/web", "service": "web", "port": 80, "url": "http://a/web"}]
    status = {"observedGeneration": 2, "services": services, "routes": routes, "rollouts": list(rollouts)}
    ports = {"sql": {"port": 5432}, "http": {"port": 80, "published": 8080}}
    spec: Json = {"services": {"web": {"image": "web:2", "ports": ports}}}
    if parent:
        spec["place"] = {"root": "top", "parent": parent, "parentKey": "shop"}
    metadata = {
        "name": "shop",
        "namespace": "prod",
        "uid": "1",
        "generation": 2,
        "managedFields": [{"manager": "flux"}],
    }
    return {"kind": "AiltireStack", "metadata": metadata, "spec": spec, "status": status}


def workload(*env: Json, image: str = "web:2", **container: Any) -> Json:
    own = {"name": "web", "image": image, "env": list(env), **container}
    template = {
        "metadata": {"labels": {**LABELS, "network.ailtire.io/0a": "", "network.ailtire.io/ff": ""}},
        "spec": {"containers": [{"name": "mesh", "image": "mesh:1"}, own]},
    }
    metadata = {"name": "shop-web", "creationTimestamp": "2026-01-01T10:00:00Z"}
    return {"kind": "Deployment", "metadata": metadata, "spec": {"template": template}}


def replica_set(revision: int, hour: int, image: str) -> Json:
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop-web", "controller": True}
    metadata = {
        "name": f"shop-web-{revision}",
        "annotations": {"deployment.kubernetes.io/revision": str(revision)},
        "creationTimestamp": f"2026-01-01T{hour}:00:00Z",
        "ownerReferences": [owner],
    }
    template = {"spec": {"containers": [{"name": "web", "image": image}]}}
    return {"kind": "ReplicaSet", "metadata": metadata, "spec": {"template": template}}


def pod(name: str, **status: Any) -> Json:
    metadata = {"name": name, "labels": LABELS, "creationTimestamp": "2026-01-01T11:00:00Z"}
    return {
        "metadata": metadata,
        "spec": {"nodeName": "n1", "containers": [{"name": "web", "image": "web:2"}]},
        "status": status,
    }


def web(stack: Json | None = None, running: Running | None = None) -> Json:
    (found,) = service_details(stack or shop(), running or Running({WEB: workload()}))
    return found


def variables(*env: Json, **container: Any) -> list[Json]:
    found: list[Json] = web(running=Running({WEB: workload(*env, **container)}))["environment"]
    return found


def test_a_variable_of_a_secret_is_a_reference_and_nothing_else() -> None:
    secret = {"name": "db", "key": "password"}
    assert variables(
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": secret}},
        {"name": "LEVEL", "valueFrom": {"configMapKeyRef": {"name": "web", "key": "level", "optional": True}}},
        {"name": "AILTIRE_STACKNAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
        {"name": "NEW", "valueFrom": {"fileKeyRef": {"path": "x"}}},
        envFrom=[{"secretRef": {"name": "all"}, "prefix": "DB_"}, {"configMapRef": {"name": "web"}}],
    ) == [
        {"name": "DB_*", "from": "all keys of Secret all", "ailtire": False},
        {"name": "*", "from": "all keys of ConfigMap web", "ailtire": False},
        {"name": "PASSWORD", "from": "Secret db, key password", "ailtire": False},
        {"name": "LEVEL", "from": "ConfigMap web, key level, if it is there", "ailtire": False},
        {"name": "AILTIRE_STACKNAME", "from": "field metadata.name of the pod", "ailtire": True},
        {"name": "CPU", "from": "field limits.cpu of the pod", "ailtire": False},
        {"name": "NEW", "from": "fileKeyRef", "ailtire": False},
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [("DB_PASSWORD", "hunter2"), ("URL", "postgres://user:hunter2@db/x"), ("X", "ghp_hunter2hunter2hunter2")],
)
def test_a_value_that_looks_like_a_credential_is_hidden(name: str, value: str) -> None:
    assert variables({"name": name, "value": value}) == [{"name": name, "hidden": True, "ailtire": False}]


def test_a_plain_value_is_shown_and_bounded() -> None:
    assert variables({"name": "LOG", "value": "info"}, {"name": "EMPTY"}) == [
        {"name": "LOG", "value": "info", "ailtire": False},
        {"name": "EMPTY", "value": "", "ailtire": False},
    ]
    (long,) = variables({"name": "LONG", "value": "x" * (VALUE_LIMIT + 1)})
    assert long["value"] == f"{'x' * VALUE_LIMIT}…"


def test_the_image_is_the_services_own_and_has_the_time_of_its_rollout() -> None:
    change = {"path": "containers[web].image", "before": "web:1", "after": "web:2"}
    other = {"path": "containers[web].env[A]", "before": "1", "after": "2"}
    of = {"kind": "Deployment", "name": "shop-web"}
    told = shop(
        {**of, "time": "2026-01-03T00:00:00Z", "changes": [other]},
        {**of, "time": "2026-01-02T00:00:00Z", "changes": [change]},
    )
    assert (web(told)["image"], web(told)["imageSince"]) == ("web:2", "2026-01-02T00:00:00Z")
    assert web()["imageSince"] == "2026-01-01T10:00:00Z", "as old as the Deployment, where no other image is known"
    kept = kept_templates([replica_set(1, 11, "web:1"), replica_set(2, 12, "web:2"), replica_set(3, 13, "web:2")])
    assert web(running=Running({WEB: workload()}, kept=kept))["imageSince"] == "2026-01-01T12:00:00Z"


def test_without_the_right_to_read_workloads_the_definition_tells_the_image() -> None:
    found = web(running=Running())
    assert (found["image"], found["imageSince"], found["environment"], found["networks"]) == ("web:2", None, [], [])
    assert (found["replicas"], found["ready"], found["reason"]) == (2, 1, "CrashLoopBackOff")


def test_pods_tell_why_they_do_not_run() -> None:
    crashed = [{"name": "web", "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]
    ready = [{"type": "Ready", "status": "True"}]
    pending = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]
    other = pod("other")
    other["metadata"]["labels"] = {**LABELS, "ailtire.io/service": "db"}
    going = pod("c", phase="Running")
    going["metadata"]["deletionTimestamp"] = "2026-01-01T12:00:00Z"
    pods = [
        pod("b", phase="Running", containerStatuses=crashed),
        pod("a", phase="Running", conditions=ready),
        going,
        other,
    ]
    found = web(running=Running({WEB: workload()}, [*pods, pod("d", phase="Pending", conditions=pending)]))["pods"]
    assert [(each["name"], each["phase"], each["ready"], each["restarts"], each["reason"]) for each in found] == [
        ("a", "Running", True, 0, ""),
        ("b", "Running", False, 3, "CrashLoopBackOff"),
        ("c", "Terminating", False, 0, ""),
        ("d", "Pending", False, 0, "Unschedulable"),
    ]
    assert {(each["node"], each["image"]) for each in found} == {("n1", "web:2")}


def test_pods_that_may_not_be_listed_are_not_taken_for_none() -> None:
    assert web(running=Running({WEB: workload()}, None))["pods"] is None
    assert web(running=Running({WEB: workload()}, []))["pods"] == []


def test_networks_and_interfaces_are_named_for_people() -> None:
    zone = {"metadata": {"name": "z-0a", "labels": {"ailtire.io/stack": "shop", "ailtire.io/network": "siblings"}}}
    known = network_labels([zone], {"shop": "top/shop"})
    found = web(running=Running({WEB: workload()}, networks=known))
    assert found["networks"] == ["siblings of top/shop"]
    assert found["interfaces"] == [
        {"path": "/web", "port": 80, "url": "http://a/web"},
        {"name": "http", "port": 80, "protocol": "TCP", "published": 8080},
        {"name": "sql", "port": 5432, "protocol": "TCP", "published": None},
    ]


def test_owners_are_those_who_have_written_what_the_stack_owns() -> None:
    def owned(kind: str, uid: str, *managers: Any) -> Json:
        reference = {"uid": uid, "controller": True}
        return {
            "kind": kind,
            "metadata": {"name": "x", "ownerReferences": [reference], "managedFields": list(managers)},
        }

    written = [
        {"manager": "kubectl-edit"},
        {"manager": "ailtire-operator"},
        {"manager": "ailtire-operator"},
        "junk",
        {},
    ]
    found = owners([owned("Service", "1"), owned("Deployment", "1", *written), owned("Deployment", "2")], shop())
    assert found == [
        {"kind": "AiltireStack", "name": "shop", "managers": ["flux"]},
        {"kind": "Deployment", "name": "x", "managers": ["ailtire-operator", "kubectl-edit"]},
        {"kind": "Service", "name": "x", "managers": []},
    ]


def test_conditions_are_those_of_the_status_as_the_api_has_them() -> None:
    written = {
        "type": "Ready", "status": "False", "reason": "ImagePullBackOff", "message": "web: no such image",
        "lastTransitionTime": "2026-01-01T10:00:00Z", "observedGeneration": 2,
    }  # fmt: skip
    assert conditions({"metadata": {}, "status": {"conditions": [written]}}) == [written]
    assert conditions({"metadata": {}}) == []


def test_a_record_is_that_of_the_tree_with_its_place() -> None:
    top = {"kind": "AiltireStack", "metadata": {"name": "top", "uid": "0", "namespace": "prod"}, "spec": {}}
    pods = facts([pod("a", containerStatuses=[{"restartCount": 2}])])
    found = stack_record([shop(parent="top"), top], pods)
    assert found.items() >= {
        "id": "prod/shop", "namespace": "prod", "name": "shop", "key": "shop", "parent": "prod/top", "root": "prod/top",
        "depth": 1, "restarts": 2, "since": "2026-01-01T11:00:00Z", "generation": 2,
    }.items()  # fmt: skip
    assert "services" not in found
    alone = stack_record([top], pods)
    assert (alone["parent"], alone["root"], alone["depth"], alone["restarts"]) == (None, "prod/top", 0, 0)
