"""Pods: probes with Docker's defaults, security, stopping, resources, what every pod has."""

from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.plan.types import Manifest, Observed
from support.definitions.stacks import SETTINGS, find, full_spec, plan_of, pod_spec
from support.kube.pod_security import baseline_violations, restricted_violations

Json = dict[str, Any]


def workload(service: Json, observed: Observed | None = None, **stack: Any) -> Manifest:
    return find(
        plan_of({"services": {"web": {"image": "web:1", **service}}, **stack}, observed), "Deployment", "shop-web"
    )


def container(service: Json, observed: Observed | None = None, **stack: Any) -> Json:
    found: Json = pod_spec(workload(service, observed, **stack))["containers"][0]
    return found


ACTIONS = {
    "a shell line as one text": (
        {"test": ["CMD-SHELL", "test -f /a b"]}, {"exec": {"command": ["/bin/sh", "-c", "test -f /a b"]}}
    ),
    "a program and its arguments": ({"test": ["CMD", "check", "-v"]}, {"exec": {"command": ["check", "-v"]}}),
    "a variable of the shell's own, which the kubelet would expand": (
        {"test": ["CMD-SHELL", "test $(date +%u) -lt 8 && test $X"]},
        {"exec": {"command": ["/bin/sh", "-c", "test $$(date +%u) -lt 8 && test $$X"]}},
    ),
    "a path": ({"http": "/health", "port": 8080}, {"httpGet": {"path": "/health", "port": 8080}}),
    "a path on the first port": ({"http": "/"}, {"httpGet": {"path": "/", "port": 4000}}),
    "a port": ({"tcp": True, "port": 5}, {"tcpSocket": {"port": 5}}),
}  # fmt: skip


@pytest.mark.parametrize(("check", "action"), ACTIONS.values(), ids=ACTIONS)
def test_a_healthcheck_becomes_three_probes_with_dockers_defaults(check: Json, action: Json) -> None:
    made = container({"healthcheck": check, "ports": {"z": {"port": 5000}, "a": {"port": 4000}}})
    steady = {**action, "periodSeconds": 30, "timeoutSeconds": 30, "failureThreshold": 3}
    assert made["readinessProbe"] == made["livenessProbe"] == steady
    # No start period: three tries of 30 s, looked at every 5 s.
    assert made["startupProbe"] == {**action, "periodSeconds": 5, "timeoutSeconds": 30, "failureThreshold": 18}


@pytest.mark.parametrize("check", [{"test": ["NONE"]}, {"disable": True}, {"tcp": False}, None])
def test_no_check_is_no_probe(check: Json | None) -> None:
    assert not [key for key in container({"healthcheck": check} if check else {}) if key.endswith("Probe")]


STARTING = [
    # interval, retries, start period, start interval -> period, tries
    ("30s", 3, None, "5s", 5, 18), ("10s", 3, "30s", "5s", 5, 12), ("10s", 2, "31s", "5s", 5, 11),
    ("5s", 1, "1m", "10s", 10, 7), ("1s", 1, None, "5s", 5, 1), ("30s", 0, None, "5s", 5, 18),
    ("500ms", 3, "1500ms", "1s", 1, 5), ("99999h", 1000, "99999h", "1s", 1, 2**31 - 1),
]  # fmt: skip


@pytest.mark.parametrize(("interval", "retries", "period", "every", "seconds", "tries"), STARTING)
def test_a_start_period_gives_time_and_is_looked_at_often(
    interval: str, retries: int, period: str | None, every: str, seconds: int, tries: int
) -> None:
    check = {"tcp": True, "port": 1, "interval": interval, "retries": retries, "startInterval": every}
    made = container({"healthcheck": check | ({"startPeriod": period} if period else {})})
    assert (made["startupProbe"]["periodSeconds"], made["startupProbe"]["failureThreshold"]) == (seconds, tries)


@pytest.mark.parametrize(
    ("check", "path"),
    [({"http": "/"}, "healthcheck.port"), ({"tcp": True}, "healthcheck.port"), ({"test": ["CMD"]}, "healthcheck.test"),
     ({"test": ["true"]}, "healthcheck.test"), ({"test": ["CMD-SHELL", "a", "b"]}, "healthcheck.test")],
)  # fmt: skip
def test_a_check_that_says_too_little_is_refused_with_its_path(check: Json, path: str) -> None:
    with pytest.raises(InvalidStack, match=rf"spec\.services\.web\.{path}: "):
        container({"healthcheck": check})


