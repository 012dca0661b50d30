"""When a dependency is there, and how a person is told that it is not."""

from typing import Any

import pytest

from ailtire_operator.model.dependencies import Condition
from ailtire_operator.status.blockers import sentence
from ailtire_operator.status.health import Health, health
from ailtire_operator.status.observed import Child, LiveObject, Member, Problem
from ailtire_operator.status.rollup import blocker, branch
from ailtire_operator.status.waiting import held, unmet_by_service, unmet_by_stack


def service(
    condition: Condition,
    *,
    kind: str = "Deployment",
    replicas: int | None = 2,
    running: int = 0,
    current: bool = True,
    **counts: Any,
) -> str:
    live = LiveObject(1, {"observedGeneration": 1, "specReplicas": replicas, **counts}) if counts else None
    found = health(Member(key="db", kind=kind, name="shop-db", replicas=replicas, workload=live))
    return unmet_by_service("orders/db", condition, found, live, running, current=current)


@pytest.mark.parametrize(
    ("told", "facts"),
    [
        ("orders/db to be healthy (not created yet)", {"condition": "healthy"}),
        (
            "orders/db to be healthy (not updated yet)",
            {"condition": "healthy", "ready": 2, "updated": 2, "current": False},
        ),
        ("orders/db to be healthy (1/2)", {"condition": "healthy", "replicas": 2, "ready": 1, "updated": 2}),
        ("", {"condition": "healthy", "ready": 2, "updated": 2}),
        ("", {"condition": "completed", "ready": 2, "updated": 2}),
        ("orders/db to start", {"condition": "started", "updated": 1}),
        ("", {"condition": "started", "updated": 1, "running": 1}),
        ("", {"condition": "started", "replicas": 0, "updated": 0}),
    ],
)
def test_a_service(told: str, facts: dict[str, Any]) -> None:
    assert service(**facts) == told


def test_pods_that_may_be_old_do_not_start_anything() -> None:
    live = LiveObject(2, {"observedGeneration": 2, "replicas": 3, "updated": 1, "ready": 2})
    db = Health("db", "Deployment", "shop-db", 0, 2, Problem("Progressing", transient=True))
    assert unmet_by_service("db", "started", db, live, 2, current=True) == "db to start"
    assert unmet_by_service("db", "started", db, live, 3, current=True) == ""
    unseen = LiveObject(3, live.summary)
    assert unmet_by_service("db", "started", db, unseen, 3, current=True) == "db to start"


def test_a_job_is_waited_for_until_its_end() -> None:
    live = LiveObject(1, {"observedGeneration": 1, "specReplicas": 1})
    job = health(Member(key="job", kind="Job", name="j", workload=live, floor=0))
    assert unmet_by_service("job", "completed", job, live, 1, current=True) == "job to complete (0/1)"
    assert unmet_by_service("job", "started", job, live, 1, current=True) == ""
    assert unmet_by_service("job", "started", job, live, 0, current=True) == "job to start"


def test_what_is_wrong_with_the_dependency_is_told_with_it() -> None:
    live = LiveObject(1, {"observedGeneration": 1})
    broken = Health("db", "Deployment", "shop-db", 0, 1, Problem("ImagePullBackOff", "no such image"))
    told = unmet_by_service("db", "healthy", broken, live, 0, current=True)
    assert told == "db to be healthy (0/1: ImagePullBackOff)"


def test_a_stack() -> None:
    status = {"observedGeneration": 1, "counts": {"servicesReady": 1, "servicesWanted": 3, "stacksWanted": 1}}
    conditions = [{"type": "Ready", "status": "False", "reason": "Progressing", "message": "service db 0/1"}]
    below = branch(Child("orders", "shop-orders", LiveObject(1, {"status": {**status, "conditions": conditions}})))

    def told(condition: Condition, **facts: bool) -> str:
        return unmet_by_stack("orders", condition, below, **{"exists": True, "current": True, "acted": True, **facts})

    assert told("healthy") == "orders to be ready (1/3 services)"
    assert told("healthy", exists=False) == "orders to be ready (not created yet)"
    assert told("started", current=False) == "orders to start (not updated yet)"
    assert told("started", acted=False) == "orders to start"
    assert told("started") == ""
    ready = branch(
        Child("orders", "x", LiveObject(1, {"status": {**status, "conditions": [{"type": "Ready", "status": "True"}]}}))
    )
    assert unmet_by_stack("orders", "healthy", ready, exists=True, current=True, acted=True) == ""


def test_a_held_service_is_told_as_a_person_would() -> None:
    problem = held(["orders/db to be healthy (0/1)"], exists=False)
    waiting = health(Member(key="web", kind="Deployment", name="shop-web", replicas=2, waits=problem))
    assert str(waiting) == "service web 0/2 waits for orders/db to be healthy (0/1)"
    running = LiveObject(1, {"observedGeneration": 1, "replicas": 2, "updated": 2, "ready": 2})
    update = held(["a to start", "b to start", "c to start", "d to start"], exists=True)
    old = health(Member(key="web", kind="Deployment", name="w", replicas=2, workload=running, waits=update))
    assert not old.ok
    assert str(old) == "service web 2/2 waits with its update for a to start, b to start, c to start and 1 more"


def test_what_is_waited_for_is_named_before_who_waits() -> None:
    waits = Problem("Waiting", "waits for db to be healthy (0/1)", transient=True)
    starting = Problem("Progressing", "replicas are starting", transient=True)
    members = [Health("app", "Deployment", "a", 0, 1, waits), Health("db", "Deployment", "d", 0, 1, starting)]
    found = blocker(members, [])
    assert found is not None and sentence(found).startswith("service db 0/1")
    deep = branch(
        Child("a", "shop-a", waits=Problem("Waiting", "stack waits for db to be healthy (0/1)", transient=True))
    )
    found = blocker(members[1:], [deep])
    assert found is not None and sentence(found).startswith("service db 0/1")
    alone = blocker([], [deep])
    assert alone is not None and sentence(alone) == "a: stack waits for db to be healthy (0/1)"
