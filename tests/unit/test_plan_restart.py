"""restartedAt: one annotation of the pod templates that the restart concerns, and nothing else."""

from copy import deepcopy
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.model.loading import parse_spec, parse_stack
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.values import latest
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Manifest, Observed
from support.definitions.stacks import SETTINGS, stack

Json = dict[str, Any]
EARLY, LATE = "2026-11-29T12:00:00Z", "2026-11-29T12:30:00+00:00"
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")
SPEC: Json = {
    "services": {
        "web": {"image": "web", "interface": {"/": {}}},
        "agent": {"image": "agent", "deploy": {"mode": "global"}},
        "db": {"image": "db", "volumes": {"rows": {"source": "rows", "target": "/rows"}}},
        "migrate": {"image": "migrate", "deploy": {"mode": "replicatedJob"}},
        "orders": {
            "type": "stack",
            "interface": {"/orders": {}},
            "stack": {"services": {"api": {"image": "api", "interface": {"/": {}}}, "mail": {"image": "mail"}}},
        },
    },
    "data": {"rows": {"perReplica": True}},
}


def workloads(spec: Json) -> dict[str, Manifest]:
    """All workloads of the tree: by name, jobs by the name without its hash."""
    found = {}
    waiting = [stack(spec)]
    while waiting:
        objects = plan(waiting.pop(), SETTINGS, Observed()).objects
        waiting += [parse_stack(each) for each in objects if each["kind"] == naming.KIND]
        for each in objects:
            if each["kind"] in WORKLOADS:
                name = each["metadata"]["name"]
                found[name.rpartition("-")[0] if each["kind"] == "Job" else name] = each
    return found


def restarted(spec: Json) -> dict[str, str]:
    """When each workload that says so was restarted."""
    annotations = {
        name: each["spec"]["template"]["metadata"].get("annotations") for name, each in workloads(spec).items()
    }
    return {name: each["ailtire.io/restarted-at"] for name, each in annotations.items() if each}


def with_times(
    root: str = "", web: str = "", migrate: str = "", orders: str = "", inner: str = "", api: str = ""
) -> Json:
    spec = deepcopy(SPEC)
    members, below = spec["services"], spec["services"]["orders"]["stack"]
    said = ((spec, root), (members["web"], web), (members["migrate"], migrate), (members["orders"], orders))
    for where, time in (*said, (below, inner), (below["services"]["api"], api)):
        if time:
            where["restartedAt"] = time
    return spec


EVERYTHING = ("shop-web", "shop-agent", "shop-db", "shop--gateway")
BELOW = ("shop-orders-api", "shop-orders-mail", "shop-orders--gateway")


def test_a_definition_without_it_has_no_annotation() -> None:
    assert restarted(SPEC) == {}


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({"root": LATE}, dict.fromkeys((*EVERYTHING, *BELOW), LATE)),
        ({"orders": LATE}, dict.fromkeys(BELOW, LATE)),
        ({"inner": LATE}, dict.fromkeys(BELOW, LATE)),
        ({"web": LATE}, {"shop-web": LATE}),
        ({"api": LATE}, {"shop-orders-api": LATE}),
        ({"root": EARLY, "web": LATE}, {**dict.fromkeys((*EVERYTHING, *BELOW), EARLY), "shop-web": LATE}),
        ({"root": LATE, "web": EARLY, "api": EARLY}, dict.fromkeys((*EVERYTHING, *BELOW), LATE)),
        ({"migrate": LATE}, {"shop-migrate": LATE}),
    ],
)
def test_the_latest_of_all_that_apply_counts(times: dict[str, str], expected: dict[str, str]) -> None:
    assert restarted(with_times(**times)) == expected


def test_nothing_else_of_a_workload_changes() -> None:
    before, after = workloads(SPEC), workloads(with_times(root=LATE))
    for each in after.values():
        if (annotations := each["spec"]["template"]["metadata"].get("annotations")) is not None:
            del annotations["ailtire.io/restarted-at"]
            if not annotations:
                del each["spec"]["template"]["metadata"]["annotations"]
    assert after == before


def test_a_job_is_run_again_only_by_its_own() -> None:
    def job(spec: Json) -> str:
        return str(workloads(spec)["shop-migrate"]["metadata"]["name"])

    assert job(with_times(root=LATE)) == job(SPEC) != job(with_times(migrate=LATE))


def test_the_latest_is_a_matter_of_time_and_not_of_text() -> None:
    assert latest("2026-11-29T12:00:00+02:00", None, "2026-11-29T11:00:00Z") == "2026-11-29T11:00:00Z"
    assert latest(None, None) is None


@pytest.mark.parametrize(
    "time", ["2026-11-29", "2026-02-30T12:00:00Z", "2026-11-29T12:00:00", "now", "2026-11-29T25:00:00Z"]
)
def test_what_is_no_time_is_refused(time: str) -> None:
    with pytest.raises(InvalidStack, match=r"spec\.restartedAt"):
        parse_spec({"restartedAt": time})


def test_another_version_of_what_a_service_reads_changes_one_annotation_of_its_own_pods() -> None:
    def with_versions(**versions: str) -> dict[str, Manifest]:
        spec = deepcopy(SPEC)
        spec["services"]["web"]["reloadOn"] = versions
        return workloads(spec)

    none, first, same, second = (
        with_versions(),
        with_versions(a="1", b="2"),
        with_versions(b="2", a="1"),
        with_versions(a="2"),
    )
    assert none == workloads(SPEC)
    assert first == same
    seen = {
        each["shop-web"]["spec"]["template"]["metadata"]["annotations"]["ailtire.io/reloaded-on"]
        for each in (first, second)
    }
    assert len(seen) == 2
    del first["shop-web"]["spec"]["template"]["metadata"]["annotations"]
    assert first == none


def test_a_time_that_is_not_asked_for_any_more_stays() -> None:
    """An apply of a file that names none restarts nothing; one that names another time does."""
    there = {
        ("Deployment", "shop-web"): EARLY,
        ("Deployment", "shop--gateway"): EARLY,
        ("StatefulSet", "shop-db"): LATE,
    }

    def times(spec: Json) -> dict[str, str]:
        made = [
            each for each in plan(stack(spec), SETTINGS, Observed(restarts=there)).objects if each["kind"] in WORKLOADS
        ]
        found = {each["metadata"]["name"]: each["spec"]["template"]["metadata"].get("annotations") for each in made}
        return {name: each["ailtire.io/restarted-at"] for name, each in found.items() if each}

    assert times(SPEC) == {"shop-web": EARLY, "shop--gateway": EARLY, "shop-db": LATE}
    asked = {**SPEC, "restartedAt": LATE}
    assert times(asked) == dict.fromkeys(("shop-web", "shop--gateway", "shop-db", "shop-agent"), LATE)
