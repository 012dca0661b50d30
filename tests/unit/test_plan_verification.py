"""The check of a stack: which definition is another one, and what its Job may do."""

from copy import deepcopy
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed, Plan
from ailtire_operator.status.blockers import first_cause
from ailtire_operator.status.observed import LiveObject, Problem
from ailtire_operator.status.verification import check_of, ending
from support.definitions.stacks import SETTINGS, stack

WEB: dict[str, Any] = {"image": "w:1", "interface": {"/": {"path": "/", "port": 80}}}
INNER: dict[str, Any] = {"services": {"deep": {"image": "d:1"}}}
ORDERS: dict[str, Any] = {
    "services": {"api": {"image": "a:1", "deploy": {"replicas": 2}}, "inner": {"type": "stack", "stack": INNER}}
}
SPEC: dict[str, Any] = {
    "verify": {"image": "test:1", "command": ["smoke", "$(HOME)"], "environment": {"DEPTH": "full"}},
    "env": {"REGION": "eu"},
    "networks": {"backend": {}},
    "services": {"web": WEB, "orders": {"type": "stack", "stack": ORDERS}},
}


def planned(spec: dict[str, Any]) -> Plan:
    return plan(stack(spec), SETTINGS, Observed())


def job(spec: dict[str, Any]) -> dict[str, Any]:
    found = planned(spec)
    assert found.verification is not None
    (made,) = [each for each in found.objects if each["kind"] == "Job"]
    assert made["metadata"]["name"] == found.verification.name
    return made


def edited(*path: str, value: Any) -> dict[str, Any]:
    spec = deepcopy(SPEC)
    at = spec
    for step in path[:-1]:
        at = at.setdefault(step, {})
    at[path[-1]] = value
    return spec


INSIDE = ("services", "orders", "stack", "services")


@pytest.mark.parametrize(
    "path",
    [
        ("services", "web", "deploy", "replicas"),
        (*INSIDE, "api", "deploy", "replicas"),
        (*INSIDE, "inner", "stack", "services", "deep", "deploy", "replicas"),
    ],
)
def test_a_count_is_no_other_definition(path: tuple[str, ...]) -> None:
    assert job(edited(*path, value=7)) == job(SPEC)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("services", "web", "interface", "/more"), {"path": "/", "port": 80}),
        ((*INSIDE, "api", "interface"), {"/api": {"path": "/", "port": 80}}),
        ((*INSIDE, "api", "policies"), {"scaling": {"min": 1, "max": 3}}),
        (("edge",), {"hosts": ["shop.example"]}),
        (("gateway",), {"replicas": 5}),
        (("suspend",), True),
        (("services", "orders", "dependsOn"), {"web": {}}),
        ((*INSIDE[:-1], "verify"), {"image": "other:1"}),
    ],
)
def test_a_route_is_no_other_definition(path: tuple[str, ...], value: Any) -> None:
    assert job(edited(*path, value=value)) == job(SPEC)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("services", "web", "image"), "w:2"),
        ((*INSIDE, "api", "environment"), {"A": "b"}),
        ((*INSIDE, "inner", "stack", "services", "deep", "image"), "d:2"),
        (("images",), {"d": "d:7"}),
        (("env", "REGION"), "us"),
        (("restartedAt",), "2026-11-29T12:30:00Z"),
        (("services", "orders", "restartedAt"), "2026-11-29T12:30:00Z"),
        (("verify", "command"), ["other"]),
    ],
)
def test_what_changes_a_pod_is_another_definition(path: tuple[str, ...], value: Any) -> None:
    assert job(edited(*path, value=value))["metadata"]["name"] != job(SPEC)["metadata"]["name"]


@pytest.mark.parametrize(
    "path",
    [("stopped",), ("services", "orders", "stopped"), (*INSIDE, "inner", "stack", "services", "deep", "stopped")],
)
def test_it_waits_while_anything_is_stopped_and_is_the_same_afterwards(path: tuple[str, ...]) -> None:
    stopped = edited(*path, value=True)
    found = planned(stopped).verification
    assert found is not None
    assert found.stopped
    made = job(stopped)
    assert made["spec"].pop("suspend") is True
    assert made == job(SPEC)


