"""How the ends of random sequences are judged: what counts as an end, and when two trees are alike."""

from typing import Any

import pytest

from ailtire_operator.naming import FIELD_MANAGER
from sequences.figures import Figures
from sequences.likeness import differences, plain, running
from sequences.verdict import verdict


def stack(reason: str, message: str, truth: str = "False", observed: int = 2, **further: str) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": truth, "reason": reason, "message": message}]
    conditions += [{"type": kind, "status": status, "reason": "", "message": ""} for kind, status in further.items()]
    return {"metadata": {"generation": 2}, "status": {"observedGeneration": observed, "conditions": conditions}}


@pytest.mark.parametrize(
    ("found", "over"),
    [
        (stack("Ready", "1 service and 1 stack ready", "True"), True),
        (stack("Ready", "1 service and 1 stack ready", "True", observed=1), False),
        (stack("Progressing", "service web 0/1: Progressing: starting"), False),
        (stack("RollingBack", "service web 0/1"), False),
        (stack("Verifying", "verify: runs"), False),
        (stack("Deleting", "stack: waits for Service shop to go"), False),
        (stack("InvalidSpec", "spec.services.web.image: is required"), True),
        (stack("Progressing", "stack: nothing", Suspended="True"), True),
        ({"metadata": {"generation": 1}}, False),
    ],
)
def test_what_is_an_end(found: dict[str, Any], over: bool) -> None:
    assert verdict(found).over is over


@pytest.mark.parametrize(
    ("message", "path"),
    [
        ("spec.services.web.image: is required", True),
        ("cpl/dm: spec.services.db: is required", True),
        ("cpl: service db 0/1: ImagePullBackOff", True),
        ("object Service shop-web: Forbidden", True),
        ("verify: the Job has failed", True),
        ("the update of the tree (generation 4) failed: orders/api: Progressing: starting; back to revision 3", True),
        ("the update of the tree (generation 4) failed: ", False),
        ("something is wrong", False),
        ("", False),
    ],
)
def test_a_message_says_where(message: str, path: bool) -> None:
    assert verdict(stack("InvalidSpec", message)).has_path is path


def tree(namespace: str, uid: str, **spec: Any) -> dict[str, dict[str, Any]]:
    metadata = {
        "name": "shop-web",
        "uid": uid,
        "labels": {"ailtire.io/stack": "shop"},
        "annotations": {"deployment.kubernetes.io/revision": uid, "host": f"shop.{namespace}.svc"},
        "ownerReferences": [{"name": "shop", "uid": uid}],
    }
    volume = {"configMap": {"name": f"shop--gateway-{uid * 8}"}}
    made = {"replicas": 1, "clusterIP": f"10.0.0.{uid}", "template": {"volumes": [volume]}, **spec}
    return {"Deployment/shop-web": {"kind": "Deployment", "metadata": metadata, "spec": made}}


def test_two_trees_of_one_definition_are_alike() -> None:
    assert list(differences(plain(tree("one", "1"), "one"), plain(tree("two", "2"), "two"))) == []


def job(namespace: str, digest: str) -> dict[str, dict[str, Any]]:
    name = f"shop-migrate-{digest}"
    metadata = {"name": name, "uid": digest, "labels": {"batch.kubernetes.io/job-name": name}}
    spec = {"template": {"env": [{"name": "HOST", "value": f"shop.{namespace}.svc"}]}}
    return {f"Job/{name}": {"kind": "Job", "metadata": metadata, "spec": spec}}


def test_two_jobs_differ_by_more_than_the_digest_in_their_names() -> None:
    one, two = plain(job("one", "1" * 8), "one"), plain(job("two", "2" * 8), "two")
    assert list(differences(one, two)) == []
    assert list(differences(one, plain(job("two", "2" * 8), "other")))
    both = plain({**job("two", "2" * 8), **job("two", "3" * 8)}, "two")
    assert list(differences(one, both)) == ["/Job/shop-migrate-DIGEST and another should not be there"]


def pulls(policy: str, applied: bool) -> dict[str, dict[str, Any]]:
    fields: dict[str, Any] = {'k:{"name":"web"}': {"f:name": {}, **({"f:imagePullPolicy": {}} if applied else {})}}
    managed = {
        "manager": FIELD_MANAGER,
        "operation": "Apply",
        "fieldsV1": {"f:spec": {"f:containers": fields}},
    }
    metadata = {"name": "shop-web", "uid": "1", "managedFields": [managed]}
    spec = {"containers": [{"name": "web", "imagePullPolicy": policy}]}
    return {"Deployment/shop-web": {"kind": "Deployment", "metadata": metadata, "spec": spec}}


def test_a_pull_policy_counts_where_the_operator_has_applied_one() -> None:
    """The API server keeps the one that it has chosen, whatever becomes of the image's tag."""
    before, after = (plain(pulls(policy, applied=False), "one") for policy in ("Always", "IfNotPresent"))
    assert list(differences(before, after)) == []
    before, after = (plain(pulls(policy, applied=True), "one") for policy in ("Always", "IfNotPresent"))
    assert len(list(differences(before, after))) == 1


def annotated(**annotations: str) -> dict[str, dict[str, Any]]:
    found = tree("one", "1")
    named = {f"ailtire.io/{key.replace('_', '-')}": value for key, value in annotations.items()}
    found["Deployment/shop-web"]["spec"]["template"]["metadata"] = {"annotations": named} if named else {}
    return found


def test_the_hash_of_a_dependency_differs_from_namespace_to_namespace_but_not_whether_there_is_one() -> None:
    one = plain(annotated(restarted_with="b099c67c"), "one")
    assert list(differences(one, plain(annotated(restarted_with="0a1b2c3d"), "one"))) == []
    assert list(differences(one, plain(annotated(), "one")))


def test_a_restart_that_was_asked_for_before_stays_in_the_template() -> None:
    restarted = {"restarted_at": "2026-11-29T12:30:00Z"}
    assert list(differences(plain(annotated(), "one"), plain(annotated(**restarted), "one"))) == []
    other = plain(annotated(restarted_with="b099c67c", **restarted), "one")
    assert list(differences(plain(annotated(restarted_with="b099c67c"), "one"), other)) == []
    assert list(differences(plain(annotated(), "one"), other))


def test_what_differs_is_said_with_its_path() -> None:
    wanted, found = plain(tree("one", "1"), "one"), plain(tree("two", "2", replicas=3, paused=True), "two")
    assert list(differences(wanted, found)) == [
        "/Deployment/shop-web/spec/paused should not be there",
        "/Deployment/shop-web/spec/replicas: 3, not 1",
    ]
    assert list(differences(wanted, {})) == ["/Deployment/shop-web is missing"]


def test_a_workload_made_anew_does_not_run_on() -> None:
    before, after = running(tree("one", "1")), running(tree("one", "2"))
    assert list(differences(before, before)) == []
    assert list(differences(before, after))


def test_the_figures_say_what_became_of_the_edits() -> None:
    figures = Figures()
    figures.count("sequences", "steps", "edit", "written")
    for seconds, ready in ((1.0, True), (2.0, True), (3.0, False)):
        figures.ended(seconds, ready, "InvalidSpec")
    told = "\n".join(figures.lines())
    assert "ended ready 2, ended in a condition 1" in told
    assert "InvalidSpec 1" in told
    assert "p50 2.00 s" in told
