"""How the ends of random sequences are judged: what counts as an end, and when two trees are alike."""

from typing import Any

import pytest

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


def test_what_differs_is_told_with_its_path() -> None:
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
