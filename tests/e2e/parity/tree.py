"""The tree that runs twice: three levels, both C libraries, redis as it is, and no two services quite alike."""

from typing import Any

from kindlab.workloads import Workloads

NAME = "par"
PORT = 18090
"""Published in the Swarm; on Kubernetes the ingress controller is asked."""
PROBE_PORT = 3000
"""Of gateways too."""
CACHE = "cache"
CACHE_PORT = 6379
GRACE_SECONDS = 4
"""Of the service that does not stop by itself."""

ROUTES = (
    "/web/a?b=c",
    "/web",
    "/cpl/web/a/b",
    "/cpl/policy/a",
    "/cpl/dm/web/a%20b",
    "/hidden",
    "/nope",
    "/cpl/nope",
    "/cpl/dm/nope",
)
"""Asked from outside."""
SOCKETS = ("/web/s", "/cpl/web/s", "/cpl/dm/web/s")


def definition(images: Workloads, host: str) -> dict[str, Any]:
    """The root, as it is applied on the one side and exported for the other."""
    gateway = {"image": images.nginx, "replicas": 1}

    def service(image: str, **more: Any) -> dict[str, Any]:
        return {"image": image, "user": "1000", **more}

    def route(prefix: str, path: str = "/") -> dict[str, Any]:
        return {prefix: {"path": path, "port": PROBE_PORT}}

    def child(prefix: str, services: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "stack",
            "interface": {prefix: {"path": "/"}},
            "stack": {"gateway": gateway, "services": services},
        }

    stubborn = {"PROBE_STOP_DELAY": "60s", "QUOTED": "a $b & 'c' \"d\""}
    own = {"GREETING": "hello", "WHO": "{{.Service.Name}}", "SLOT": "{{.Task.Slot}}", "EMPTY": ""}
    leaf = {
        "web": service(images.probe, interface=route("/web"), environment=own),
        "tool": service(images.probe_musl, stopSignal="SIGQUIT"),
    }
    middle = {
        "web": service(
            images.probe_musl,
            interface=route("/web"),
            networks={"siblings": {"aliases": ["front"]}, "parent": {"aliases": ["below"]}},
        ),
        "Policy_Engine": service(
            images.probe,
            interface=route("/policy", "/kept"),
            stopGracePeriod=f"{GRACE_SECONDS}s",
            environment=stubborn,
        ),
        "dm": child("/dm", leaf),
    }
    services = {
        "web": service(images.probe, interface=route("/web"), stopSignal="SIGINT"),
        "hidden": service(images.probe),
        CACHE: service(images.redis, user="999", ports={"redis": {"port": CACHE_PORT}}),
        "cpl": child("/cpl", middle),
    }
    edge = {"className": "traefik", "hosts": [host]}
    spec = {"services": services, "gateway": gateway, "edge": edge, "interface": {"ports": {str(PORT): PROBE_PORT}}}
    return {"apiVersion": "ailtire.io/v1alpha1", "kind": "AiltireStack", "metadata": {"name": NAME}, "spec": spec}


STACKS = {NAME: NAME, f"{NAME}-cpl": f"{NAME}/cpl", f"{NAME}-cpl-dm": f"{NAME}/cpl/dm"}
"""The paths of the stacks, by their names."""
NAMES = (
    *("web", "hidden", "cache", "cpl", "dm", "tool", "admin", "front", "below"),
    *("Policy_Engine", "policy_engine", "policy-engine"),
    *("par-web", "par-hidden", "par-cache", "par-cpl-web", "par-cpl-policy-engine", "par-cpl-dm-web"),
    *("par-cpl-dm-tool", "par", "par-cpl", "par-cpl-dm"),
    *("stack-gateway", "par_stack-gateway", "par-cpl_stack-gateway", "par_web", "tasks.web", "nobody"),
)
"""Every container is asked for each: keys, aliases, and what Kubernetes and Swarm call things by themselves."""
