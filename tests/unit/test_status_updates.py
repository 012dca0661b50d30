"""When has an update failed? Summaries, and for how long they have been so, in; a verdict out."""

from dataclasses import replace
from typing import Any

import pytest

from ailtire_operator.model.rollout import UpdateConfig
from ailtire_operator.status.observed import LiveObject, Problem
from ailtire_operator.status.updates import PATIENCE, Pod, Update, Verdict, is_complete, judge

NEW = ("ReplicaSet", "shop-web-new", "u")
OLD = ("ReplicaSet", "shop-web-old", "v")
PULL = {"web": {"waiting": "ImagePullBackOff", "waitingMessage": "no such tag"}}
CRASH = {"web": {"waiting": "CrashLoopBackOff", "exitCode": 1, "restarts": 2}}


def pod(containers: Any = None, owner: Any = NEW, **fields: Any) -> Pod:
    return Pod({"owner": owner, "containers": containers or {}, **fields}, 0.0)


def update(*pods: Any, kind: str = "Deployment", wanted: int = 4, config: Any = None, **summary: Any) -> Update:
    progress = {"Progressing": ("True", "ReplicaSetUpdated", 'ReplicaSet "shop-web-new" is progressing.')}
    seen = {"observedGeneration": 3, "updated": 4, "conditions": progress, **summary}
    return Update(UpdateConfig.model_validate(config or {}), kind, wanted, LiveObject(3, seen), pods)


def after(seen: Update, seconds: float) -> Verdict:
    """The verdict on pods that have not been ready for so long."""
    return judge(replace(seen, pods=tuple(replace(each, unready=seconds) for each in seen.pods)))


def verdict(seen: Update, seconds: float) -> str | None:
    failed = after(seen, seconds).failed
    return failed.reason if failed else None


@pytest.mark.parametrize("containers", [PULL, CRASH, {"web": {"waiting": "CreateContainerConfigError"}}])
def test_a_pod_in_trouble_fails_the_update_once_it_was_watched_for_long_enough(containers: Any) -> None:
    seen = update(pod(containers))
    assert after(seen, 1) == Verdict(None, 4.0)
    assert verdict(seen, 5) == containers["web"]["waiting"]
    monitored = update(pod(containers), config={"monitor": "30s"})
    assert after(monitored, 10) == Verdict(None, 20.0)
    assert verdict(monitored, 30) == containers["web"]["waiting"]


def test_trouble_is_told_in_its_own_words() -> None:
    assert after(update(pod(PULL)), 5).failed == Problem("ImagePullBackOff", "no such tag")


@pytest.mark.parametrize(("failing", "failed"), [(1, False), (2, False), (3, True)])
def test_so_many_may_fail_as_the_ratio_allows(failing: int, failed: bool) -> None:
    pods = [pod(PULL)] * failing + [pod(ready=True)] * (4 - failing)
    assert (verdict(update(*pods, config={"maxFailureRatio": 0.5}), 60) is not None) is failed


def test_within_the_ratio_it_fails_when_it_does_not_get_on() -> None:
    seen = update(pod(PULL), config={"maxFailureRatio": 0.5})
    assert after(seen, 65).again == PATIENCE - 60
    assert verdict(seen, PATIENCE + 5) == "ImagePullBackOff"


def test_what_merely_is_not_ready_has_ten_minutes() -> None:
    assert after(update(pod()), 5) == Verdict(None, PATIENCE)
    assert verdict(update(pod()), PATIENCE + 5) == "NotReady"
    assert verdict(update(pod(unscheduled=("Unschedulable", "0/4 nodes"))), PATIENCE + 5) == "Unschedulable"


def test_kubernetes_own_deadline_counts() -> None:
    late = {"Progressing": ("False", "ProgressDeadlineExceeded", 'ReplicaSet "shop-web-new" has timed out.')}
    assert verdict(update(conditions=late), 0) == "ProgressDeadlineExceeded"


@pytest.mark.parametrize(
    "seen",
    [
        update(pod(PULL, OLD)),
        update(pod(PULL), observedGeneration=2),
        update(pod(PULL), updated=0),
        update(pod(PULL), conditions={"Progressing": ("True", "DeploymentResumed", "Deployment is resumed")}),
        update(pod(PULL, phase="Failed")),
        update(pod(PULL), updated=None, conditions={}),
    ],
    ids=["of the old", "not seen yet", "not counted yet", "not named", "evicted", "no word"],
)
def test_only_pods_of_the_new_definition_are_judged(seen: Update) -> None:
    if seen.workload.summary.get("updated") is None:
        seen.workload.summary.pop("updated")  # type: ignore[attr-defined]
    assert after(seen, 3600) == Verdict()


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_others_name_their_revision(kind: str) -> None:
    pods = [pod(CRASH, revision="7"), pod(PULL, revision="6")]
    assert verdict(update(*pods, kind=kind, updateRevision="7"), 60) == "CrashLoopBackOff"
    assert verdict(update(*pods, kind=kind, updateRevision="8"), 60) is None
    assert verdict(update(*pods, kind=kind), 60) is None


def test_complete_is_what_stays_ready() -> None:
    counts: dict[str, Any] = {"observedGeneration": 1, "replicas": 2, "updated": 2, "ready": 2}
    assert not is_complete(LiveObject(1, counts), 2)
    assert is_complete(LiveObject(1, {**counts, "available": 2}), 2)
    assert not is_complete(LiveObject(1, {**counts, "available": 2, "replicas": 3}), 2)
    assert not is_complete(LiveObject(1, {"observedGeneration": 1}), 0), "nothing has run"
