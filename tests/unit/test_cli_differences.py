"""What would change, as objects and as text; and the settings that a running tree shows."""

import json
from typing import Any

import pytest

from ailtire_operator.cli.differences import (
    LAST_APPLIED,
    Action,
    Difference,
    applying_manager,
    compare,
    paired,
    summary,
    three_way_patch,
)
from ailtire_operator.cli.settings import running_settings
from ailtire_operator.cluster.kinds import Ref

REF = Ref("Service", "shop", "shop-web")


def service(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "shop-web", "namespace": "shop", "uid": "1", "resourceVersion": "7", "managedFields": []},
        "spec": spec,
        "status": {"loadBalancer": {}},
    }


def test_what_the_server_keeps_for_itself_is_no_difference() -> None:
    after = service(clusterIP="10.0.0.1")
    after["metadata"] |= {"uid": "2", "resourceVersion": "8", "generation": 2, "annotations": {LAST_APPLIED: "{}"}}
    after["status"] = {}
    assert compare(REF, service(clusterIP="10.0.0.1"), after) is None


def test_a_change_is_a_unified_diff() -> None:
    change = compare(REF, service(a=1, b=[1]), service(b=[2], a=1))
    assert change is not None
    assert change.action is Action.CHANGE
    lines = list(change.unified())
    assert lines[:3] == [
        "diff -u -N live/v1.Service.shop.shop-web after/v1.Service.shop.shop-web",
        "--- live/v1.Service.shop.shop-web",
        "+++ after/v1.Service.shop.shop-web",
    ]
    assert [line for line in lines[4:] if line[0] in "+-"] == ["-  - 1", "+  - 2"]


def test_a_new_service_shows_no_address_that_it_will_not_get() -> None:
    change = compare(REF, None, service(clusterIP="10.0.0.9", clusterIPs=["10.0.0.9"], type="ClusterIP"))
    assert change is not None
    assert (change.action, change.after and change.after["spec"]) == (Action.CREATE, {"type": "ClusterIP"})
    headless = compare(REF, None, service(clusterIP="None"))
    assert headless is not None
    assert headless.after is not None
    assert headless.after["spec"] == {"clusterIP": "None"}


def test_files_are_named_as_kubectl_names_them() -> None:
    assert Difference(Ref("Deployment", "a", "b"), Action.DELETE, None, None).file_name == "apps.v1.Deployment.a.b"


def test_the_summary_counts_what_happens() -> None:
    changes = [Difference(REF, action, None, None) for action in (Action.DELETE, Action.CREATE, Action.DELETE)]
    assert summary(changes) == "would be: 1 created, 2 deleted"
    assert summary([]) == "no difference"


def gateway(kind: str, name: str, stack: str = "shop") -> dict[str, Any]:
    labels = {"app.kubernetes.io/component": "gateway", "ailtire.io/stack": stack}
    return {"kind": kind, "metadata": {"name": name, "namespace": "n", "labels": labels}}


def removed(obj: dict[str, Any]) -> Difference:
    return Difference(Ref(obj["kind"], "n", obj["metadata"]["name"]), Action.DELETE, obj, None)


def made(obj: dict[str, Any]) -> Difference:
    return Difference(Ref(obj["kind"], "n", obj["metadata"]["name"]), Action.CREATE, None, obj)


def test_a_gateways_new_configuration_stands_beside_its_old_one() -> None:
    old, new = gateway("ConfigMap", "shop--gateway-1"), gateway("ConfigMap", "shop--gateway-2")
    (change,) = paired([removed(old), made(new)])
    assert (change.action, change.ref.name, change.before, change.after) == (
        Action.REPLACE,
        "shop--gateway-2",
        old,
        new,
    )


def test_a_configuration_that_is_only_left_over_is_no_news() -> None:
    assert paired([removed(gateway("ConfigMap", "shop--gateway-1"))]) == []


def test_a_gateway_that_goes_takes_its_configuration_along() -> None:
    changes = [removed(gateway("ConfigMap", "shop--gateway-1")), removed(gateway("Deployment", "shop--gateway"))]
    assert paired(changes) == changes


def test_configurations_of_two_stacks_are_not_mixed_up() -> None:
    changes = [made(gateway("ConfigMap", "b--gateway-1", "b")), removed(gateway("ConfigMap", "a--gateway-1", "a"))]
    assert paired(changes) == changes[:1]


def live(*managers: tuple[str, str], last: Any = None) -> dict[str, Any]:
    fields = [{"manager": manager, "operation": operation} for manager, operation in managers]
    annotations = {} if last is None else {LAST_APPLIED: json.dumps(last) if not isinstance(last, str) else last}
    return {"metadata": {"name": "shop", "managedFields": fields, "annotations": annotations}}


@pytest.mark.parametrize(
    ("managers", "expected"),
    [
        ([("kubectl", "Apply")], "kubectl"),
        ([("kustomize-controller", "Apply"), ("edit", "Update")], "kustomize-controller"),
        ([("kubectl-client-side-apply", "Update")], None),
        ([("a", "Apply"), ("b", "Apply")], None),
        ([("a", "Apply"), ("kubectl", "Apply")], "kubectl"),
        ([], None),
    ],
)
def test_the_manager_is_the_one_that_keeps_the_object(managers: list[tuple[str, str]], expected: str | None) -> None:
    assert applying_manager(live(*managers), "kubectl") == expected


def test_the_patch_is_that_of_client_side_apply() -> None:
    last = {"spec": {"services": {"web": {"image": "web:1"}, "old": {"image": "old"}}, "appName": "shop"}}
    wanted = {"spec": {"services": {"web": {"image": "web:2"}, "new": {"image": "new"}}}}
    assert three_way_patch(live(last=last), wanted) == {
        "spec": {"services": {"web": {"image": "web:2"}, "new": {"image": "new"}, "old": None}, "appName": None}
    }


@pytest.mark.parametrize("last", [None, "not json", [1], {"spec": 5}])
def test_without_a_usable_memory_nothing_is_taken_away(last: Any) -> None:
    assert three_way_patch(live(last=last), {"spec": {"a": 1}}) == {"spec": {"a": 1}}


def workload(component: str, image: str = "x", kind: str = "Deployment") -> dict[str, Any]:
    pod = {
        "dnsConfig": {"nameservers": ["10.9.0.10"], "searches": ["z-1.shop.svc.corp.example", "svc.corp.example"]},
        "containers": [{"image": image, "lifecycle": {"preStop": {"sleep": {"seconds": 9}}}}],
    }
    labels = {"app.kubernetes.io/component": component}
    return {"kind": kind, "metadata": {"labels": labels}, "spec": {"template": {"spec": pod}}}


def test_the_operators_settings_show_in_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    running = [{"kind": "Service"}, workload("service"), workload("gateway", "nginx:5")]
    settings = running_settings(running)
    assert (settings.nameservers, settings.cluster_domain) == (["10.9.0.10"], "corp.example")
    assert (settings.gateway_image, settings.drain_seconds) == ("nginx:5", 9)
    monkeypatch.setenv("AILTIRE_OPERATOR_GATEWAY_IMAGE", "mine:1")
    assert running_settings(running).gateway_image == "mine:1"


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "Job"])
def test_every_kind_of_workload_shows_them(kind: str) -> None:
    assert running_settings([workload("service", kind=kind)]).nameservers == ["10.9.0.10"]


def test_where_nothing_runs_they_are_the_defaults() -> None:
    assert running_settings([]).cluster_domain == "cluster.local"
