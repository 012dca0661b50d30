"""What the plan writes is what the API server answers: a second look finds nothing to do, for every kind.

A value that the server spells otherwise (a quantity, a default inside a list that is replaced as a whole) would be
written again and again; this is where it shows.
"""

from collections.abc import AsyncIterator

import pytest

from ailtire_operator.cluster.applier import Applier
from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.discovery import pod_fields
from ailtire_operator.cluster.store import Store
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Manifest, Observed
from lab import Audit, ControlPlane, Operator
from lab.audit import OPERATOR
from lab.versions import PROGRAMS
from support.definitions.stacks import SETTINGS, full_spec, open_nodes, stack
from support.definitions.wide import SETTINGS as GENEROUS
from support.definitions.wide import wide

KUBERNETES_MINOR = int(PROGRAMS["kube-apiserver"].version.split(".")[1])
ADDRESSES = {
    "shop-web": ("10.0.0.20",),
    "shop-store": ("10.1.0.4", "10.1.0.5"),
    "shop-orders": ("10.0.0.21",),
    "shop-orders-api": ("10.0.0.22", "fd00::22"),
    "shop-orders-audit": ("10.0.0.23",),
    "shop": ("10.0.0.24",),
}


@pytest.fixture
async def applier(installed_operator: Operator) -> AsyncIterator[Applier]:
    """Applies under the operator's own account: child stacks are nobody else's to write."""
    connection = await Connection.open(kubeconfig=str(installed_operator.kubeconfig))
    yield Applier(connection, Store(), fence=lambda: True)
    await connection.close()


def manifests(namespace: str, owner: str, observed: Observed, spec: dict[str, object]) -> list[Manifest]:
    made = plan(stack(spec, namespace=namespace, uid=owner), SETTINGS, observed)
    return [_owned(each, namespace, owner) for each in made.objects]


def _owned(manifest: Manifest, namespace: str, owner: str) -> Manifest:
    reference = {
        "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner, "controller": True,
        "blockOwnerDeletion": False,
    }  # fmt: skip
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace, "ownerReferences": [reference]}}


@pytest.fixture
def owner(control_plane: ControlPlane, namespace: str) -> str:
    control_plane.kubectl("create", "configmap", "owner", "-n", namespace)
    return control_plane.kubectl("get", "configmap", "owner", "-n", namespace, "-o", "jsonpath={.metadata.uid}").strip()


@pytest.mark.parametrize("stop_signal", [False, True])
async def test_applying_a_plan_twice_writes_nothing_the_second_time(
    applier: Applier, audit: Audit, namespace: str, owner: str, stop_signal: bool
) -> None:
    observed = Observed(addresses=ADDRESSES, stop_signal=stop_signal, http_routes=False)
    wanted = manifests(namespace, owner, observed, full_spec())
    errors = {str(done.ref): str(done.error) for each in wanted if (done := await applier.apply(each, owner)).error}
    assert errors == {}
    kinds = {each["kind"] for each in wanted}
    assert {"Deployment", "StatefulSet", "Service", "EndpointSlice", "NetworkPolicy", "Ingress"} <= kinds
    assert {
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "ConfigMap",
        "PersistentVolumeClaim",
        "AiltireStack",
    } <= kinds

    # Only what the server drops although it was asked for may differ: the stop signal, where its feature gate is off.
    other = {str(done.ref) for each in wanted if applier.overridden((done := await applier.apply(each, owner)).ref)}
    assert other == ({"Deployment shop-web"} if stop_signal else set())

    mark = audit.mark()
    again = [await applier.apply(each, owner) for each in wanted]
    assert [str(done.ref) for done in again if done.changed] == []
    assert audit.writes(mark, namespace=namespace, user=OPERATOR) == []


async def test_a_host_name_with_a_domain_and_claims_for_devices_are_answered_as_they_are_written(
    installed_operator: Operator, applier: Applier, audit: Audit, namespace: str, owner: str
) -> None:
    connection = await Connection.open(kubeconfig=str(installed_operator.kubeconfig))
    kept = await pod_fields(connection, namespace)
    await connection.close()
    observed = Observed(hostname_override=kept.hostname_override, resource_claims=kept.resource_claims)
    claims = {"claimTemplates": {"gpu": "one-large-gpu", "fast": "one-nic"}} if kept.resource_claims else {}
    deploy = {"resources": {"reservations": {"memory": "64Mi", **claims}}}
    service = {"image": "db:1", "user": "1000", "hostname": "db.example.com", "deploy": deploy}
    wanted = manifests(namespace, owner, observed, {"services": {"db": service}})
    done = [await applier.apply(each, owner) for each in wanted]
    assert [str(each.error) for each in done if each.error] == []
    assert [str(each.ref) for each in done if applier.overridden(each.ref)] == []
    mark = audit.mark()
    assert [str((await applier.apply(each, owner)).ref) for each in wanted if not applier.in_sync(each)] == []
    assert audit.writes(mark, namespace=namespace, user=OPERATOR) == []
    (pod,) = (each["spec"]["template"]["spec"] for each in wanted if each["kind"] == "Deployment")
    assert pod.get("hostnameOverride") == ("db.example.com" if kept.hostname_override else None)


async def test_the_further_keys_are_answered_as_they_are_written(
    applier: Applier, audit: Audit, namespace: str, owner: str
) -> None:
    made = plan(wide(owner, namespace), GENEROUS, Observed(nodes=open_nodes(2)))
    wanted = [_owned(each, namespace, owner) for each in made.objects]
    errors = {str(done.ref): str(done.error) for each in wanted if (done := await applier.apply(each, owner)).error}
    assert errors == {}
    assert {"DaemonSet", "Job", "StatefulSet", "Deployment", "ConfigMap"} <= {each["kind"] for each in wanted}
    refs = [(await applier.apply(each, owner)).ref for each in wanted]
    # Image volumes are behind a feature gate that is off by default before 1.35.
    dropped = [] if KUBERNETES_MINOR >= 35 else ["Deployment shop-web"]
    assert [str(ref) for ref in refs if applier.overridden(ref)] == dropped
    mark = audit.mark()
    assert [str((await applier.apply(each, owner)).ref) for each in wanted if not applier.in_sync(each)] == []
    assert audit.writes(mark, namespace=namespace, user=OPERATOR) == []
