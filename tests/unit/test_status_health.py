"""What is told of a service: the words of ``kubectl describe``, in one sentence."""

from typing import Any

import pytest

from ailtire_operator.status.health import Health, health, refused_creation, rolled_out
from ailtire_operator.status.observed import LiveObject, Member, Problem


def workload(*, generation: int = 1, **summary: Any) -> LiveObject:
    return LiveObject(generation, {"observedGeneration": generation, **summary})


def full(count: int = 1, **more: Any) -> LiveObject:
    return workload(specReplicas=count, replicas=count, updated=count, ready=count, **more)


def starting(**more: Any) -> LiveObject:
    return workload(specReplicas=1, replicas=1, updated=1, **more)


def pod(**summary: Any) -> dict[str, Any]:
    return {"phase": "Pending", "ready": False, "created": "2026-01-01T00:00:00Z", **summary}


def waiting(reason: str, message: str = "", **container: Any) -> dict[str, Any]:
    return pod(containers={"web": {"ready": False, "waiting": reason, "waitingMessage": message, **container}})


def health_of(**fields: Any) -> Health:
    return health(Member(**{"key": "web", "kind": "Deployment", "name": "shop-web", "replicas": 1, **fields}))


def test_everything_wanted_runs() -> None:
    found = health_of(workload=full())
    assert (found.ok, found.ready, found.wanted) == (True, 1, 1)
    assert str(found) == "service web 1/1"


def test_a_service_of_no_replicas_is_ready_once_that_is_observed() -> None:
    assert health_of(replicas=0, workload=workload(specReplicas=0)).ok
    assert not health_of(replicas=0, workload=LiveObject(2, {"observedGeneration": 1})).ok


@pytest.mark.parametrize(
    ("summary", "ready"),
    [
        ({"replicas": 3, "updated": 3, "ready": 2}, 2),
        ({"replicas": 4, "updated": 1, "ready": 3}, 0),  # three old ones and a new one that is not ready yet
        ({"replicas": 4, "updated": 2, "ready": 4}, 2),
        ({"replicas": 4, "updated": 3, "ready": 3}, 2),  # at the least: the old one may be the one that is not
        ({"replicas": 3, "updated": 0, "ready": 3}, 0),
        ({}, 0),
    ],
)
def test_only_replicas_of_the_current_definition_count(summary: dict[str, int], ready: int) -> None:
    found = health_of(replicas=3, workload=workload(specReplicas=3, **summary))
    assert (found.ready, found.wanted) == (ready, 3)


def test_counts_of_an_older_definition_say_nothing() -> None:
    found = health_of(workload=LiveObject(2, {"observedGeneration": 1, "replicas": 1, "updated": 1, "ready": 1}))
    assert found.ready == 0
    assert found.problem is not None
    assert found.problem.transient


def test_what_is_not_made_yet_is_under_way() -> None:
    found = health_of()
    assert found.problem == Problem("Progressing", "Deployment shop-web does not exist yet", transient=True)


def test_what_could_not_be_written_yet_is_not_what_runs() -> None:
    late = Problem("Progressing", "Deployment shop-web is not written yet: later", transient=True)
    found = health_of(workload=full(), error=late)
    assert (found.ready, found.problem) == (1, late), "the pods of the definition before serve"


def test_an_autoscaler_wants_what_it_wrote_and_never_less_than_its_minimum() -> None:
    assert health_of(replicas=None, floor=2, workload=full(1)).wanted == 2
    assert not health_of(replicas=None, floor=2, workload=full(1)).ok
    assert health_of(replicas=None, floor=2, workload=full(5)).wanted == 5
    assert health_of(replicas=None, workload=None).wanted == 1


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ('pods "admission-1" is forbidden: error looking up service account a/b', "FailedCreate"),
        ('pods "exceeded quota" is forbidden: no', "FailedCreate"),
        ('admission webhook "x" denied the request: no', "RefusedByAdmission"),
        ('pods "a" is forbidden: exceeded quota: admission', "QuotaExceeded"),
    ],
)
def test_a_name_is_not_taken_for_the_reason(message: str, reason: str) -> None:
    assert refused_creation(message) == Problem(reason, message)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("0/1 nodes are available: 1 node(s) had untolerated taint {volume: full}.", "Unschedulable"),
        ('0/1 nodes are available: persistentvolumeclaim "cpu" not found.', "VolumePending"),
        ("0/1 nodes are available: 1 node(s) had volume node affinity conflict.", "VolumePending"),
    ],
)
def test_nor_for_what_a_pod_waits_for(message: str, reason: str) -> None:
    found = health_of(workload=starting(), pods=[pod(unscheduled=("Unschedulable", message))]).problem
    assert found is not None and found.reason == reason


