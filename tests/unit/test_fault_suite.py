"""What the fault suite compares and counts, without a cluster."""

from collections import Counter
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ailtire_operator.plan.definition_changes import TreeDefinition
from ailtire_operator.plan.tree_revisions import Origin, compressed, revision
from faults.journal import Entry, Journal, effects
from faults.lane import Lane
from faults.oracles import lacking, unended, unfenced, unkept
from faults.plans.objects import of_objects
from faults.plans.plan import Plan, choose
from faults.replica import Replica
from faults.runner import fits
from faults.settling import settle
from faults.state import ANYTHING, common, differences, neutral_message, runs
from faults.story import LATE_MEMBERS, STEPS
from lab import ControlPlane
from lab.errors import LabError
from lab.state import State

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
    configured = expected | {"ConfigMap/new": made()}
    assert lacking(configured, expected | {"ConfigMap/old": made()}) == ["ConfigMap/new is missing"], "pods may need it"


def pod(name: str, service: str, phase: str = "Running") -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": {"service": service, "hash": "1"}}, "status": {"phase": phase}}


def test_where_no_replica_is_wanted_the_pods_themselves_say_whether_they_have_ended() -> None:
    def deployment(replicas: int) -> dict[str, Any]:
        selector = {"matchLabels": {"service": "web"}}
        return {"kind": "Deployment", "spec": {"replicas": replicas, "selector": selector}}

    pods = [pod("a", "web"), pod("b", "web", "Failed"), pod("c", "api")]
    assert unended({"Deployment/web": deployment(0)}, pods) == ["Pod/a has not ended, and none is wanted"]
    assert unended({"Deployment/web": deployment(1)}, pods) == []
    assert unended({"Deployment/web-canary": deployment(0)}, pods) == [], "it has the labels of another one"


@pytest.mark.parametrize(
    ("wanted", "replicas", "updated", "ready", "runs_all"),
    [
        pytest.param(2, 2, 2, 2, True, id="all of it"),
        pytest.param(2, 3, 2, 3, True, id="an old one is left"),
        pytest.param(2, 3, 2, 2, False, id="one of those that are ready may be the old one"),
        pytest.param(2, 2, 1, 2, False, id="one is old"),
        pytest.param(2, 2, 2, 1, False, id="one is not ready"),
        pytest.param(0, 2, 2, 0, True, id="none is wanted, and pods that are gone are counted yet"),
    ],
)
def test_a_deployment_runs_when_all_that_is_wanted_is_of_its_definition(
    wanted: int, replicas: int, updated: int, ready: int, runs_all: bool
) -> None:
    counts = {"replicas": replicas, "updatedReplicas": updated, "readyReplicas": ready}
    found = {"metadata": {"generation": 2}, "spec": {"replicas": wanted}}
    assert runs({**found, "status": {**counts, "observedGeneration": 2}}) == runs_all
    assert not runs({**found, "status": {**counts, "observedGeneration": 1}})


def test_the_least_tried_kind_comes_next() -> None:
    plans = [Plan("a", "x", "1"), Plan("a", "y", "1"), Plan("a", "y", "2")]
    covered = Counter({("a", "x"): 1})
    assert {choose(plans, covered, Random(seed)).kind for seed in range(9)} == {"y"}


def test_a_tree_is_made_again_only_where_that_ends_as_an_edit_does() -> None:
    again = next(each for each in of_objects() if each.makes_again)
    steps = {step.name for number, step in enumerate(STEPS, 1) if fits(again, number)}
    assert "an Ingress" in steps
    assert not steps & {"create", "an update that fails", "a daemon, a job and volumes", "delete"}


_LATE = "the update of the tree (generation 9) failed: {} (not ready within 5 s); back to revision 3 until it changes"


def test_which_of_the_late_members_is_named_counts_for_nothing_and_all_else_does() -> None:
    good, bad = LATE_MEMBERS
    slow = neutral_message(_LATE.format(f"{good}: Progressing: replicas of the current definition are starting"))
    assert slow == neutral_message(_LATE.format(f"{bad}: ImagePullBackOff: Back-off pulling image lab.invalid/x:2"))
    late = _LATE.format(f"{good.split('/')[0]}: Progressing: has not applied its definition")
    assert slow == neutral_message(late)
    others = [
        _LATE.format("shop/web: Progressing: replicas are starting"),
        _LATE.format(f"{bad}: CrashLoopBackOff: exited"),
        _LATE.format(f"{bad}: Progressing: late").replace("within 5 s", "within 6 s"),
        _LATE.format(f"{bad}: Progressing: late").replace(" (not ready within 5 s)", ""),
        _LATE.format(f"{bad}: Progressing: late").replace("back to revision 3", "back to nothing"),
        f"orders/web: Progressing: {bad}",
    ]
    assert all(neutral_message(each) != slow for each in others)


