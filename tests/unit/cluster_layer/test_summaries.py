"""What is kept of each kind: enough to tell how it fares, and no more."""

from typing import Any

from ailtire_operator import naming
from ailtire_operator.cluster.summaries import claims, summarize
from unit.cluster_layer import samples


def _object(kind: str, *, spec: Any = None, status: Any = None, **metadata: Any) -> dict[str, Any]:
    obj = {"kind": kind, "metadata": samples.metadata("x", uid="u", version=1, **metadata)}
    return obj | ({"spec": spec} if spec is not None else {}) | ({"status": status} if status is not None else {})


def test_a_deployment() -> None:
    assert summarize(samples.deployment_live()) == {
        "observedGeneration": 2,
        "specReplicas": 2,
        "replicas": 2,
        "ready": 1,
        "conditions": {"Available": ("False", "MinimumReplicasUnavailable", "m" * 300)},
        "selector": {"app": "web"},
    }


def test_a_stateful_set() -> None:
    template = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}
    spec = {"replicas": 3, "serviceName": "db", "podManagementPolicy": "Parallel", "volumeClaimTemplates": [template]}
    status = {"currentReplicas": 1, "updatedReplicas": 2, "availableReplicas": 1, "updateRevision": "db-2"}
    assert summarize(_object("StatefulSet", spec=spec, status=status)) == {
        "specReplicas": 3,
        "updated": 2,
        "available": 1,
        "current": 1,
        "serviceName": "db",
        "podManagementPolicy": "Parallel",
        "claims": {"data": {"size": "1Gi"}},
        "updateRevision": "db-2",
    }
    assert claims(spec) == {"data": {"size": "1Gi"}}
    assert claims({}) == {}


def test_services() -> None:
    summary = summarize(samples.service_live())
    assert summary == {
        "headless": False,
        "clusterIPs": ("10.14.235.212",),
        "ports": (("tcp", 80, "TCP", None), ("udp", 80, "UDP", None)),
        "type": "ClusterIP",
        "selector": {"app": "web"},
    }
    headless = summarize(_object("Service", spec={"clusterIP": "None", "clusterIPs": ["None"]}))
    assert (headless["headless"], headless["clusterIPs"]) == (True, ())
    old = summarize(_object("Service", spec={"clusterIP": "10.0.0.1"}))
    assert old["clusterIPs"] == ("10.0.0.1",)
    points = {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}, {"hostname": "lb.example"}, {}]}}
    assert summarize(_object("Service", spec={}, status=points)) == summarize(_object("Service", spec={}))
    assert summarize(_object("Ingress", spec={}, status=points)) == {}, "nobody decides by its addresses"


def test_an_edge_says_its_hosts_and_whose_controller_publishes_them() -> None:
    spec = {"rules": [{"host": "b.io", "http": {}}, {"host": "a.io"}, {"http": {}}], "ingressClassName": "nginx"}
    published = {"hosts": ("", "a.io", "b.io"), "controllers": (("nginx", ""),)}
    assert summarize(_object("Ingress", spec=spec)) == published
    metadata = {"annotations": {"kubernetes.io/ingress.class": "old"}}
    assert summarize(_object("Ingress", spec={"rules": [{}]}, **metadata))["controllers"] == (("old", ""),)
    parents = [{"name": "gw", "namespace": "infra", "sectionName": "tls"}, {"name": "own"}]
    route = _object("HTTPRoute", spec={"hostnames": ["a.io"], "parentRefs": parents}, namespace="prod")
    assert summarize(route) == {"hosts": ("a.io",), "controllers": (("infra/gw", "tls"), ("prod/own", ""))}


def test_a_volume_claim() -> None:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "fast",
        "resources": {"requests": {"storage": "2Gi"}},
    }
    condition = {"type": "Resizing", "status": "True"}
    status = {"phase": "Bound", "capacity": {"storage": "1Gi"}, "conditions": [condition]}
    assert summarize(_object("PersistentVolumeClaim", spec=spec, status=status)) == {
        "size": "2Gi",
        "modes": ("ReadWriteOnce",),
        "storageClass": "fast",
        "phase": "Bound",
        "capacity": "1Gi",
        "conditions": {"Resizing": ("True", "", "")},
    }


def test_an_autoscaler() -> None:
    condition = {"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric", "message": "none"}
    status = {"currentReplicas": 2, "desiredReplicas": 0, "conditions": [condition]}
    assert summarize(_object("HorizontalPodAutoscaler", spec={}, status=status)) == {
        "current": 2,
        "desired": 0,
        "conditions": {"ScalingActive": ("False", "FailedGetResourceMetric", "none")},
    }