STOPPING = [
    # service, the cluster keeps stop signals -> lifecycle, grace
    ({}, False, None, 30),
    ({"ports": {"a": {"port": 1}}}, False, {"preStop": {"sleep": {"seconds": 15}}}, 45),
    ({"interface": {"/": {}}, "stopGracePeriod": "1m"}, False, {"preStop": {"sleep": {"seconds": 15}}}, 75),
    ({"stopGracePeriod": "1500ms"}, False, None, 2),
    ({"stopSignal": "SIGTERM"}, False, None, 30),
    ({"stopSignal": "SIGTERM"}, True, {"stopSignal": "SIGTERM"}, 30),
    ({"stopSignal": "SIGINT"}, True, {"stopSignal": "SIGINT"}, 30),
    ({"stopSignal": "SIGINT", "ports": {"a": {"port": 1}}}, True,
     {"preStop": {"sleep": {"seconds": 15}}, "stopSignal": "SIGINT"}, 45),
]  # fmt: skip


@pytest.mark.parametrize(("service", "kept", "lifecycle", "grace"), STOPPING)
def test_a_pod_is_asked_to_stop_and_gets_time(service: Json, kept: bool, lifecycle: Json | None, grace: int) -> None:
    pod = pod_spec(workload(service, Observed(stop_signal=kept)))
    assert pod["containers"][0].get("lifecycle") == lifecycle
    assert pod["terminationGracePeriodSeconds"] == grace
    assert ("os" in pod) is ("stopSignal" in (lifecycle or {}))


