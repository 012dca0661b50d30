"""An autoscaler measures what pods use and says how many there are: nobody else does."""

from typing import Any

import pytest

from e2e import figures
from e2e.applying import get, ready
from e2e.conftest import Lab
from e2e.tree import patch, root, up, web
from kindlab import kube

pytestmark = pytest.mark.usefixtures("operator")
SCALING = {"min": 1, "max": 3, "cpu": 50}
BUSY = "20"
"""Percent of one processor, which is four times what the service reserves: eight times the autoscaler's target."""


def environment(**variables: str) -> dict[str, Any]:
    return {"services": {"busy": {"environment": variables}}}


def await_told(namespace: str, count: int, seconds: int = 240) -> None:
    """Wait until the stack tells that there are so many replicas, and all ready."""
    for field in ("ready", "wanted"):
        told = f"--for=jsonpath={{.status.services.busy.{field}}}={count}"
        kube.kubectl("wait", told, "ailtirestack/shop", "-n", namespace, f"--timeout={seconds}s", timeout=seconds + 5)


def replicas(namespace: str) -> tuple[int, int]:
    """Those asked for, and those that are ready."""
    live = get(namespace, "deployment/shop-busy")
    return live["spec"]["replicas"], live["status"]["readyReplicas"]


def test_the_count_of_replicas_is_the_autoscaler_s_to_say(lab: Lab, namespace: str) -> None:
    service = web(lab.images.probe_musl, policies={"scaling": SCALING}, environment={"PROBE_BUSY": BUSY})
    up(namespace, root({"busy": service}, "unused.example"))
    with figures.seconds("an autoscaler, from a busy pod to three that are ready"):
        await_told(namespace, 3)
    assert replicas(namespace) == (3, 3)
    scaler = get(namespace, "horizontalpodautoscaler/shop-busy")
    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (1, 3)
    [measured] = scaler["status"]["currentMetrics"]
    assert measured["resource"]["current"]["averageUtilization"] > 50

    patch(namespace, environment(VERSION="2"))
    ready(namespace, "deployment/shop-busy")
    assert replicas(namespace) == (3, 3)
    again = get(namespace, "horizontalpodautoscaler/shop-busy")
    assert again["status"]["lastScaleTime"] == scaler["status"]["lastScaleTime"], "the edit took none away meanwhile"

    patch(namespace, environment(PROBE_BUSY="0"))
    ready(namespace, "deployment/shop-busy")
    with figures.seconds("an autoscaler, from three idle pods to one"):
        await_told(namespace, 1)
    assert replicas(namespace) == (1, 1)