def test_its_pod_is_in_the_networks_of_the_stack_and_is_no_pod_of_a_service() -> None:
    template = job(SPEC)["spec"]["template"]
    labels, (container,) = template["metadata"]["labels"], template["spec"]["containers"]
    for network in ("siblings", "backend"):
        assert naming.network_label("shop", network) in labels
    selectors = [each["spec"].get("selector") or {} for each in planned(SPEC).objects if each["kind"] == "Service"]
    assert not any(each and each.items() <= labels.items() for each in selectors)
    assert labels[naming.LABEL_SERVICE] != naming.sanitize(labels[naming.LABEL_SERVICE]), "no key becomes it"
    assert {"name": "AILTIRE_PARENT", "value": "shop"} in container["env"]
    assert {"name": "REGION", "value": "eu"} in container["env"]
    assert container["args"] == ["smoke", "$$(HOME)"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert template["spec"]["securityContext"]["runAsNonRoot"] is True
    assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_its_image_is_resolved_and_pulled_as_those_of_services() -> None:
    spec = SPEC | {"images": {"test": "test:9"}, "imageRegistry": "registry.example", "imagePullSecrets": ["pull"]}
    pod = job(spec)["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "registry.example/test:9"
    assert pod["imagePullSecrets"] == [{"name": "pull"}]


def test_a_stack_without_one_has_no_job_and_a_long_name_is_cut() -> None:
    without = {name: value for name, value in SPEC.items() if name != "verify"}
    assert planned(without).verification is None
    assert [each for each in planned(SPEC).objects if each["kind"] != "Job"] == list(planned(without).objects)
    assert len(naming.verification("x" * 63, "")) <= naming.WORKLOAD_NAME_LIMIT


@pytest.mark.parametrize("timeout", ["0s", "25h", "5"])
def test_its_time_is_bounded(timeout: str) -> None:
    with pytest.raises(InvalidStack, match=r"spec\.verify\.timeout"):
        planned(edited("verify", "timeout", value=timeout))


def live(**conditions: tuple[str, str, str]) -> LiveObject:
    return LiveObject(1, {"conditions": conditions})


def test_a_check_is_pending_running_passed_or_failed() -> None:
    assert check_of("j", None, ()).phase == "Pending"
    running = check_of("j", live(), ({"containers": {"verify": {"waiting": "ImagePullBackOff"}}},))
    assert running.phase == "Running"
    assert running.problem is not None
    assert (running.problem.reason, running.problem.transient) == ("Verifying", True)
    assert "ImagePullBackOff" in running.problem.message
    assert check_of("j", live(Complete=("True", "", "")), ()).problem is None
    pods = ({"containers": {"verify": {"exitCode": 3}}, "said": "a\nb\n"},)
    failed = check_of("j", live(Failed=("True", "BackoffLimitExceeded", "")), pods)
    assert failed.problem is not None
    assert (failed.problem.reason, failed.problem.transient) == ("VerificationFailed", False)
    assert failed.message == "the check has failed with exit code 3: b"
    late = check_of("j", live(Failed=("True", "DeadlineExceeded", "")), ())
    assert late.message == "the check has not ended in time"


def test_what_it_wrote_is_kept_for_the_same_job_alone_and_is_bounded() -> None:
    failed = check_of("j", live(Failed=("True", "", "")), ())
    assert failed.status({"job": "j", "output": "said"}).output == "said"
    assert failed.status({"job": "other", "output": "said"}).output == ""
    assert failed.status("nonsense").output == ""
    shown = ending("first\n" * 1000 + "last\x07")
    assert len(shown) <= 1024
    assert shown.startswith("first\n")
    assert shown.endswith("last\\x07")
    assert len(ending("x" * 5000)) == 1024


def test_a_check_is_the_blocker_only_where_nothing_else_is_wrong() -> None:
    failed = Problem("VerificationFailed", "no", path=("a", "b"))
    starting = Problem("Progressing", "soon", transient=True)
    assert first_cause([failed, starting]) is starting
    assert first_cause([failed]) is failed
