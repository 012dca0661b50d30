"""What the operator renders and what the cluster has, as texts and as their difference."""

from typing import Any

from ailtire_operator.cli.definition_texts import difference, live_text, rendered_text, without_secrets, written_text
from ailtire_operator.cli.settings import running_pod_fields
from ailtire_operator.cluster.discovery import PodFields
from ailtire_operator.cluster.kinds import Ref

Json = dict[str, Any]
REF = Ref("Service", "prod", "web")


def manifest(port: int = 80, **spec: Any) -> Json:
    ports = [{"name": "a", "port": port}, {"name": "b", "port": 81}]
    metadata = {"name": "web", "namespace": "prod", "labels": {"app": "web"}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports, **spec}}


def live(port: int = 80) -> Json:
    """As the API server has it: in another order, with what it and others have added."""
    found = manifest(port, clusterIP="10.0.0.1")
    found["spec"]["ports"].reverse()
    fields = {
        "f:metadata": {"f:labels": {"f:app": {}}},
        "f:spec": {
            "f:ports": {f'k:{{"port":{each}}}': {"f:name": {}, "f:port": {}} for each in (port, 81)},
            "f:externalName": {},
        },
    }
    managed = [{"manager": "ailtire-operator", "operation": "Apply", "fieldsV1": fields}]
    found["metadata"] |= {"managedFields": managed, "uid": "1", "resourceVersion": "7", "annotations": {"by": "others"}}
    return {**found, "status": {"loadBalancer": {}}}


def test_what_is_as_planned_has_no_difference_whatever_others_have_added() -> None:
    assert list(difference({REF: manifest(externalName="")}, {REF: live()})) == []


def test_a_value_that_is_another_one_is_a_difference() -> None:
    found = list(difference({REF: manifest(80, externalName="")}, {REF: live(90)}))
    assert found[:2] == [f"--- rendered/{REF}", f"+++ live/{REF}"]
    assert [each for each in found[2:] if each[0] in "+-"] == ["-    port: 80", "+    port: 90"]


def test_what_is_missing_and_what_is_left_over_are_differences() -> None:
    assert all(each.startswith(("-", "@", "+++")) for each in difference({REF: manifest()}, {}))
    assert all(each.startswith(("+", "@", "---")) for each in difference({}, {REF: live()}))
    assert len(list(difference({REF: manifest()}, {}))) > 3
    assert len(list(difference({}, {REF: live()}))) > 3


def test_texts_have_no_bookkeeping_and_begin_as_everybody_writes_them() -> None:
    text = live_text({REF: live()})
    assert text.startswith("apiVersion: v1\nkind: Service\nmetadata:\n")
    assert not any(each in text for each in ("managedFields", "resourceVersion", "status", "uid"))
    assert "by: others" in text
    assert rendered_text(
        {REF: manifest(), Ref("Deployment", "prod", "web"): {"kind": "Deployment", "metadata": {}}}
    ) == ("kind: Deployment\nmetadata: {}\n---\n" + rendered_text({REF: manifest()}))
    stack = {"kind": "AiltireStack", "metadata": {"name": "shop", "uid": "1"}, "spec": {"b": 1, "a": 2}, "status": {}}
    assert written_text(stack) == "kind: AiltireStack\nmetadata:\n  name: shop\nspec:\n  a: 2\n  b: 1\n"


def test_what_an_api_server_keeps_shows_in_what_runs() -> None:
    def deployment(**pod: Any) -> Json:
        return {"kind": "Deployment", "spec": {"template": {"spec": {"containers": [{}], **pod}}}}

    stopping = [{"lifecycle": {"preStop": {}}}, {"lifecycle": {"stopSignal": "SIGINT"}}]
    assert running_pod_fields([deployment(), {"kind": "Service", "spec": {}}]) == PodFields()
    assert running_pod_fields([deployment(), deployment(containers=stopping)]) == PodFields(stop_signal=True)
    assert running_pod_fields([deployment(hostnameOverride="a.b")]) == PodFields(hostname_override=True)
    assert running_pod_fields([deployment(resourceClaims=[{"name": "gpu"}])]) == PodFields(resource_claims=True)


def test_a_secret_is_never_among_them() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "prod"}, "data": {"p": "x"}}
    assert list(without_secrets([secret, live()])) == [REF]
