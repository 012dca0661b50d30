"""Live objects as an API server 1.35 answered them, cut down to what the tests look at."""

from typing import Any

from ailtire_operator import naming
from support.fake_cluster.records import reference_to

OWNER = "bc00ee04-b2bf-4744-9112-802e26fb6608"

_LABELS = {naming.LABEL_MANAGED_BY: naming.OPERATOR_NAME, naming.LABEL_STACK: "shop", naming.LABEL_ROOT: "shop"}
_OWNER_FIELDS: dict[str, Any] = {"f:ownerReferences": {f'k:{{"uid":"{OWNER}"}}': {}}}


def owner_reference(uid: str = OWNER) -> dict[str, Any]:
    return reference_to("shop", uid)


def metadata(name: str, *, uid: str = "", version: int = 0, **more: Any) -> dict[str, Any]:
    """Metadata of a manifest, or of a live object where it has a uid."""
    live = {"uid": uid, "resourceVersion": str(version)} if uid else {}
    own = {"name": name, "namespace": "prod", "labels": dict(_LABELS), "ownerReferences": [owner_reference()]}
    return {**own, **live, **more}


def applied(fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One entry of managedFields, by default that of our own applies."""
    entry = {"manager": naming.FIELD_MANAGER, "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": fields}
    return {**entry, **more}


def label_fields() -> dict[str, Any]:
    return {"f:labels": {f"f:{label}": {} for label in _LABELS}}


def service_manifest() -> dict[str, Any]:
    ports = [
        {"name": "tcp", "port": 80, "targetPort": 8080, "protocol": "TCP"},
        {"name": "udp", "port": 80, "targetPort": 53, "protocol": "UDP"},
    ]
    spec = {"selector": {"app": "web"}, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata("web"), "spec": spec}


def service_live(uid: str = "u1", version: int = 333) -> dict[str, Any]:
    port: dict[str, Any] = {".": {}, "f:name": {}, "f:port": {}, "f:protocol": {}, "f:targetPort": {}}
    fields = {
        "f:metadata": {**label_fields(), **_OWNER_FIELDS},
        "f:spec": {
            "f:ports": {'k:{"port":80,"protocol":"UDP"}': port, 'k:{"port":80,"protocol":"TCP"}': port},
            "f:selector": {},
        },
    }
    live = service_manifest()
    live["metadata"] |= {"uid": uid, "resourceVersion": str(version), "managedFields": [applied(fields)]}
    live["spec"] |= {
        "clusterIP": "10.14.235.212",
        "clusterIPs": ["10.14.235.212"],
        "type": "ClusterIP",
        "sessionAffinity": "None",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "internalTrafficPolicy": "Cluster",
    }
    return live | {"status": {"loadBalancer": {}}}


def deployment_manifest() -> dict[str, Any]:
    container = {
        "name": "web",
        "image": "web:1",
        "args": ["serve", ""],
        "env": [{"name": "B", "value": "x"}, {"name": "A", "value": ""}],
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    pod = {"containers": [container], "volumes": [{"name": "tmp", "emptyDir": {}}], "enableServiceLinks": False}
    spec = {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": pod},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata("web"), "spec": spec}


def deployment_live(uid: str = "u2", version: int = 400) -> dict[str, Any]:
    """With defaults, a sidecar and a restart annotation of others, and the status written by its controller."""
    container: dict[str, Any] = {
        ".": {},
        "f:name": {},
        "f:image": {},
        "f:args": {},
        "f:env": {
            'k:{"name":"A"}': {".": {}, "f:name": {}, "f:value": {}},
            'k:{"name":"B"}': {".": {}, "f:name": {}, "f:value": {}},
        },
        "f:volumeMounts": {'k:{"mountPath":"/tmp"}': {".": {}, "f:mountPath": {}, "f:name": {}}},
    }
    pod = {
        "f:containers": {'k:{"name":"web"}': container},
        "f:volumes": {'k:{"name":"tmp"}': {".": {}, "f:emptyDir": {}, "f:name": {}}},
        "f:enableServiceLinks": {},
    }
    template = {"f:metadata": {"f:labels": {"f:app": {}}}, "f:spec": pod}
    ours = {
        "f:metadata": {**label_fields(), **_OWNER_FIELDS},
        "f:spec": {"f:replicas": {}, "f:selector": {}, "f:template": template},
    }
    restart: dict[str, Any] = {"f:kubectl.kubernetes.io/restartedAt": {}}
    others = {"f:spec": {"f:template": {"f:metadata": {"f:annotations": restart}}}}
    live = deployment_manifest()
    live["metadata"] |= {
        "uid": uid,
        "resourceVersion": str(version),
        "generation": 3,
        "annotations": {"deployment.kubernetes.io/revision": "2"},
        "managedFields": [
            applied(others, manager="kubectl-rollout", operation="Update"),
            applied({"f:status": {"f:replicas": {}}}, manager="kube-controller-manager", subresource="status"),
            applied(ours),
        ],
    }
    spec = live["spec"]
    spec |= {"progressDeadlineSeconds": 600, "revisionHistoryLimit": 10}
    spec["template"]["metadata"]["annotations"] = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
    web = spec["template"]["spec"]["containers"][0]
    del web["env"][1]["value"]  # the server does not keep an empty one, though it is owned
    web |= {"imagePullPolicy": "IfNotPresent", "terminationMessagePath": "/dev/termination-log"}
    spec["template"]["spec"]["containers"].insert(0, {"name": "sidecar", "image": "mesh:2"})
    available = {"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable", "message": "m" * 500}
    return live | {"status": {"observedGeneration": 2, "replicas": 2, "readyReplicas": 1, "conditions": [available]}}
