"""Which pod and container ``exec`` and ``port-forward`` mean, and what is said where there is no good one."""

from dataclasses import replace
from typing import Any

import pytest

from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.forwarded_ports import default_ports, text_of
from ailtire_operator.cli.pod_choice import PodChoice, PodTarget, choose, current_template, template_of

Json = dict[str, Any]

API = PodTarget("shop/orders/api", "api", "Deployment")
DB = PodTarget("shop/db", "db", "StatefulSet")


def pod(name: str, template: str = "new", *, ready: bool = True, running: bool = True, **metadata: Any) -> Json:
    containers: list[Json] = [{"name": "mesh"}, {"name": "api", "ports": [{"containerPort": 8080}]}]
    state = {"running": {}} if running else {"waiting": {"reason": "ImagePullBackOff"}}
    return {
        "metadata": {"name": name, "labels": {"pod-template-hash": template}, **metadata},
        "spec": {"containers": containers, "initContainers": [{"name": "setup"}]},
        "status": {
            "phase": "Running" if running else "Pending",
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [{"name": each["name"], "state": state} for each in containers],
        },
    }


def replica(number: int, **metadata: Any) -> Json:
    owners = [{"kind": "StatefulSet", "name": "shop-db"}]
    return pod(f"shop-db-{number}", ownerReferences=owners, **metadata)


GONE: Json = {"deletionTimestamp": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("pods", "taken", "note"),
    [
        ([pod("b"), pod("a")], "a", ""),
        ([pod("a", "old"), pod("b")], "b", ""),
        ([pod("a", ready=False), pod("b")], "b", ""),
        ([pod("a", **GONE), pod("b")], "b", ""),
        ([pod("a", ready=False), pod("b", "old")], "b", "pod b is of the definition before"),
        ([pod("a", ready=False), pod("b", running=False, ready=False)], "a", "pod a is not ready: Why: because"),
        ([pod("a", "old", **GONE)], "a", "pod a is being deleted"),
    ],
)
def test_the_best_pod_is_ready_and_of_the_current_definition(pods: list[Json], taken: str, note: str) -> None:
    found = choose(replace(API, reason="Why: because"), pods, current="new")
    assert (found.pod, found.container) == (taken, "api")
    assert found.note.startswith(note)
    assert bool(found.note) == bool(note)


def test_a_statefulsets_index_is_its_ordinal_and_all_others_count_from_the_first_name() -> None:
    pods = [replica(10), replica(2), replica(9, running=False, ready=False)]
    assert choose(DB, pods, index=9).pod == "shop-db-9"
    assert choose(DB, pods).pod == "shop-db-2"
    with pytest.raises(Failure, match="shop/db has no pod 1") as failed:
        choose(DB, pods, index=1)
    assert failed.value.hint == "There are: 2, 9, 10."
    assert choose(API, [pod("b"), pod("a")], index=1).pod == "b"


def test_the_container_is_the_services_own_or_the_one_that_is_named() -> None:
    annotated = pod("a", annotations={"kubectl.kubernetes.io/default-container": "mesh"})
    assert choose(API, [annotated]).container == "mesh"
    assert choose(API, [annotated], container="api").container == "api"
    assert choose(replace(API, container="gone"), [pod("a")]).container == "mesh"
    with pytest.raises(Failure, match="pod a has no container 'ap'") as failed:
        choose(API, [pod("a")], container="ap")
    assert failed.value.hint == "It has: mesh, api, setup."


@pytest.mark.parametrize(
    ("target", "pods", "said"),
    [
        (replace(API, stopped=True), [], "shop/orders/api is stopped: it is to have 0 replicas, so it has no pod"),
        (replace(API, kind="Job"), [], "the job shop/orders/api has no pod"),
        (replace(API, reason="QuotaExceeded: cpu"), [], "shop/orders/api has no pod: QuotaExceeded: cpu"),
        (replace(API, path="shop", gateway=True), [], "the gateway of shop has no pod"),
        (
            replace(API, reason="ImagePullBackOff: no such image"),
            [pod("a", running=False, ready=False)],
            "no container of shop/orders/api runs: ImagePullBackOff: no such image",
        ),
    ],
)
def test_where_nothing_runs_the_reason_is_that_of_the_status(target: PodTarget, pods: list[Json], said: str) -> None:
    with pytest.raises(Failure) as failed:
        choose(target, pods)
    assert str(failed.value).startswith(said)


def test_a_job_that_has_ended_has_a_log_and_nothing_to_run_in() -> None:
    ended = pod("a", running=False, ready=False)
    ended["status"]["phase"] = "Succeeded"
    with pytest.raises(Failure, match="the job shop/migrate has ended, so nothing runs in it") as failed:
        choose(PodTarget("shop/migrate", "api", "Job"), [ended])
    assert failed.value.hint == "'kubectl ailtire logs shop/migrate' says what it did."


def test_the_newest_definition_is_told_by_its_revision_and_else_by_the_youngest_pod() -> None:
    pods = [
        pod("a", "old", creationTimestamp="2026-01-01T00:00:01Z"),
        pod("b", creationTimestamp="2026-01-01T00:00:00Z"),
    ]
    assert current_template(pods, ()) == "old"
    sets = [
        {"metadata": {"name": f"api-{template}", "labels": {"pod-template-hash": template},
                      "annotations": {"deployment.kubernetes.io/revision": revision}}}
        for template, revision in (("old", "9"), ("new", "10"), ("unused", "11"))
    ]  # fmt: skip
    assert current_template(pods, sets) == "new"
    of_a_set = [replica(0, labels={"controller-revision-hash": f"shop-db-{each}"}) for each in ("x", "y")]
    revisions = [{"metadata": {"name": f"shop-db-{name}"}, "revision": number} for name, number in (("x", 4), ("y", 3))]
    assert current_template(of_a_set, revisions) == "shop-db-x"
    assert template_of({"metadata": {}}) == current_template([], ()) == ""


def test_ports_are_those_that_the_container_declares() -> None:
    chosen = PodChoice("a", "api", (80, 8080), ("53/UDP",))
    assert default_ports(chosen, root=False) == [":80", "8080"]
    assert default_ports(chosen, root=True) == ["80", "8080"]
    assert text_of(chosen, given=False) == "pod a, ports 80, 8080 of container api; kubectl forwards no 53/UDP"
    assert text_of(chosen, given=True) == "pod a"
    with pytest.raises(Failure, match="container api of pod a declares no TCP port but 53/UDP"):
        default_ports(replace(chosen, ports=()), root=True)
    assert choose(API, [pod("a")]).ports == (8080,)
