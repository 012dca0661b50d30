"""What the fault suite compares and counts, without a cluster."""

from collections import Counter
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from faults.journal import Entry, Journal, effects
from faults.lane import Lane
from faults.oracles import lacking, unfenced
from faults.plans.plan import Plan, choose
from faults.state import ANYTHING, common, differences, runs

WEB = "/apis/apps/v1/namespaces/one/deployments/shop-web"
LEASE = "/apis/coordination.k8s.io/v1/namespaces/one/leases/ailtire-operator"


def entry(path: str, method: str = "PATCH", status: int = 200, replica: int = 0, query: str = "") -> Entry:
    made = Entry.of(0, method, path, query, replica)
    made.status = status
    return made


def test_a_request_is_known_by_its_path() -> None:
    found = entry(WEB + "/status", query="fieldManager=x")
    assert (found.verb, found.kind, found.namespace, found.name, found.subresource) == (
        "patch",
        "Deployment",
        "one",
        "shop-web",
        "status",
    )
    assert entry("/apis/apps/v1/deployments", "GET", query="watch=1").verb == "watch"
    assert entry("/apis/apps/v1/deployments", "GET").verb == "list"


def test_only_what_changes_a_tree_counts_as_a_write() -> None:
    assert entry(WEB).writes
    assert not entry(WEB, "GET").writes
    assert not entry(WEB, query="dryRun=All").writes
    assert not entry(LEASE, "PUT").writes
    assert not entry("/api/v1/namespaces/one/events", "POST").writes
    assert not entry("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "POST").writes


def test_an_apply_that_creates_is_a_creation() -> None:
    done = [entry(WEB, status=201), entry(WEB), entry(WEB, status=409), entry(WEB, "DELETE")]
    assert effects(done) == ["create Deployment shop-web", "delete Deployment shop-web", "patch Deployment shop-web"]
    assert effects(done, "create") == ["create Deployment shop-web"]


def lane(*entries: Entry) -> Lane:
    journal = Journal()
    journal.entries = list(entries)
    return cast(Lane, SimpleNamespace(journal=journal, replicas=[1, 2]))


def test_who_writes_without_the_lease_is_seen() -> None:
    first, second = entry(LEASE, "PUT", replica=0), entry(LEASE, "PUT", replica=1)
    assert unfenced(lane(first, entry(WEB, replica=0), second, entry(WEB, replica=1))) == []
    assert len(unfenced(lane(first, second, entry(WEB, replica=0)))) == 1
    assert unfenced(lane(first, second, entry(WEB, replica=0, status=409))) == [], "it has changed nothing"
    refused = entry(LEASE, "PUT", 409, replica=1)
    assert unfenced(lane(first, refused, entry(WEB, replica=0))) == []


def test_states_differ_where_something_is_missing_too_many_or_other() -> None:
    expected = {"Service/a": {"spec": {"x": 1, "y": [1, 2]}}, "Service/b": {}}
    found = {"Service/a": {"spec": {"x": 2, "y": [1, 3]}}, "Service/c": {}}
    assert sorted(map(str, differences(expected, found))) == [
        "Service/a.spec.x is 2, not 1",
        "Service/a.spec.y[1] is 3, not 2",
        "Service/b is missing",
        "Service/c should not be there",
    ]
    assert differences(expected, expected) == []


def test_what_two_runs_disagree_about_counts_for_nothing() -> None:
    learned = common({"a": 1, "b": {"c": 1, "d": 2}}, {"a": 1, "b": {"c": 1, "d": 3}, "e": 4})
    assert learned == {"a": 1, "b": {"c": 1, "d": ANYTHING}, "e": ANYTHING}
    assert differences(learned, {"a": 1, "b": {"c": 1, "d": 9}}) == []


def made(**fields: Any) -> dict[str, Any]:
    return {"dying": False, "owners": [], "spec": {}, **fields}


def test_a_stack_that_says_ready_may_lack_nothing() -> None:
    expected = {"Deployment/a": made(status={"runs": True, "alone": True}), "ControllerRevision/kept": made()}
    assert lacking(expected, {}) == ["Deployment/a is missing"]
    rolling = {"Deployment/a": made(status={"runs": False, "alone": False})}
    assert lacking(expected, rolling) == ["Deployment/a.status.runs is False, not True"]
    old = {"Deployment/a": made(status={"runs": True, "alone": False})}
    assert lacking(expected, old) == [], "the old ones are being ended"
    leaving = {"Deployment/a": expected["Deployment/a"], "Service/old": made(dying=True)}
    assert lacking(expected, leaving) == [], "what is going away was deleted"
    assert lacking(expected, leaving | {"Service/old": made()}) == ["Service/old should not be there"]


@pytest.mark.parametrize(
    ("replicas", "updated", "ready", "runs_all"),
    [
        pytest.param(2, 2, 2, True, id="all of it"),
        pytest.param(3, 2, 3, True, id="an old one is left"),
        pytest.param(3, 2, 2, False, id="one of those that are ready may be the old one"),
        pytest.param(2, 1, 2, False, id="one is old"),
        pytest.param(2, 2, 1, False, id="one is not ready"),
    ],
)
def test_a_deployment_runs_when_all_that_is_wanted_is_of_its_definition(
    replicas: int, updated: int, ready: int, runs_all: bool
) -> None:
    counts = {"replicas": replicas, "updatedReplicas": updated, "readyReplicas": ready}
    found = {"metadata": {"generation": 2}, "spec": {"replicas": 2}}
    assert runs({**found, "status": {**counts, "observedGeneration": 2}}) == runs_all
    assert not runs({**found, "status": {**counts, "observedGeneration": 1}})


def test_the_least_tried_kind_comes_next() -> None:
    plans = [Plan("a", "x", "1"), Plan("a", "y", "1"), Plan("a", "y", "2")]
    covered = Counter({("a", "x"): 1})
    assert {choose(plans, covered, Random(seed)).kind for seed in range(9)} == {"y"}
