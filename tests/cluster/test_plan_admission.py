"""What only an API server can judge of a plan: its spelling of quantities, and its admission of our pods."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Manifest, Observed
from ailtire_operator.plan.values import canonical
from lab import ControlPlane
from support.checks.quantities import QUANTITIES
from support.definitions.stacks import SETTINGS, full_spec, pod_spec, stack

ENFORCE = "pod-security.kubernetes.io/enforce"


def test_the_api_server_answers_quantities_as_the_plan_writes_them(control_plane: ControlPlane, namespace: str) -> None:
    """Sixty size limits of one Deployment's scratch volumes, stored and read back."""
    volumes = [{"name": f"v{index}", "emptyDir": {"sizeLimit": text}} for index, (text, _) in enumerate(QUANTITIES)]
    pod = {"containers": [{"name": "c", "image": "c"}], "volumes": volumes}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": pod}
    spec = {"replicas": 0, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    made = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "q", "namespace": namespace},
        "spec": spec,
    }
    control_plane.kubectl("create", "-f", "-", stdin=json.dumps(made))
    read = json.loads(control_plane.kubectl("get", "deployment", "q", "-n", namespace, "-o", "json"))
    answered = [each["emptyDir"]["sizeLimit"] for each in pod_spec(read)["volumes"]]
    assert answered == [canonical(text) for text, _ in QUANTITIES]


@pytest.fixture(params=["restricted", "baseline"])
def enforcing(request: pytest.FixtureRequest, control_plane: ControlPlane) -> Iterator[tuple[str, str]]:
    """A namespace that enforces a Pod Security Standard, and the standard."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    control_plane.kubectl("create", "namespace", name)
    control_plane.kubectl("label", "namespace", name, f"{ENFORCE}={request.param}")
    yield name, request.param
    control_plane.kubectl("delete", "namespace", name, "--wait=false")


def pods(profile: str, namespace: str, **more: Any) -> list[Manifest]:
    """A pod from every workload's template."""
    spec = {**full_spec(), "securityProfile": profile, **more}
    made = plan(stack(spec, namespace=namespace), SETTINGS, Observed(stop_signal=True))
    workloads = [each for each in made.objects if each["kind"] in ("Deployment", "StatefulSet")]
    return [_pod(each, namespace) for each in workloads]


def _pod(workload: Manifest, namespace: str) -> Manifest:
    spec = {**pod_spec(workload)}
    claims = workload["spec"].get("volumeClaimTemplates", [])
    mounted = [{"name": each["metadata"]["name"], "persistentVolumeClaim": {"claimName": "any"}} for each in claims]
    spec["volumes"] = [*spec.get("volumes", []), *mounted]
    metadata = {
        **workload["spec"]["template"]["metadata"],
        "name": workload["metadata"]["name"],
        "namespace": namespace,
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def test_every_pod_is_admitted_where_its_standard_is_enforced(
    control_plane: ControlPlane, enforcing: tuple[str, str]
) -> None:
    namespace, profile = enforcing
    made = pods(profile, namespace)
    assert len(made) == 5
    listed = {"apiVersion": "v1", "kind": "List", "items": made}
    answer = control_plane.kubectl("create", "--dry-run=server", "-o", "name", "-f", "-", stdin=json.dumps(listed))
    assert len(answer.split()) == 5


def test_gateways_are_admitted_under_the_stricter_standard_whatever_their_stack_declares(
    control_plane: ControlPlane, namespace: str
) -> None:
    (gateway,) = [each for each in pods("baseline", namespace) if each["metadata"]["name"] == "shop--gateway"]
    control_plane.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(gateway))
