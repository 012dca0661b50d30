"""Stacks and pods as the API server has them, as small as can be."""

from typing import Any

Json = dict[str, Any]


def stack(name: str, parent: str = "", key: str = "", *, namespace: str = "ns", uid: str = "", **status: Any) -> Json:
    """A stack; ``parent`` is the uid of its owner."""
    owners = [{"kind": "AiltireStack", "uid": parent, "name": parent, "controller": True}] if parent else []
    ready = {"type": "Ready", "status": "True", "reason": "Ready", "message": "all is well", "observedGeneration": 1}
    return {
        "metadata": {
            "namespace": namespace,
            "name": name,
            "uid": uid or name,
            "generation": 1,
            "resourceVersion": "1",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "ownerReferences": owners,
        },
        "spec": {"services": {}, **({"place": {"parentKey": key or name}} if parent else {})},
        "status": {"observedGeneration": 1, "conditions": [ready], **status},
    }


def with_services(resource: Json, **services: Json) -> Json:
    """The same with plain services, all of which run, and their definitions."""
    resource["spec"]["services"] |= services
    resource["status"]["services"] = {
        key: {"kind": "Deployment", "name": f"x-{key}", "ready": 1, "wanted": 1} for key in services
    }
    return resource


def pod(name: str, of: str, service: str = "", restarts: int = 0, *, namespace: str = "ns", image: str = "") -> Json:
    """A pod of a stack's service, or of its gateway."""
    labels = {
        "app.kubernetes.io/managed-by": "ailtire-operator",
        "ailtire.io/stack": of,
        **({"ailtire.io/service": service} if service else {}),
    }
    metadata = {"namespace": namespace, "name": name, "uid": f"pod-{name}", "resourceVersion": "1", "labels": labels}
    metadata["creationTimestamp"] = "2026-01-01T00:00:00Z"
    spec = {"containers": [{"image": image}, {"image": "sidecar"}]} if image else {}
    return {"metadata": metadata, "spec": spec, "status": {"containerStatuses": [{"restartCount": restarts}]}}