def stack_with(ready: str = "True", image: str = "web:1") -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready}]
    spec = {"services": {"web": {"image": image}}}
    metadata = {"uid": "root", "generation": 4, "name": "shop"}
    return {"metadata": metadata, "spec": spec, "status": {"observedGeneration": 4, "conditions": conditions}}


def kept(number: int, image: str = "web:1", owner: str = "root", templates: Any = None) -> dict[str, Any]:
    definition = TreeDefinition({"services": {"web": {"image": image}}}, templates or {})
    made = revision("shop", "shop", number, definition.digest(), compressed(definition), Origin(number, "", ""))
    references = [{"kind": "AiltireStack", "name": "shop", "uid": owner, "controller": True}]
    return {**made, "metadata": {**made["metadata"], "ownerReferences": references}}


def history(root: dict[str, Any], *revisions: dict[str, Any], **others: dict[str, Any]) -> list[str]:
    found = {f"ControllerRevision/{each['metadata']['name']}": each for each in revisions}
    return unkept({"AiltireStack/shop": root, **found, **{f"AiltireStack/{key}": each for key, each in others.items()}})


def test_a_tree_that_is_ready_has_its_definition_as_its_newest_revision() -> None:
    assert history(stack_with(), kept(1, "web:0"), kept(2)) == []
    assert "another definition" in history(stack_with(), kept(1), kept(2, "web:0"))[0]
    assert "no revision" in history(stack_with())[0]
    assert "no revision" in history(stack_with(), kept(1, owner="another root"))[0]
    assert history(stack_with(ready="False"), kept(1, "web:0")) == [], "it has not rolled out"
    model = {"services": {"mill": {"image": "mill:1"}}}
    templates = {"model": model}
    assert history(stack_with(), kept(1, templates=templates), model={"metadata": {}, "spec": model}) == []
    assert "another" in history(stack_with(), kept(1, templates=templates), model={"metadata": {}, "spec": {}})[0]


@pytest.mark.parametrize("ready", ["True", "False"])
def test_no_more_revisions_than_the_limit_are_kept(ready: str) -> None:
    revisions = [kept(number) for number in range(1, 12)]
    assert history(stack_with(ready), *revisions[1:]) == []
    assert history(stack_with(ready), *revisions) == ["11 revisions are kept"]
    assert unkept({}) == []


def test_an_operator_ends_with_its_control_plane_and_is_not_started_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("faults.replica.Proxy", lambda *_: None)
    home, code = tmp_path / "plane", tmp_path / "operator" / "ailtire_operator"
    (home / "logs").mkdir(parents=True)
    State("https://127.0.0.1:1", "token").save(home / "state.json")
    code.mkdir(parents=True)
    (code / "__main__.py").write_text("import time\ntime.sleep(600)\n")
    plane = ControlPlane(home)
    replica = Replica(plane, Journal(), "lane-0001", 0, {})
    replica.source, replica.token = tmp_path, "token"
    replica.start()
    alive = [replica.alive]
    plane.stop()
    assert [*alive, replica.alive] == [True, False]
    (home / "logs").mkdir(parents=True)
    with pytest.raises(LabError, match="lane-0001-0 was started for a control plane that has been stopped"):
        replica.start()
    assert not replica.alive


def test_a_step_is_not_over_before_the_operator_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faults.settling.objects", lambda *_: {})
    resting = SimpleNamespace(
        start_again=lambda: None,
        until_quiet=lambda seconds, limit: True,
        plane=SimpleNamespace(api=None),
        namespace="one",
        stopped=SimpleNamespace(wait=lambda seconds: None),
    )
    works = iter([False, False, True])
    assert settle(cast(Lane, resting), {}, 60.0, works=lambda: next(works)) == ({}, [])
    assert list(works) == []
    ended = settle(cast(Lane, resting), {}, 0.01, works=lambda: False)
    assert ended == ({}, ["after 0 s it still does not work"])


def test_a_replica_is_synced_by_what_its_own_process_has_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("faults.replica.Proxy", lambda *_: None)
    monkeypatch.setattr("faults.replica.popen", lambda *_: SimpleNamespace(pid=1, poll=lambda: 0))
    (tmp_path / "logs").mkdir()
    plane = SimpleNamespace(home=tmp_path, accompany=lambda *_: None)
    replica = Replica(cast(ControlPlane, plane), Journal(), "lane-0001", 0, {})
    replica.token = "token"
    for _ in range(2):
        replica.start()
        before = replica.synced
        with replica.log.open("a") as log:
            log.write("[2026-11-30 11:36:54,782] ailtire_operator.rec [INFO    ] synced: 88 objects\n")
        assert (before, replica.synced) == (False, True)
