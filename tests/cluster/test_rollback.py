"""A failed update on a real control plane: it is rolled back or paused, said so, and tried again with what is new."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cli.failures import Exit
from cluster.program import Cli
from lab import ControlPlane, Operator
from lab.paths import ROOT
from support.conditions import is_true
from support.kube.operators import another
from support.kube.trees import Trees, service, targets

GOOD = "docker.io/library/web:1"
BAD = "lab.invalid/missing:2"
BACK = {"updateConfig": {"failureAction": "rollback", "monitor": "2s"}}
STORY = f"the update to {BAD} failed (ImagePullBackOff: Back-off pulling image {BAD}) and was rolled back to {GOOD}"


def web(image: str = GOOD, deploy: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {"services": {"web": service(image, deploy={**BACK, "replicas": 2, **(deploy or {})}, **fields)}}


def until_back(trees: Trees) -> None:
    trees.until("rolled back", lambda: trees.condition("shop", "Stalled").get("reason") == "RolledBack")


def image(trees: Trees, name: str = "shop-web", kind: str = "Deployment") -> str:
    return str(trees.must(kind, name)["spec"]["template"]["spec"]["containers"][0]["image"])


def pods(trees: Trees) -> dict[str, str]:
    """The image of each pod that is ready."""
    return {
        each["metadata"]["name"]: each["spec"]["containers"][0]["image"]
        for each in trees.all_of("Pod")
        if "deletionTimestamp" not in each["metadata"] and is_true(each)
    }


def events(trees: Trees, reason: str) -> list[str]:
    found = [each for each in trees.all_of("Event") if each["reason"] == reason]
    return [each["message"] for each in found if each["involvedObject"]["kind"] == naming.KIND]


def test_a_bad_image_is_rolled_back_and_a_new_definition_tried_anew(trees: Trees, operator: Operator) -> None:
    trees.apply("shop", web())
    trees.until_ready("shop")
    trees.until_kept(GOOD)
    before = pods(trees)
    trees.apply("shop", web(BAD))
    until_back(trees)
    assert pods(trees) == before, "the replicas that were good have not been touched"
    assert image(trees) == GOOD
    assert trees.condition("shop", "RolledBack")["message"] == f"web: {STORY}"
    ready = trees.condition("shop")
    assert (ready["status"], ready["reason"]) == ("False", "RolledBack")
    assert ready["message"] == f"service web 2/2: RolledBack: {STORY}"
    found = trees.status("shop")["services"]["web"]
    assert (found["ready"], found["wanted"], found["reason"], found["message"]) == (2, 2, "RolledBack", STORY)
    trees.until("an Event", lambda: events(trees, "RolledBack") == [f"web: {STORY}"])

    trees.settle()
    operator.stop()
    mark = trees.audit.mark()
    operator.start()
    time.sleep(3)
    trees.settle()
    assert targets(trees.writes(mark)) == [], "a restart remembers, and has nothing to write"
    assert image(trees) == GOOD

    trees.apply("shop", web(BAD, {"replicas": 3}))
    trees.until("three", lambda: trees.status("shop")["services"]["web"]["ready"] == 3)
    trees.settle()
    assert (image(trees), trees.condition("shop")["reason"]) == (GOOD, "RolledBack"), "an edit of something else"

    trees.apply("shop", web("docker.io/library/web:3", {"replicas": 3}))
    trees.until_ready("shop")
    trees.until_kept("docker.io/library/web:3")
    assert image(trees) == "docker.io/library/web:3"
    assert [trees.condition("shop", kind) for kind in ("RolledBack", "Stalled")] == [{}, {}]


def test_what_a_pipeline_and_a_person_see(trees: Trees) -> None:
    cli = Cli(trees.plane, trees.namespace)
    trees.apply("shop", web())
    trees.until_ready("shop")
    trees.until_kept(GOOD)
    trees.apply("shop", web(BAD))
    waited = cli("wait", "shop", "--timeout", "180s")
    assert waited.code == Exit.ROLLED_BACK
    assert waited.err.splitlines()[-1] == f"shop cannot become ready: service web 2/2: RolledBack: {STORY}"
    assert STORY in cli("tree", "shop", "-o", "json").out
    same = cli("diff", "-", stdin=json.dumps(trees.manifest("shop", web(BAD))))
    assert (same.code, same.out) == (Exit.DONE, "")
    better = cli("diff", "-", stdin=json.dumps(trees.manifest("shop", web("docker.io/library/web:3"))))
    assert better.code == Exit.NO
    assert "docker.io/library/web:3" in better.out


def test_what_the_last_good_definition_needs_is_kept(trees: Trees) -> None:
    def spec(content: str, image: str) -> dict[str, Any]:
        mounts = {"page": {"source": "page", "target": "/page"}}
        return {**web(image, configs=mounts), "configs": {"page": {"content": content}}}

    trees.apply("shop", spec("one", GOOD))
    trees.until_ready("shop")
    trees.until_kept(GOOD)
    (first,) = (name for name in trees.names("ConfigMap") if name.startswith("shop--page-"))
    trees.apply("shop", spec("two", BAD))
    until_back(trees)
    trees.settle()
    assert first in trees.names("ConfigMap")
    volumes = trees.must("Deployment", "shop-web")["spec"]["template"]["spec"]["volumes"]
    assert first in [each.get("configMap", {}).get("name") for each in volumes]
    trees.apply("shop", spec("three", GOOD))
    trees.until_ready("shop")
    trees.until("the first gone", lambda: first not in trees.names("ConfigMap"))


def test_an_update_is_paused_where_it_is(trees: Trees) -> None:
    pause = {"updateConfig": {"failureAction": "pause", "monitor": "2s"}}
    trees.apply("shop", web(deploy=pause))
    trees.until_ready("shop")
    trees.until_kept(GOOD)
    before = pods(trees)
    trees.apply("shop", web(BAD, pause))
    trees.until("paused", lambda: trees.condition("shop", "Stalled").get("reason") == "UpdatePaused")
    cause = f"ImagePullBackOff: Back-off pulling image {BAD}"
    story = f"the update to {BAD} failed ({cause}) and is paused; {GOOD} keeps running"
    assert trees.condition("shop", "UpdatePaused")["message"] == f"web: {story}"
    assert trees.must("Deployment", "shop-web")["spec"]["paused"] is True
    assert pods(trees) == before
    trees.apply("shop", web("docker.io/library/web:3", pause))
    trees.until_ready("shop")
    assert trees.must("Deployment", "shop-web")["spec"].get("paused") is None
    trees.until("all new", lambda: set(pods(trees).values()) == {"docker.io/library/web:3"})


@pytest.mark.parametrize("action", ["rollback", "pause"])
def test_a_stateful_set_is_held_too(trees: Trees, action: str) -> None:
    def spec(image: str) -> dict[str, Any]:
        mounts = {"data": {"source": "records", "target": "/data"}}
        deploy = {"replicas": 3, "updateConfig": {"failureAction": action, "monitor": "2s"}}
        return {
            "services": {"db": service(image, volumes=mounts, deploy=deploy)},
            "data": {"records": {"perReplica": True}},
        }

    trees.apply("shop", spec(GOOD))
    trees.until_ready("shop")
    trees.until_kept(GOOD)
    trees.apply("shop", spec("lab.invalid/crashing:2"))
    reason = {"rollback": "RolledBack", "pause": "UpdatePaused"}[action]
    trees.until(reason, lambda: trees.condition("shop", "Stalled").get("reason") == reason)
    assert "CrashLoopBackOff" in trees.condition("shop", reason)["message"]
    trees.settle()
    if action == "rollback":
        trees.until("all back", lambda: list(pods(trees).values()) == [GOOD] * 3)
    else:
        assert pods(trees) == {"shop-db-0": GOOD, "shop-db-1": GOOD}
        assert trees.must("StatefulSet", "shop-db")["spec"]["updateStrategy"]["rollingUpdate"]["partition"] == 2
    trees.apply("shop", spec("docker.io/library/web:3"))
    trees.until_ready("shop")


def test_a_global_service_is_rolled_back_on_every_node(trees: Trees) -> None:
    def spec(image: str) -> dict[str, Any]:
        return {"services": {"agent": service(image, deploy={"mode": "global", **BACK})}}

    trees.apply("shop", spec(GOOD))
    trees.until_ready("shop")
    trees.until_kept(GOOD)
    trees.apply("shop", spec("lab.invalid/crashing:2"))
    until_back(trees)
    assert image(trees, "shop-agent", "DaemonSet") == GOOD
    assert set(pods(trees).values()) == {GOOD}


def test_the_first_definition_has_nothing_to_go_back_to(trees: Trees) -> None:
    trees.apply("shop", web(BAD))
    told = "no definition has rolled out in full before, so there is nothing to roll back to"
    trees.until("told", lambda: told in trees.condition("shop").get("message", ""))
    trees.settle()
    assert (image(trees), trees.last_good()) == (BAD, [])
    assert trees.condition("shop", "Stalled") == {}


def test_whoever_takes_the_mark_away_has_it_tried_again(trees: Trees) -> None:
    trees.apply("shop", web())
    trees.until_ready("shop")
    trees.until_kept(GOOD)
    trees.apply("shop", web(BAD))
    until_back(trees)
    trees.settle()
    mark = trees.audit.mark()
    path = f"{naming.ANNOTATION_FAILED_UPDATE}-"
    trees.kubectl("annotate", "controllerrevisions", "-l", naming.LABEL_SERVICE, path)
    trees.until("tried", lambda: any(each.resource == "deployments.apps" for each in trees.writes(mark)))
    until_back(trees)
    trees.until("back again", lambda: image(trees) == GOOD)


def test_without_a_failure_action_the_good_replicas_stay(trees: Trees) -> None:
    trees.apply("shop", {"services": {"web": service(deploy={"replicas": 2})}})
    trees.until_ready("shop")
    before = pods(trees)
    trees.apply("shop", {"services": {"web": service(BAD, deploy={"replicas": 2})}})
    trees.until("failing", lambda: trees.condition("shop").get("reason") == "ImagePullBackOff")
    trees.settle()
    assert pods(trees) == before
    assert (image(trees), trees.last_good()) == (BAD, [])


@pytest.mark.parametrize("moved", ["-900", "900"])
def test_a_clock_that_is_wrong_by_a_quarter_of_an_hour_decides_nothing(
    trees: Trees, operator: Operator, control_plane: ControlPlane, moved: str
) -> None:
    def spec(image: str, monitor: str) -> dict[str, Any]:
        return web(image, {"updateConfig": {"failureAction": "rollback", "monitor": monitor}})

    sources = f"{ROOT / 'tests' / 'data' / 'moved_clock'}:{ROOT / 'operator'}"
    clock = {"PYTHONPATH": sources, "MOVED_CLOCK_SECONDS": moved}
    operator.stop()
    with another(control_plane, operator, f"moved{moved}", **clock) as first:
        trees.apply("shop", spec(GOOD, "2s"))
        trees.until_ready("shop")
        trees.until_kept(GOOD)
        skew = datetime.now(UTC) - datetime.fromisoformat(trees.condition("shop")["lastTransitionTime"])
        assert abs(skew.total_seconds() + int(moved)) < 400, "the clock is wrong indeed"
        trees.apply("shop", spec(BAD, "10m"))
        trees.until("told", lambda: trees.condition("shop").get("reason") == "ImagePullBackOff")
        trees.settle()
        assert (image(trees), trees.condition("shop", "RolledBack")) == (BAD, {}), "it has ten minutes"
        first.process.kill()
        first.process.wait()
    with another(control_plane, operator, f"again{moved}", **clock) as second:
        trees.until("it leads", lambda: second.number("ailtire_leader") == 1)
        trees.settle()
        assert image(trees) == BAD, "a restart judges nothing before its time"
        trees.apply("shop", spec(BAD, "2s"))
        until_back(trees)
        assert image(trees) == GOOD
