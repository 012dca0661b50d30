"""Volumes: claims, mounts, what is refused, and what keeps a service from rolling."""

import itertools
from typing import Any

import pytest

from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.settings import Settings
from ailtire_operator.plan.types import Plan
from support.definitions.node_paths import ABOVE, SOCKETS
from support.definitions.stacks import SETTINGS, find, plan_of, pod_spec

Json = dict[str, Any]


def planned(volumes: Json, data: Json | None = None, **service: Any) -> Plan:
    return plan_of({"services": {"web": {"image": "web:1", "volumes": volumes, **service}}, "data": data or {}})


def told(made: Plan) -> list[tuple[str, str]]:
    return [(each.path, each.classification) for each in made.notices]


def test_a_volume_of_the_stack_is_a_claim_that_services_share() -> None:
    data = {"Up_Loads": {"size": "1024Mi", "mode": "ReadWriteMany", "storageClass": "fast", "retain": True}}
    made = planned({"here": {"source": "Up_Loads", "target": "/u", "readOnly": True}}, data)
    claim = find(made, "PersistentVolumeClaim", "shop--up-loads--data")
    assert claim["spec"] == {
        "accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "fast"
    }  # fmt: skip
    assert claim["metadata"]["labels"]["ailtire.io/retain"] == "true"
    pod = pod_spec(find(made, "Deployment", "shop-web"))
    assert pod["volumes"] == [{"name": "here", "persistentVolumeClaim": {"claimName": "shop--up-loads--data"}}]
    assert pod["containers"][0]["volumeMounts"] == [{"name": "here", "mountPath": "/u", "readOnly": True}]
    assert told(made) == []


SCRATCH = [({}, {}), ({"medium": "Memory"}, {"medium": "Memory"}), ({"size": "0.5Gi"}, {"sizeLimit": "512Mi"})]


@pytest.mark.parametrize(("mount", "source"), SCRATCH)
def test_a_mount_without_a_source_is_scratch_space(mount: Json, source: Json) -> None:
    made = planned({"tmp": {"target": "/tmp", **mount}})
    assert pod_spec(find(made, "Deployment", "shop-web"))["volumes"] == [{"name": "tmp", "emptyDir": source}]


OPEN = SETTINGS.model_copy(update={"allow_host_paths": True, "allow_privileged": True})
PROFILES = ["restricted", "baseline", "privileged"]
"""The three there are; only the last may see the node."""


def mounting(path: str, profile: str = "privileged") -> Json:
    volumes = {"here": {"source": path, "target": "/there"}}
    return {"securityProfile": profile, "services": {"web": {"image": "web:1", "volumes": volumes}}}


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize("settings", [SETTINGS, OPEN])
def test_the_socket_of_a_container_runtime_is_always_dropped_and_told(path: str, settings: Settings) -> None:
    profile = "privileged" if settings.allow_privileged else "restricted"
    made = plan_of(mounting(path, profile), settings=settings)
    assert "volumes" not in pod_spec(find(made, "Deployment", "shop-web"))
    assert told(made) == [("spec.services.web.volumes.here", "ignored")]


@pytest.mark.parametrize("path", ABOVE)
def test_a_folder_above_such_a_socket_is_refused_whatever_is_allowed(path: str) -> None:
    with pytest.raises(
        InvalidStack, match=r"spec\.services\.web\.volumes\.here\.source: .*socket of a container runtime"
    ):
        plan_of(mounting(path), settings=OPEN)


@pytest.mark.parametrize("path", ["/srv/../run", "/var/lock/../containerd", "/.."])
def test_a_path_that_goes_up_is_refused(path: str) -> None:
    with pytest.raises(InvalidStack, match=r"source: '.*' contains '\.\.'"):
        plan_of(mounting(path), settings=OPEN)


def test_a_path_of_the_node_needs_both_settings_and_the_privileged_profile() -> None:
    for hosts, privileged, profile in itertools.product([False, True], [False, True], PROFILES):
        settings = SETTINGS.model_copy(update={"allow_host_paths": hosts, "allow_privileged": privileged})
        spec = mounting("/var/log", profile)
        if hosts and privileged and profile == "privileged":
            made = plan_of(spec, settings=settings)
            assert pod_spec(find(made, "Deployment", "shop-web"))["volumes"] == [
                {"name": "here", "hostPath": {"path": "/var/log"}}
            ]
            continue
        with pytest.raises(InvalidStack) as refused:
            plan_of(spec, settings=settings)
        path = "spec.services.web.volumes.here.source" if privileged or profile != "privileged" else "spec.security"
        assert str(refused.value).startswith(path)


