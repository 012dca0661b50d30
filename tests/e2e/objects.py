"""Small Kubernetes objects for the tests, as data."""

from typing import Any

Manifest = dict[str, Any]

RESTRICTED: Manifest = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def container(image: str, name: str = "probe", **more: Any) -> Manifest:
    """A container as a namespace that enforces `restricted` wants it."""
    return {"name": name, "image": image, "imagePullPolicy": "Never", "securityContext": RESTRICTED, **more}


def pod_spec(*containers: Manifest, **more: Any) -> Manifest:
    """A pod's spec; it has a writable /tmp."""
    mount = {"name": "tmp", "mountPath": "/tmp"}
    mounted = [{**each, "volumeMounts": [mount, *each.get("volumeMounts", [])]} for each in containers]
    security = {"runAsNonRoot": True, "runAsUser": 12345, "seccompProfile": {"type": "RuntimeDefault"}}
    volumes = [{"name": "tmp", "emptyDir": {}}, *more.pop("volumes", [])]
    defaults = {"terminationGracePeriodSeconds": 10, "securityContext": security}
    return {**defaults, **more, "containers": mounted, "volumes": volumes}


def pod(name: str, *containers: Manifest, **more: Any) -> Manifest:
    """A pod."""
    metadata = {"name": name, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod_spec(*containers, **more)}


def deployment(name: str, replicas: int, *containers: Manifest, **more: Any) -> Manifest:
    """A Deployment that replaces its pods one by one, never falling short."""
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec(*containers, **more)},
        },
    }


def service(name: str, port: int = 3000) -> Manifest:
    """A ClusterIP Service for the pods of that name."""
    spec = {"selector": {"app": name}, "ports": [{"port": port, "name": "http"}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def ingress(name: str, host: str, port: int = 3000) -> Manifest:
    """An Ingress that sends everything under a host to a Service."""
    backend = {"service": {"name": name, "port": {"number": port}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    spec = {"ingressClassName": "traefik", "rules": [{"host": host, "http": {"paths": [path]}}]}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name}, "spec": spec}


def zone(name: str, addresses: dict[str, str]) -> list[Manifest]:
    """A headless Service and the EndpointSlice by which CoreDNS knows names in it."""
    endpoints = [{"addresses": [address], "hostname": key} for key, address in addresses.items()]
    slice_metadata = {"name": f"{name}-v4", "labels": {"kubernetes.io/service-name": name}}
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"clusterIP": "None"}},
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": slice_metadata,
            "addressType": "IPv4",
            "endpoints": endpoints,
        },
    ]
