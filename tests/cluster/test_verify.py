"""``spec.verify``: a Job once for each definition, without which a stack and those above it are not Ready."""

import json
from typing import Any

from ailtire_operator.cli.failures import Exit
from cluster.program import Cli
from lab import Operator
from support.kube.trees import Trees, child, service, targets

TEST = "docker.io/library/test:1"
ENDLESS = "lab.invalid/endless:1"
FAILING = "lab.invalid/failing:1"


def check(image: str = TEST, **fields: Any) -> dict[str, Any]:
    return {"image": image, "user": "1000", **fields}


def shop(image: str = "docker.io/library/web:1", verify: dict[str, Any] | None = None, **web: Any) -> dict[str, Any]:
    services = {"web": service(), "orders": child({"api": service(image)})}
    services["web"] |= web
    return {"services": services, "verify": verify or check()}


def jobs(trees: Trees) -> dict[str, str]:
    return {each["metadata"]["name"]: each["metadata"]["uid"] for each in trees.all_of("Job")}


def verified(trees: Trees, name: str, phase: str) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        stack = trees.get("AiltireStack", name) or {}
        found: dict[str, Any] = (stack.get("status") or {}).get("verify") or {}
        return found if found.get("phase") == phase else {}

    return trees.until(f"{name} {phase}", look)


def test_it_runs_once_for_each_definition_and_not_for_a_count_or_a_route(trees: Trees, operator: Operator) -> None:
    trees.apply("shop", shop(interface={"/": {"path": "/", "port": 8080}}))
    trees.until_ready("shop")
    first = jobs(trees)
    (name,) = first
    assert trees.status("shop")["verify"] == {"job": name, "phase": "Passed", "output": ""}
    route = {"/": {"path": "/", "port": 8080}, "/more": {"path": "/", "port": 8080}}
    trees.apply("shop", shop(deploy={"replicas": 2}, interface=route))
    trees.until("the route", lambda: len(trees.status("shop")["routes"]) == 2)
    trees.until_ready("shop")
    trees.settle()
    assert jobs(trees) == first, "neither a count nor a route is another definition"
    mark = trees.audit.mark()
    operator.stop()
    operator.start()
    trees.settle()
    assert targets(trees.writes(mark)) == []
    trees.apply("shop", shop("docker.io/library/web:2", deploy={"replicas": 2}, interface=route))
    trees.until("another check", lambda: jobs(trees) and name not in jobs(trees))
    trees.until_ready("shop")
    assert len(jobs(trees)) == 1, "a child's image is another definition, and the check before is gone"
    api = trees.must("Deployment", "shop-orders-api")
    assert api["status"]["updatedReplicas"] == 1
    trees.apply("shop", {"services": shop()["services"]})
    trees.until("no check", lambda: not jobs(trees))
    trees.until_ready("shop")
    assert "verify" not in trees.status("shop")


def test_nothing_is_ready_before_it_has_passed_and_nothing_waits_for_it(trees: Trees, cli: Cli) -> None:
    inner = child({"api": service()}, stack={"services": {"api": service()}, "verify": check(ENDLESS)})
    web = service(dependsOn={"orders": {"condition": "healthy"}})
    trees.apply("shop", {"services": {"orders": inner, "web": web}})
    verified(trees, "shop-orders", "Running")
    trees.until("web runs", lambda: trees.status("shop")["services"]["web"]["ready"] == 1)
    trees.settle()
    for name, where in (("shop-orders", ""), ("shop", "orders: ")):
        ready = trees.condition(name)
        assert (ready["status"], ready["reason"]) == ("False", "Verifying")
        assert ready["message"] == f"{where}verify: Verifying: the check is running"
    assert "the check is running" in cli("tree", "shop").out
    trees.apply("shop", {"services": {"orders": child({"api": service()}), "web": web}})
    trees.until_ready("shop")


def test_a_failure_stays_until_the_definition_changes(trees: Trees, cli: Cli, operator: Operator) -> None:
    trees.apply("shop", {"services": {"front": service(), "orders": child({}, stack=shop(verify=check(ENDLESS)))}})
    job = verified(trees, "shop-orders", "Running")["job"]
    pod = trees.until("a pod", lambda: _pod_of(trees, job))
    name = pod["metadata"]["name"]
    said = "checking\n" * 300 + "3 of 7 \x1b[31mfailed"
    ended = {"exitCode": 3, "reason": "Error", "message": said, "startedAt": None, "finishedAt": "2026-01-01T00:00:00Z"}
    container = pod["status"]["containerStatuses"][0] | {"state": {"terminated": ended}, "ready": False}
    trees.kubectl(
        "patch", "pod", name, "--subresource=status", "--type=merge",
        "-p", json.dumps({"status": {"phase": "Failed", "containerStatuses": [container]}}),
    )  # fmt: skip
    found = verified(trees, "shop-orders", "Failed")
    assert found["output"].endswith("checking\n3 of 7 \\x1b[31mfailed")
    assert len(found["output"]) <= 1024
    trees.until("told above", lambda: trees.condition("shop").get("reason") == "VerificationFailed")
    stalled = trees.condition("shop-orders", "Stalled")
    assert stalled["reason"] == "VerificationFailed"
    assert "the check has failed with exit code 3: 3 of 7" in stalled["message"]
    assert "orders: verify: VerificationFailed: the check has failed" in trees.condition("shop")["message"]
    waited = cli("wait", "shop", "--timeout", "180s")
    assert waited.code == Exit.FAILED, waited.err
    trees.settle()
    before = jobs(trees)
    mark = trees.audit.mark()
    operator.kill()
    operator.start()
    trees.settle()
    assert (jobs(trees), targets(trees.writes(mark))) == (before, [])
    trees.delete("pod", name)
    trees.until("the pod gone", lambda: trees.get("Pod", name) is None)
    trees.settle()
    assert trees.status("shop-orders")["verify"] == found, "what it said stays when its pod has gone"
    trees.apply("shop", {"services": {"front": service(), "orders": child({}, stack=shop())}})
    trees.until_ready("shop")
    assert before.keys().isdisjoint(jobs(trees))


def test_an_operator_that_is_killed_runs_no_second_check(trees: Trees, operator: Operator) -> None:
    trees.apply("shop", shop(verify=check(ENDLESS)))
    trees.until("the job", lambda: jobs(trees))
    operator.kill()
    made = jobs(trees)
    operator.start()
    verified(trees, "shop", "Running")
    trees.settle()
    assert jobs(trees) == made


def test_its_time_ends(trees: Trees) -> None:
    trees.apply("shop", shop(verify=check(ENDLESS, timeout="2s")))
    found = verified(trees, "shop", "Failed")
    assert found["output"] == ""
    assert "verify: VerificationFailed: the check has not ended in time" in trees.condition("shop")["message"]


def test_a_broken_rollout_is_not_checked_and_a_check_that_fails_is_told(trees: Trees) -> None:
    trees.apply("shop", shop("lab.invalid/unready:1"))
    trees.until("not ready", lambda: trees.condition("shop").get("reason") == "NotReady")
    assert (jobs(trees), trees.status("shop")["verify"]["phase"]) == ({}, "Pending")
    trees.apply("shop", shop(verify=check(FAILING)))
    verified(trees, "shop", "Failed")
    assert "with exit code 1" in trees.condition("shop")["message"]


def _pod_of(trees: Trees, job: str) -> dict[str, Any]:
    pods = (each for each in trees.all_of("Pod") if each["metadata"]["name"].startswith(job))
    return next((each for each in pods if (each.get("status") or {}).get("containerStatuses")), {})
