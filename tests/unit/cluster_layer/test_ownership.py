"""Whose an object is, and what cannot be changed in place."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.kinds import OWNED_KINDS, Manifest, Ref
from ailtire_operator.cluster.ownership import claim_in_the_way, holder_of, is_ours, needs_replace, refusal
from ailtire_operator.cluster.store import Record, Store, record_of
from unit.cluster_layer import samples


def _stack(store: Store, name: str, uid: str) -> None:
    metadata = {"name": name, "namespace": "prod", "uid": uid, "resourceVersion": "1"}
    store.put({"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata, "spec": {}})


RETAINED = {naming.LABEL_RETAIN: "true"}


def _volume(owner: str | None, **labels: str) -> dict[str, Any]:
    metadata = samples.metadata("data", uid="v", version=1)
    metadata["labels"] |= labels
    metadata["ownerReferences"] = [samples.owner_reference(owner)] if owner else []
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def test_ours_is_what_the_stack_controls() -> None:
    record = record_of(samples.service_live())
    assert is_ours(record, samples.service_manifest(), samples.OWNER)
    assert not is_ours(record, samples.service_manifest(), "another")


def test_labels_and_names_make_nothing_ours() -> None:
    live = samples.service_live()
    live["metadata"]["ownerReferences"] = []
    assert not is_ours(record_of(live), samples.service_manifest(), samples.OWNER)
    live["metadata"]["ownerReferences"] = [{**samples.owner_reference(), "controller": False}]
    assert not is_ours(record_of(live), samples.service_manifest(), samples.OWNER)


@pytest.mark.parametrize("kind", [kind.kind for kind in OWNED_KINDS])
@pytest.mark.parametrize("retained", [False, True])
@pytest.mark.parametrize("wanted", [False, True])
def test_of_what_nobody_owns_only_a_retained_volume_is_taken_over_to_be_retained(
    kind: str, retained: bool, wanted: bool
) -> None:
    """Same name, same labels of ours: whatever was left behind or put there by hand."""
    record = replace(record_of(_volume(None, **(RETAINED if retained else {}))), ref=Ref(kind, "prod", "data"))
    manifest = {**_volume(None, **(RETAINED if wanted else {})), "kind": kind}
    assert is_ours(record, manifest, "new stack") == (kind == "PersistentVolumeClaim" and retained and wanted)


def test_a_retained_volume_is_found_again_by_its_labels() -> None:
    manifest = _volume(None, **RETAINED)
    assert is_ours(record_of(_volume(None, **RETAINED)), manifest, "new stack")
    for label in (naming.LABEL_ROOT, naming.LABEL_STACK, naming.LABEL_MANAGED_BY):
        assert not is_ours(record_of(_volume(None, **RETAINED, **{label: "other"})), manifest, "new stack")


def test_a_volume_that_anybody_else_owns_is_not_ours() -> None:
    manifest = _volume(None, **RETAINED)
    assert not is_ours(record_of(_volume("rival", **RETAINED)), manifest, "new stack")
    assert is_ours(record_of(_volume("new stack", **RETAINED)), manifest, "new stack")


def test_the_label_of_a_retained_volume_is_never_taken_off_not_even_by_its_owner() -> None:
    assert not is_ours(record_of(_volume("owner", **RETAINED)), _volume(None), "owner")
    assert is_ours(record_of(_volume("owner")), _volume(None, **RETAINED), "owner")


def test_a_volume_without_our_labels_in_the_plan_is_never_claimed() -> None:
    manifest = _volume(None, **RETAINED)
    del manifest["metadata"]["labels"]
    assert not is_ours(record_of(_volume(None, **RETAINED)), manifest, "new stack")


def test_who_holds_a_retained_volume_is_told_with_what_to_do() -> None:
    words = holder_of(record_of(_volume(None, **RETAINED)), Store())
    assert words == ("is retained for stack 'shop'; say retain: true to use it again, or give the volume another name")


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


def test_volumes_that_are_retained_stay_so_while_their_stateful_set_lives() -> None:
    def policy(word: str) -> dict[str, Any]:
        return _stateful_set(persistentVolumeClaimRetentionPolicy={"whenDeleted": word, "whenScaled": "Retain"})

    refused = refusal(policy("Delete"), record_of(policy("Retain")))
    assert (
        refused == "the volumes of StatefulSet db are retained (say retain: true again), and would be deleted with it"
    )
    assert refusal(policy("Retain"), record_of(policy("Delete"))) is None
    assert refusal(policy("Delete"), record_of(policy("Delete"))) is None


def _replicas(policy: str) -> Manifest:
    made = _stateful_set(persistentVolumeClaimRetentionPolicy={"whenDeleted": policy})
    labels = {naming.LABEL_MANAGED_BY: "us", naming.LABEL_ROOT: "shop", naming.LABEL_STACK: "shop"}
    made["spec"]["volumeClaimTemplates"][0]["metadata"]["labels"] = labels
    return made


def _claim(name: str, *owners: str, ours: bool = True, deleting: bool = False) -> Manifest:
    labels = {naming.LABEL_MANAGED_BY: "us", naming.LABEL_ROOT: "shop", naming.LABEL_STACK: "shop"} if ours else {}
    references = [{"kind": "StatefulSet", "name": "db", "uid": uid} for uid in owners]
    metadata: Manifest = {"name": name, "namespace": "prod", "labels": labels, "ownerReferences": references}
    if deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata}


FOREIGN = (
    "PersistentVolumeClaim data-db-0 exists already and was not made by this stack;"
    " give the volume or the service another name"
)
KEPT = (
    "PersistentVolumeClaim data-db-0 is left from an earlier StatefulSet, with its data;"
    " say retain: true to use it again, delete it, or give the volume another name"
)
GOING = "PersistentVolumeClaim data-db-0 of an earlier StatefulSet is not gone yet"


@pytest.mark.parametrize(
    ("claim", "policy", "why"),
    [
        (_claim("data-db-0"), "Delete", (KEPT, False)),
        (_claim("data-db-0"), "Retain", None),
        (_claim("data-db-0", ours=False), "Delete", (FOREIGN, False)),
        (_claim("data-db-0", ours=False), "Retain", (FOREIGN, False)),
        (_claim("data-db-0", "before"), "Delete", (GOING, True)),
        (_claim("data-db-0", "before"), "Retain", (GOING, True)),
        (_claim("data-db-0", deleting=True), "Delete", (GOING, True)),
        (_claim("data-db-0", "live"), "Delete", None),
        (_claim("data-db", ours=False), "Delete", None),
        (_claim("data-db-x", ours=False), "Delete", None),
        (_claim("other-db-0", ours=False), "Delete", None),
        (_claim("data-dbx-0", ours=False), "Delete", None),
    ],
)
def test_a_claim_under_the_name_of_a_replicas_own(claim: Manifest, policy: str, why: tuple[str, bool] | None) -> None:
    assert claim_in_the_way(_replicas(policy), claim, "live") == why


def test_only_replicas_that_are_to_be_made_look_for_claims() -> None:
    found = _claim("data-db-2", ours=False)
    assert claim_in_the_way(_replicas("Delete"), found, "live", 3) is None
    assert claim_in_the_way(_replicas("Delete"), found, "live", 2) is not None