def test_a_stop_signal_that_the_cluster_drops_is_sent_by_a_hook_and_told() -> None:
    made = plan_of({"services": {"web": {"image": "web:1", "stopSignal": "SIGRTMIN+3"}}})
    hook = pod_spec(find(made, "Deployment", "shop-web"))["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
    assert hook == ["/bin/sh", "-c", "sleep 0; kill -RTMIN+3 1; while kill -0 1 2>/dev/null; do sleep 1; done"]
    assert [each.path for each in made.notices] == ["spec.services.web.stopSignal"]


@pytest.mark.parametrize("signal", ["SIGFOO", "SIGRTMIN+16", "SIGRTMAX-15", "SIG", "SIG-"])
def test_what_is_no_signal_is_refused(signal: str) -> None:
    with pytest.raises(InvalidStack, match="stopSignal"):
        container({"stopSignal": signal})


RESOURCES = [
    ({}, {}),
    ({"limits": {"cpu": "0.5"}}, {"limits": {"cpu": "500m"}, "requests": {"cpu": "0"}}),
    ({"limits": {"cpu": 2, "memory": "1024Mi"}, "reservations": {"memory": "0.5Gi"}},
     {"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "0", "memory": "512Mi"}}),
    ({"reservations": {"cpu": "100m"}}, {"requests": {"cpu": "100m"}}),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "given"), RESOURCES)
def test_a_limit_without_a_reservation_reserves_nothing(wanted: Json, given: Json) -> None:
    assert container({"deploy": {"resources": wanted}}).get("resources", {}) == given


SECURITY = [
    # profile, service -> pod's and container's security contexts
    ("restricted", {}, {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
     {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}),
    ("restricted", {"user": "1000:2000", "readOnly": True, "volumes": {"a": {"target": "/a"}}},
     {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}, "fsGroup": 2000,
      "fsGroupChangePolicy": "OnRootMismatch"},
     {"runAsUser": 1000, "runAsGroup": 2000, "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]},
      "readOnlyRootFilesystem": True}),
    ("baseline", {"user": "0"}, {"seccompProfile": {"type": "RuntimeDefault"}}, {"runAsUser": 0}),
    ("baseline", {"user": "0", "volumes": {"a": {"target": "/a"}}},
     {"seccompProfile": {"type": "RuntimeDefault"}, "fsGroup": 0, "fsGroupChangePolicy": "OnRootMismatch"},
     {"runAsUser": 0}),
    ("baseline", {}, {"seccompProfile": {"type": "RuntimeDefault"}}, None),
]  # fmt: skip


@pytest.mark.parametrize(("profile", "service", "of_pod", "of_container"), SECURITY)
def test_security_contexts_are_those_of_the_profile(
    profile: str, service: Json, of_pod: Json, of_container: Json | None
) -> None:
    pod = pod_spec(workload(service, securityProfile=profile))
    assert pod["securityContext"] == of_pod
    assert pod["containers"][0].get("securityContext") == of_container


@pytest.mark.parametrize("profile", ["restricted", "baseline"])
def test_every_pod_meets_the_standard_that_its_stack_declares_and_gateways_the_stricter_one(profile: str) -> None:
    made = plan_of({**full_spec(), "securityProfile": profile})
    workloads = [each for each in made.objects if each["kind"] in ("Deployment", "StatefulSet")]
    assert len(workloads) == 5
    for each in workloads:
        judge = (
            restricted_violations
            if profile == "restricted" or "gateway" in each["metadata"]["name"]
            else baseline_violations
        )
        assert judge(pod_spec(each)) == [], each["metadata"]["name"]


def test_the_checker_sees_what_is_wrong() -> None:
    assert restricted_violations({"containers": [{}]}) == [
        "runAsNonRoot", "allowPrivilegeEscalation", "seccompProfile", "capabilities"
    ]  # fmt: skip
    assert baseline_violations({"hostPID": True, "volumes": [{"hostPath": {}}], "containers": [{}]}) == [
        "hostPID",
        "hostPath",
    ]


def test_root_under_the_restricted_profile_is_told() -> None:
    notices = plan_of({"services": {"web": {"image": "web:1", "user": "0:5"}}}).notices
    assert [(each.path, each.classification) for each in notices] == [("spec.services.web.user", "rejected")]


def test_every_pod_has_no_token_spreads_over_nodes_and_pulls_with_the_stacks_secrets() -> None:
    made = plan_of({"services": {"web": {"image": "web:1", "interface": {"/": {}}}}, "imagePullSecrets": ["b", "a"]})
    for name, component in (("shop-web", "service"), ("shop--gateway", "gateway")):
        deployment = find(made, "Deployment", name)
        pod = pod_spec(deployment)
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
        assert pod["imagePullSecrets"] == [{"name": "b"}, {"name": "a"}]
        (spread,) = pod["topologySpreadConstraints"]
        assert spread["whenUnsatisfiable"] == "ScheduleAnyway"
        assert spread["labelSelector"] == deployment["spec"]["selector"]
        assert spread["labelSelector"]["matchLabels"][naming.LABEL_COMPONENT] == component


def test_words_and_labels_go_through() -> None:
    service = {
        "entrypoint": ["/run", "$(X)"], "command": ["-a", ""], "workingDir": "/srv", "labels": {"team": "blue"},
        "annotations": {"example.com/n": "1"},
    }  # fmt: skip
    made = workload(service, environment="qa")
    assert container(service)["command"] == ["/run", "$$(X)"]
    assert container(service)["args"] == ["-a", ""]
    assert container(service)["workingDir"] == "/srv"
    metadata = made["spec"]["template"]["metadata"]
    assert metadata["annotations"] == {"example.com/n": "1"}
    assert (metadata["labels"]["team"], metadata["labels"]["ailtire.io/environment"]) == ("blue", "qa")


def test_a_pod_says_its_key_where_its_name_cannot() -> None:
    made = plan_of({"services": {"policy_engine": {"image": "web:1"}}})
    template = find(made, "Deployment", "shop-policy-engine")["spec"]["template"]
    assert template["metadata"]["annotations"] == {"ailtire.io/key": "policy_engine"}
    assert [each.path for each in made.notices] == ["spec.services.policy_engine"]


def test_a_pod_names_as_many_dns_servers_as_it_may() -> None:
    settings = SETTINGS.model_copy(update={"nameservers": ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"]})
    made = plan_of({"services": {"web": {"image": "web:1"}}}, settings=settings)
    assert len(pod_spec(find(made, "Deployment", "shop-web"))["dnsConfig"]["nameservers"]) == 3
