"""Whose an object is, and what cannot be changed in place."""

import copy
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.rules import holder_of, is_ours, needs_replace, refusal
from ailtire_operator.cluster.store import Record, Store, record_of
from unit.cluster_layer import samples


def _stack(store: Store, name: str, uid: str) -> None:
    metadata = {"name": name, "namespace": "prod", "uid": uid, "resourceVersion": "1"}
    store.put({"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata, "spec": {}})


def _volume(owner: str | None, **labels: str) -> dict[str, Any]:
    metadata = samples.metadata("data", uid="v", version=1)
    metadata["labels"] |= labels
    metadata["ownerReferences"] = [samples.owner_reference(owner)] if owner else []
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def test_ours_is_what_the_stack_controls() -> None:
    record = record_of(samples.service_live())
    assert is_ours(record, samples.service_manifest(), samples.OWNER, Store())
    assert not is_ours(record, samples.service_manifest(), "another", Store())


def test_labels_and_names_make_nothing_ours() -> None:
    live = samples.service_live()
    live["metadata"]["ownerReferences"] = []
    assert not is_ours(record_of(live), samples.service_manifest(), samples.OWNER, Store())
    live["metadata"]["ownerReferences"] = [{**samples.owner_reference(), "controller": False}]
    assert not is_ours(record_of(live), samples.service_manifest(), samples.OWNER, Store())


def test_a_retained_volume_is_found_again_by_its_labels() -> None:
    manifest = _volume(None)
    assert is_ours(record_of(_volume(None)), manifest, "new stack", Store())
    assert is_ours(record_of(_volume("gone")), manifest, "new stack", Store())
    assert not is_ours(record_of(_volume(None, **{naming.LABEL_ROOT: "other"})), manifest, "new stack", Store())
    assert not is_ours(record_of(_volume(None, **{naming.LABEL_MANAGED_BY: "helm"})), manifest, "new stack", Store())


def test_a_volume_that_a_living_stack_owns_is_not_ours() -> None:
    store = Store()
    _stack(store, "rival", "rival-uid")
    assert not is_ours(record_of(_volume("rival-uid")), _volume(None), "new stack", store)


def test_a_volume_without_our_labels_in_the_plan_is_never_claimed() -> None:
    manifest = _volume(None)
    del manifest["metadata"]["labels"]
    assert not is_ours(record_of(_volume(None)), manifest, "new stack", Store())


def test_the_holder_is_named() -> None:
    store = Store()
    live = samples.service_live()
    assert holder_of(record_of(live), store) == "belongs to another owner"
    assert holder_of(record_of(live), store, live) == "belongs to AiltireStack shop"
    _stack(store, "shop", samples.OWNER)
    assert holder_of(record_of(live), store) == "belongs to AiltireStack shop"
    live["metadata"]["ownerReferences"] = []
    live["metadata"]["managedFields"][0]["manager"] = "helm"
    assert holder_of(record_of(live), store, live) == "was not made by this stack but by helm"
    assert holder_of(record_of(live), store) == "was not made by this stack"


def test_a_service_gets_or_loses_its_address_only_anew() -> None:
    record = record_of(samples.service_live())
    manifest = samples.service_manifest()
    assert needs_replace(manifest, record) is None
    manifest["spec"]["clusterIP"] = "None"
    assert needs_replace(manifest, record) == "it gets no cluster IP any more"
    headless = samples.service_live()
    headless["spec"] |= {"clusterIP": "None", "clusterIPs": ["None"]}
    assert needs_replace(manifest, record_of(headless)) is None
    assert needs_replace(samples.service_manifest(), record_of(headless)) == "it gets a cluster IP"


def _stateful_set(**spec: Any) -> dict[str, Any]:
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    own = {
        "serviceName": "db",
        "podManagementPolicy": "Parallel",
        "selector": {"matchLabels": {"app": "db"}},
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}],
    }
    metadata = samples.metadata("db", uid="s", version=1)
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": {**own, **spec}}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"replicas": 5}, None),
        ({"selector": {"matchLabels": {"app": "other"}}}, "its selector changes"),
        ({"serviceName": "other"}, "its serviceName changes"),
        ({"podManagementPolicy": "OrderedReady"}, "its podManagementPolicy changes"),
    ],
)
def test_what_a_stateful_set_cannot_change_in_place(change: dict[str, Any], reason: str | None) -> None:
    assert needs_replace(_stateful_set(**change), record_of(_stateful_set())) == reason


def _live_claims() -> Record:
    live = copy.deepcopy(_stateful_set())
    live["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"] = "standard"  # written by admission
    return record_of(live)


def test_claim_templates_are_never_replaced() -> None:
    record = _live_claims()
    assert refusal(_stateful_set(), record) is None
    assert refusal(samples.deployment_manifest(), record_of(samples.deployment_live())) is None
    more = _stateful_set()
    more["spec"]["volumeClaimTemplates"].append({"metadata": {"name": "logs"}, "spec": {"accessModes": []}})
    assert refusal(more, record) == "volume logs would be added to the claim templates of StatefulSet db"
    none = _stateful_set(volumeClaimTemplates=[])
    assert refusal(none, record) == "volume data would be taken from the claim templates of StatefulSet db"
    grown = _stateful_set()
    grown["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] = "2Gi"
    change = "would change from 1Gi, ReadWriteOnce to 2Gi, ReadWriteOnce"
    assert refusal(grown, record) == f"volume data of StatefulSet db {change}"
