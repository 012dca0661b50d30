"""What is kept for the way back to Swarm and has no effect on Kubernetes."""

from ailtire_operator.model.problems import path_of
from ailtire_operator.plan.modes import restart_policy
from ailtire_operator.plan.scope import Scope

_DRIVERS = frozenset({None, "overlay", "bridge", "default", "nat", "local"})
"""Drivers that say no more than that there is a network."""


def report(scope: Scope) -> None:
    """Note every such value of the stack."""
    for key, network in scope.spec.networks.items():
        if network.driver not in _DRIVERS:
            message = f"the cluster's own network carries the traffic, not the driver {network.driver}."
            scope.report(path_of("spec.networks", key, "driver"), "ignored", message, "Remove it.")
    for key, data in scope.spec.data.items():
        if data.labels and data.per_replica:
            message = "what a StatefulSet says of its replicas' volumes cannot change, so they get no labels."
            scope.report(path_of("spec.data", key, "labels"), "ignored", message)
    for key, service in scope.spec.plain.items():
        policy, path = restart_policy(service), scope.path(key, "deploy", "restartPolicy")
        if policy.delay is not None:
            message = "the kubelet waits 10s before it starts a process again, then longer, up to 5m."
            scope.report(f"{path}.delay", "ignored", message)
        if policy.window is not None:
            scope.report(f"{path}.window", "ignored", "the kubelet judges by itself whether a start was a success.")
        for name in service.ulimits:
            message = "a pod has no such limits: those of the container runtime hold."
            scope.report(scope.path(key, "ulimits", name), "ignored", message, "Set them for the nodes' runtime.")