REASONS: list[tuple[str, dict[str, Any], str, str]] = [
    ("image", {"pods": [waiting("ImagePullBackOff", 'Back-off pulling image "x:1"')]}, "ImagePullBackOff", "x:1"),
    ("image, no words", {"pods": [waiting("ErrImagePull")]}, "ErrImagePull", "cannot be pulled"),
    ("image's name", {"pods": [waiting("InvalidImageName", "couldn't parse")]}, "InvalidImageName", "couldn't parse"),
    (
        "crash",
        {"pods": [waiting("CrashLoopBackOff", terminated="Error", exitCode=3, restarts=7)]},
        "CrashLoopBackOff",
        "exit code 3 (7 restarts)",
    ),
    (
        "an end without an error",
        {"pods": [waiting("CrashLoopBackOff", terminated="Completed", exitCode=0, restarts=2)]},
        "CrashLoopBackOff",
        "must keep running",
    ),
    (
        "memory",
        {"pods": [waiting("CrashLoopBackOff", terminated="OOMKilled", exitCode=137, restarts=4)]},
        "OOMKilled",
        "memory limit",
    ),
    (
        "configuration",
        {"pods": [waiting("CreateContainerConfigError", 'secret "web-env" not found')]},
        "CreateContainerConfigError",
        'secret "web-env" not found',
    ),
    ("start", {"pods": [waiting("RunContainerError", "exec: no such file")]}, "RunContainerError", "no such file"),
    (
        "no node",
        {"pods": [pod(unscheduled=("Unschedulable", "0/4 nodes are available: 4 Insufficient cpu"))]},
        "Unschedulable",
        "Insufficient cpu",
    ),
    (
        "volume",
        {
            "pods": [pod(unscheduled=("Unschedulable", "pod has unbound immediate PersistentVolumeClaims"))],
            "claims": {"shop--records--data": {"phase": "Pending"}, "shop--other--data": {"phase": "Bound"}},
        },
        "VolumePending",
        "claim shop--records--data is not bound",
    ),
    (
        "quota",
        {
            "workload": starting(
                conditions={"ReplicaFailure": ("True", "FailedCreate", "pods is forbidden: exceeded quota: q")}
            )
        },
        "QuotaExceeded",
        "exceeded quota",
    ),
    (
        "pod security",
        {
            "workload": starting(
                conditions={"ReplicaFailure": ("True", "FailedCreate", 'violates PodSecurity "restricted:latest"')}
            )
        },
        "RefusedByAdmission",
        "restricted",
    ),
    (
        "no pods, told by an Event",
        {"kind": "StatefulSet", "workload": workload(), "warnings": (("FailedCreate", "exceeded quota: q"),)},
        "QuotaExceeded",
        "exceeded quota",
    ),
    ("mount", {"pods": [pod()], "warnings": (("FailedMount", "no such configmap"),)}, "FailedMount", "configmap"),
    (
        "deadline",
        {"workload": starting(conditions={"Progressing": ("False", "ProgressDeadlineExceeded", "timed out")})},
        "ProgressDeadlineExceeded",
        "timed out",
    ),
    ("evicted", {"pods": [pod(phase="Failed", reason="Evicted", message="low on memory")]}, "Evicted", "low on"),
    (
        "health check",
        {"pods": [pod(phase="Running", containers={"web": {"ready": False}})]},
        "NotReady",
        "health check",
    ),
]


@pytest.mark.parametrize(
    ("fields", "reason", "words"), [case[1:] for case in REASONS], ids=[case[0] for case in REASONS]
)
def test_the_reason_is_named(fields: dict[str, Any], reason: str, words: str) -> None:
    found = health_of(**{"workload": starting(), **fields})
    assert found.problem is not None
    assert found.problem.reason == reason
    assert words in found.problem.message
    assert found.problem.transient == (reason == "NotReady")


def test_the_newest_pod_tells_and_the_old_one_that_serves_does_not() -> None:
    old = pod(ready=True, phase="Running", created="2026-01-01T00:00:00Z", containers={"web": {"ready": True}})
    new = waiting("ImagePullBackOff", "no such tag") | {"created": "2026-01-02T00:00:00Z"}
    found = health_of(workload=workload(specReplicas=1, replicas=2, updated=1, ready=1), pods=(old, new))
    assert str(found) == "service web 0/1: ImagePullBackOff: no such tag"


def test_a_ready_service_has_no_problem_whatever_a_surplus_pod_says() -> None:
    assert health_of(workload=full(), pods=(waiting("ImagePullBackOff"),)).ok


def test_what_was_refused_is_not_of_the_current_definition() -> None:
    refused = Problem("Refused", "spec.template: no")
    found = health_of(workload=full(), error=refused)
    assert (found.ready, found.problem) == (0, refused)


def test_the_gateway_has_no_key() -> None:
    assert str(health_of(key="", workload=full())) == "gateway 1/1"


def test_a_roll_out_is_over_when_no_old_replica_is_left() -> None:
    assert rolled_out(full(2), 2)
    assert not rolled_out(workload(replicas=3, updated=2, ready=3), 2)
    assert not rolled_out(workload(replicas=2, updated=2, ready=1), 2)
    assert not rolled_out(LiveObject(2, {"observedGeneration": 1, "replicas": 2, "updated": 2, "ready": 2}), 2)


@pytest.mark.parametrize(("addressed", "ready"), [(None, 2), (2, 2), (1, 1), (0, 0), (3, 2)])
def test_a_replica_counts_once_peers_find_it_under_its_name(addressed: int | None, ready: int) -> None:
    found = health_of(replicas=2, workload=full(2), addressed=addressed)
    assert (found.ready, found.wanted, found.ok) == (ready, 2, ready == 2)