def test_a_route() -> None:
    parent = {"parentRef": {"name": "gw"}, "conditions": [{"type": "ResolvedRefs", "status": "True"}]}
    assert summarize(_object("HTTPRoute", spec={}, status={"parents": [parent]})) == {
        "parents": ({"name": "gw", "conditions": {"ResolvedRefs": ("True", "", "")}},)
    }
    assert summarize(_object("HTTPRoute", spec={})) == {}


def _pod(status: dict[str, Any], **labels: str) -> dict[str, Any]:
    obj = _object("Pod", spec={}, status=status, creationTimestamp="2026-01-01T00:00:00Z")
    obj["metadata"]["labels"] |= labels
    return obj


def test_a_pod_that_runs() -> None:
    status = {
        "phase": "Running",
        "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}, {}],
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "PodScheduled", "status": "True"}],
        "containerStatuses": [{"name": "web", "ready": True, "restartCount": 0, "state": {"running": {}}}],
    }
    assert summarize(_pod(status, **{naming.LABEL_SERVICE: "web"})) == {
        "stack": "shop",
        "service": "web",
        "phase": "Running",
        "podIPs": ("10.0.0.1", "fd00::1"),
        "ready": True,
        "created": "2026-01-01T00:00:00Z",
        "containers": {"web": {"ready": True, "restarts": 0}},
        "owner": (naming.KIND, "shop", samples.OWNER),
    }


def test_a_pod_that_does_not() -> None:
    waiting = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s " + "x" * 400}}
    killed = {"terminated": {"reason": "OOMKilled", "exitCode": 137}}
    status = {
        "phase": "Pending",
        "reason": "Evicted",
        "message": "low on memory",
        "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/4 nodes"}],
        "initContainerStatuses": [{"name": "init", "restartCount": 1, "state": {"terminated": {"exitCode": 0}}}],
        "containerStatuses": [
            {"name": "web", "ready": False, "restartCount": 7, "state": waiting, "lastState": killed}
        ],
    }
    summary = summarize(_pod(status))
    assert summary["ready"] is False
    assert summary["unscheduled"] == ("Unschedulable", "0/4 nodes")
    assert (summary["reason"], summary["message"]) == ("Evicted", "low on memory")
    web = summary["containers"]["web"]
    assert len(web.pop("waitingMessage")) == 300
    assert web == {
        "ready": False,
        "waiting": "CrashLoopBackOff",
        "terminated": "OOMKilled",
        "exitCode": 137,
        "restarts": 7,
    }
    assert summary["containers"]["init"] == {"exitCode": 0, "restarts": 1}


def test_a_pod_of_which_nothing_is_known_yet() -> None:
    obj = {"kind": "Pod", "metadata": {"name": "x"}}
    assert summarize(obj) == {"ready": False}


def test_a_stack_is_kept_whole() -> None:
    obj = _object(naming.KIND, spec={"services": {}}, status={"phase": "x"}, creationTimestamp="then")
    assert summarize(obj) == {
        "spec": {"services": {}},
        "status": {"phase": "x"},
        "creationTimestamp": "then",
        "ownerReferences": (samples.owner_reference(),),
        "labels": obj["metadata"]["labels"],
    }
    assert summarize({"kind": naming.KIND, "metadata": {"name": "bare"}}) == {"spec": {}, "status": {}}


def test_of_the_rest_nothing_is_kept() -> None:
    for kind in ("EndpointSlice", "ConfigMap", "NetworkPolicy", "PodDisruptionBudget"):
        assert summarize(_object(kind, spec={"large": "x" * 1000})) == {}


def test_a_daemon_set_and_a_job_speak_of_replicas_too() -> None:
    """Health is judged by the same numbers for every workload."""
    nodes = {"desiredNumberScheduled": 3, "numberReady": 2, "updatedNumberScheduled": 3, "currentNumberScheduled": 3}
    daemon_set = {"kind": "DaemonSet", "metadata": {"generation": 4}, "spec": {}, "status": nodes}
    found = summarize(daemon_set)
    assert (found["specReplicas"], found["ready"], found["updated"], found["replicas"]) == (3, 2, 3, 3)
    failed = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too often"}
    status = {"succeeded": 1, "failed": 2, "conditions": [failed]}
    found = summarize({"kind": "Job", "metadata": {"generation": 4}, "spec": {"completions": 2}, "status": status})
    assert (found["observedGeneration"], found["specReplicas"], found["ready"], found["failed"]) == (4, 2, 1, 2)
    assert found["conditions"]["Failed"] == ("True", "BackoffLimitExceeded", "too often")
