"""The fields of an adopted object: what others have set in its content is the operator's, all else stays theirs."""

from typing import Any

import pytest

from ailtire_operator.cluster.field_transfer import transferred, writers
from ailtire_operator.naming import FIELD_MANAGER

Json = dict[str, Any]
CONTAINER = 'k:{"name":"web"}'
SPEC: Json = {"f:template": {"f:spec": {"f:containers": {CONTAINER: {".": {}, "f:image": {}}}}}}
EXTRA: Json = {"f:template": {"f:spec": {"f:containers": {CONTAINER: {"f:env": {'k:{"name":"A"}': {".": {}}}}}}}}
METADATA: Json = {"f:metadata": {"f:labels": {"f:app": {}}}}


def entry(manager: str, fields: Any, operation: str = "Update", **more: Any) -> Json:
    named = {"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsType": "FieldsV1"}
    return {**named, "fieldsV1": fields, **more}


def live(*entries: Json, kind: str = "Deployment") -> Json:
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "x", "managedFields": list(entries)}}


def moved(obj: Json) -> list[Any]:
    """The entries, of which at least one has to change."""
    found = transferred(obj)
    assert found is not None
    return found


def test_the_content_of_all_managers_becomes_the_operators() -> None:
    obj = live(entry("kubectl-create", {**METADATA, "f:spec": SPEC}), entry("helm", {"f:spec": EXTRA}, "Apply"))
    both = {"f:template": {"f:spec": {"f:containers": {CONTAINER: {".": {}, "f:image": {}, **_env()}}}}}
    assert transferred(obj) == [entry("kubectl-create", METADATA), entry(FIELD_MANAGER, {"f:spec": both}, "Apply")]
    assert obj["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"] == SPEC, "the object itself is not changed"


def _env() -> Json:
    env: Json = EXTRA["f:template"]["f:spec"]["f:containers"][CONTAINER]
    return env


def test_what_the_operator_had_before_a_restore_stays_its_own() -> None:
    mine = entry(FIELD_MANAGER, {**METADATA, "f:spec": SPEC}, "Apply", time="2026-01-01T00:00:00Z")
    (found,) = moved(live(mine, entry("velero", {"f:spec": EXTRA})))
    assert found["time"] == mine["time"]
    assert found["fieldsV1"]["f:metadata"] == METADATA["f:metadata"]
    assert len(found["fieldsV1"]["f:spec"]["f:template"]["f:spec"]["f:containers"][CONTAINER]) == 3


def test_subresources_and_metadata_stay_with_their_managers() -> None:
    scale = entry("hpa", {"f:spec": {"f:replicas": {}}}, subresource="scale")
    status = entry("kube-controller-manager", {"f:status": {}}, subresource="status")
    others = [entry("velero", METADATA), scale, status, entry("odd", None)]
    assert transferred(live(*others)) is None
    assert moved(live(*others, entry("kubectl", {"f:spec": SPEC})))[:4] == others


def test_the_address_of_a_service_stays_with_whoever_has_set_it() -> None:
    spec: Json = {"f:clusterIP": {}, "f:ipFamilyPolicy": {}, "f:selector": {}}
    kept, mine = moved(live(entry("kubectl", {"f:spec": spec}), kind="Service"))
    assert kept["fieldsV1"] == {"f:spec": {"f:clusterIP": {}, "f:ipFamilyPolicy": {}}}
    assert mine["fieldsV1"] == {"f:spec": {"f:selector": {}}}


@pytest.mark.parametrize("kind", ["PersistentVolumeClaim", "Job", "ControllerRevision", "AiltireStack"])
def test_what_cannot_lose_fields_keeps_its_managers(kind: str) -> None:
    assert transferred(live(entry("kubectl", {"f:spec": SPEC}), kind=kind)) is None


def test_who_has_written_an_object() -> None:
    found = live(entry("b", SPEC), entry("a", SPEC), entry("b", SPEC, "Apply"), entry("c", {}, subresource="status"))
    assert writers(found) == ["a", "b"]
    assert writers({"metadata": {}}) == []