@pytest.mark.parametrize("path", [*SOCKETS, *ABOVE, "/var/log", "/srv"])
@pytest.mark.parametrize("profile", ["restricted", "baseline"])
def test_no_other_profile_mounts_any_path_of_the_node(path: str, profile: str) -> None:
    try:
        made = plan_of(mounting(path, profile), settings=OPEN)
    except InvalidStack:
        return
    assert "volumes" not in pod_spec(find(made, "Deployment", "shop-web"))


@pytest.mark.parametrize(("retain", "policy"), [(True, "Retain"), (False, "Delete")])
def test_a_volume_per_replica_makes_a_statefulset(retain: bool, policy: str) -> None:
    data = {"records": {"perReplica": True, "retain": retain, "size": "2Gi"}}
    made = planned({"d": {"source": "records", "target": "/d"}, "e": {"source": "records", "target": "/e"}}, data)
    spec = find(made, "StatefulSet", "shop-web")["spec"]
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": policy, "whenScaled": "Retain"}
    (template,) = spec["volumeClaimTemplates"]
    assert template["metadata"]["name"] == "records"
    mounts = spec["template"]["spec"]["containers"][0]["volumeMounts"]
    assert [(each["name"], each["mountPath"]) for each in mounts] == [("records", "/d"), ("records", "/e")]
    assert [each for each in made.objects if each["kind"] == "PersistentVolumeClaim"] == []
    assert made.services["web"].kind == "StatefulSet"


def test_volumes_whose_keys_become_one_name_stay_apart() -> None:
    data = {"records": {"perReplica": True}}
    made = planned(
        {"a_b": {"target": "/1"}, "a-b": {"target": "/2"}, "records": {"target": "/3"},
         "x": {"source": "records", "target": "/4"}},
        data,
    )  # fmt: skip
    spec = find(made, "StatefulSet", "shop-web")["spec"]
    names = [each["name"] for each in spec["template"]["spec"]["volumes"]] + ["records"]
    assert len(set(names)) == 4
    mounts = {each["mountPath"]: each["name"] for each in spec["template"]["spec"]["containers"][0]["volumeMounts"]}
    assert mounts["/4"] == "records"
    assert len(set(mounts.values())) == 4


@pytest.mark.parametrize("other", ["/data", "/data/"])
def test_two_volumes_at_one_place_are_refused(other: str) -> None:
    with pytest.raises(InvalidStack, match=r"volumes\.b\.target"):
        planned({"a": {"target": "/data"}, "b": {"target": other}})


ROLLING = [
    # mode, deploy -> strategy, notices
    ("ReadWriteMany", {"replicas": 3}, (1, 0), 0),
    ("ReadWriteOnce", {}, (0, 1), 1),
    ("ReadWriteOnce", {"updateConfig": {"order": "stopFirst"}}, (0, 1), 0),
    ("ReadWriteOnce", {"replicas": 2, "updateConfig": {"order": "stopFirst"}}, (0, 1), 1),
    ("ReadWriteOncePod", {"replicas": 2}, (0, 1), 2),
    ("ReadOnlyMany", {"replicas": 2}, (1, 0), 0),
]


@pytest.mark.parametrize(("mode", "deploy", "strategy", "notices"), ROLLING)
def test_a_volume_with_one_writer_stops_the_old_replica_first_and_is_told(
    mode: str, deploy: Json, strategy: tuple[int, int], notices: int
) -> None:
    made = planned({"d": {"source": "x", "target": "/d"}}, {"x": {"mode": mode}}, deploy=deploy)
    rolling = find(made, "Deployment", "shop-web")["spec"]["strategy"]["rollingUpdate"]
    assert (rolling["maxSurge"], rolling["maxUnavailable"]) == strategy
    assert told(made) == [("spec.services.web.volumes.d", "approximate")] * notices


def test_a_volume_of_each_replica_that_no_service_mounts_is_told() -> None:
    made = plan_of({"services": {}, "data": {"x": {"perReplica": True}}})
    assert told(made) == [("spec.data.x", "ignored")]
