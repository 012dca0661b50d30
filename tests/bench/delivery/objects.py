"""What is created in the cluster: ConfigMaps with a tree's routes, two gateways that mount them, and other pods.

All pods use their node's network, so that each is asked at the node's address and a port of its own.
"""

from typing import Any, Final

from bench.gateways.envoy_files import FILES

NAMESPACE: Final = "bench-delivery"
LABEL: Final = {"app": "bench-delivery"}
PROBE_PORT: Final = 3900
"""Where a gateway's second container tells what is in the mounted files."""
OTHER_PORT: Final = 4000
ROUTES, TABLE, VERSION = "routes.json", "table.json", "version"
"""The keys of a ConfigMap: what Envoy reads, what nginx reads, and which version it is."""
_MOUNT: Final = "/etc/gateway"
START: Final = f"{_MOUNT}/start"
PLAIN: Final = f"{_MOUNT}/plain"
"""A volume of its own for each ConfigMap, which is what Envoy reads; ``projected`` is one volume of all."""
OTHERS: Final = "others"
NGINX_FOLDER: Final = "/tmp/nginx"
_START_NGINX = (
    f"mkdir -p {NGINX_FOLDER}/logs && ln -s {PLAIN} {NGINX_FOLDER}/table && "
    f"exec nginx -p {NGINX_FOLDER}/ -e /dev/stderr -c {START}/nginx.conf"
)
_REQUESTS = {"requests": {"cpu": "1m", "memory": "4Mi"}}


def namespace() -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}


def config_map(name: str, data: dict[str, str]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": LABEL}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def routes_name(number: int) -> str:
    """The ConfigMap of a file of routes."""
    return f"routes-{number}"


def gateway(name: str, node: str, proxies: str, probe: str) -> dict[str, Any]:
    """Envoy, nginx, and a probe that serves the files which all three see."""
    volumes: list[dict[str, Any]] = [{"name": "start", "configMap": {"name": "start"}}]
    volumes += [
        {"name": f"plain-{number}", "configMap": {"name": routes_name(number), "optional": True}}
        for number in range(FILES)
    ]
    sources = [
        {
            "configMap": {
                "name": routes_name(number),
                "optional": True,
                "items": [{"key": key, "path": f"{number}/{key}"} for key in (ROUTES, TABLE, VERSION)],
            }
        }
        for number in range(FILES)
    ]
    volumes.append({"name": "projected", "projected": {"sources": sources}})
    mounts = [
        {"name": "start", "mountPath": START, "readOnly": True},
        {"name": "projected", "mountPath": f"{_MOUNT}/projected", "readOnly": True},
        *({"name": f"plain-{number}", "mountPath": f"{PLAIN}/{number}", "readOnly": True} for number in range(FILES)),
    ]
    command = ["envoy", "-c", f"{START}/start.json", "--concurrency", "2", "--disable-hot-restart", "-l", "error"]
    proxy = {"image": proxies, "volumeMounts": mounts, "resources": _REQUESTS}
    containers = [
        {**_probe(probe, PROBE_PORT), "volumeMounts": mounts},  # first, as both lead to it
        {"name": "envoy", "command": command, **proxy},
        {"name": "nginx", "command": ["sh", "-c", _START_NGINX], **proxy},
    ]
    return _pod(name, node, containers, volumes)


def other(name: str, node: str, port: int, probe: str) -> dict[str, Any]:
    """A pod beside the gateways, which mounts one small ConfigMap."""
    mounts = [{"name": "mounted", "mountPath": _MOUNT, "readOnly": True}]
    volumes = [{"name": "mounted", "configMap": {"name": OTHERS}}]
    return _pod(name, node, [{**_probe(probe, port), "volumeMounts": mounts}], volumes)


def _probe(image: str, port: int) -> dict[str, Any]:
    environment = {"PROBE_PORTS": str(port), "PROBE_DATA": _MOUNT}
    env = [{"name": name, "value": value} for name, value in environment.items()]
    return {"name": "probe", "image": image, "env": env, "resources": _REQUESTS}


def _pod(name: str, node: str, containers: list[dict[str, Any]], volumes: list[dict[str, Any]]) -> dict[str, Any]:
    spec = {
        "nodeName": node,
        "hostNetwork": True,
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "containers": containers,
        "volumes": volumes,
    }
    metadata = {"name": name, "namespace": NAMESPACE, "labels": LABEL}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
