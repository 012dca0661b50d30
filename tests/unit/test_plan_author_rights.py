"""Rights of a container: what each security profile lets a stack ask for, and what becomes of it."""

from typing import Any

import pytest

from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.settings import Settings
from ailtire_operator.plan.types import Observed, Plan
from support.definitions.stacks import find, plan_of, pod_spec

Json = dict[str, Any]
GENEROUS = Settings(allow_privileged=True, nameservers=["10.0.0.10"], device_resources={"/dev/kvm": "x.example/kvm"})


def planned(profile: str, settings: Settings = GENEROUS, **service: Any) -> Plan:
    spec = {"securityProfile": profile, "services": {"web": {"image": "web:1", "user": "1000", **service}}}
    return plan_of(spec, settings=settings)


def pod(made: Plan) -> Json:
    return pod_spec(find(made, "Deployment", "shop-web"))


def context(made: Plan) -> Json:
    found: Json = pod(made)["containers"][0]["securityContext"]
    return found


NEEDED = [
    ({"capAdd": ["NET_BIND_SERVICE"]}, "capAdd[0]", "restricted"),
    ({"capAdd": ["CAP_CHOWN"]}, "capAdd[0]", "baseline"),
    ({"capAdd": ["SYS_ADMIN"]}, "capAdd[0]", "privileged"),
    ({"capAdd": ["ALL"]}, "capAdd[0]", "privileged"),
    ({"privileged": True}, "privileged", "privileged"),
    ({"sysctls": {"net.ipv4.ip_unprivileged_port_start": 0}}, "sysctls", "restricted"),
    ({"sysctls": {"net.core.somaxconn": 1024}}, 'sysctls["net.core.somaxconn"]', "privileged"),
    ({"securityOpt": {"seccomp": "default", "apparmor": "default"}}, "securityOpt", "restricted"),
    ({"securityOpt": {"seccomp": "profiles/a.json"}}, "securityOpt", "restricted"),
    ({"securityOpt": {"seccomp": "unconfined"}}, "securityOpt.seccomp", "privileged"),
    ({"securityOpt": {"apparmor": "unconfined"}}, "securityOpt.apparmor", "privileged"),
    ({"securityOpt": {"noNewPrivileges": False}}, "securityOpt.noNewPrivileges", "baseline"),
    ({"securityOpt": {"label": {"type": "spc_t"}}}, "securityOpt.label", "privileged"),
    ({"securityOpt": {"label": {"type": "container_t", "level": "s0"}}}, "securityOpt", "restricted"),
    ({"securityOpt": {"systempaths": "unconfined"}}, "securityOpt.systempaths", "privileged"),
    ({"ports": {"a": {"port": 80, "published": 80, "mode": "host"}}}, "ports.a.published", "privileged"),
]


@pytest.mark.parametrize("profile", ["restricted", "baseline", "privileged"])
@pytest.mark.parametrize(("service", "path", "needed"), NEEDED)
def test_a_pod_asks_for_no_more_than_its_profile_gives(profile: str, service: Json, path: str, needed: str) -> None:
    order = ["restricted", "baseline", "privileged"]
    if order.index(profile) >= order.index(needed):
        assert context(planned(profile, **service))
        return
    with pytest.raises(InvalidStack) as refused:
        planned(profile, **service)
    (problem,) = refused.value.problems
    assert problem.path == f"spec.services.web.{path}"
    assert f"needs securityProfile: {needed}, and the stack has {profile}" in problem.message


def test_privileged_is_the_administrators_to_allow() -> None:
    with pytest.raises(InvalidStack, match=r"spec\.securityProfile: this operator allows no privileged stacks"):
        planned("privileged", Settings())


def test_capabilities_lose_their_prefix_and_restricted_takes_all() -> None:
    made = planned("baseline", capAdd=["CAP_CHOWN"], capDrop=["CAP_NET_RAW"])
    assert context(made)["capabilities"] == {"add": ["CHOWN"], "drop": ["NET_RAW"]}
    made = planned("restricted", capAdd=["NET_BIND_SERVICE"], capDrop=["CAP_NET_RAW"])
    assert context(made)["capabilities"] == {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]}
    assert [each.path for each in made.notices] == ["spec.services.web.capDrop"]


def test_a_privileged_container_may_gain_rights() -> None:
    made = planned("privileged", privileged=True, securityOpt={"noNewPrivileges": True})
    assert context(made) == {"runAsUser": 1000, "privileged": True}


def test_groups_and_kernel_parameters() -> None:
    made = planned("baseline", groupAdd=[3000, 4000], sysctls={"net.ipv4.tcp_syncookies": 1})
    assert pod(made)["securityContext"]["supplementalGroups"] == [3000, 4000]
    assert pod(made)["securityContext"]["sysctls"] == [{"name": "net.ipv4.tcp_syncookies", "value": "1"}]


def reserved(**reservations: Any) -> Json:
    return {"deploy": {"resources": {"reservations": reservations}}}


@pytest.mark.parametrize(
    ("service", "counted"),
    [
        (reserved(devices={"gpu": {"driver": "nvidia", "count": 2}}), {"nvidia.com/gpu": "2"}),
        (reserved(devices={"gpu": {"capabilities": ["gpu"]}}), {"nvidia.com/gpu": "1"}),
        (reserved(devices={"gpu": {"driver": "amd"}}, genericResources={"AMD-GPU": 2}), {"amd.com/gpu": "3"}),
        (reserved(genericResources={"example.com/fpga": 1}), {"example.com/fpga": "1"}),
        ({"devices": {"kvm": {"source": "/dev/kvm"}}}, {"x.example/kvm": "1"}),
    ],
)
def test_devices_are_extended_resources(service: Json, counted: Json) -> None:
    assert pod(planned("restricted", **service))["containers"][0]["resources"] == {
        "limits": counted,
        "requests": counted,
    }


@pytest.mark.parametrize(
    ("service", "complaint"),
    [
        (reserved(devices={"x": {"driver": "other"}}), r"reservations\.devices\.x: only the drivers"),
        (reserved(devices={"x": {}}), r"reservations\.devices\.x: only the drivers"),
        (reserved(genericResources={"SSD": 1}), r"reservations\.genericResources\.SSD: the operator's settings"),
        ({"devices": {"x": {"source": "/dev/x"}}}, r"devices\.x: the operator's settings"),
    ],
)
def test_a_device_that_nobody_offers_is_refused_with_its_path(service: Json, complaint: str) -> None:
    with pytest.raises(InvalidStack, match=complaint):
        planned("restricted", **service)


CLAIMS = reserved(claimTemplates={"gpu": "one-large-gpu", "fast": "one-nic"})


def test_a_claim_for_devices_is_made_for_each_pod_by_a_template() -> None:
    found = pod(planned("restricted", **CLAIMS))
    assert found["resourceClaims"] == [
        {"name": "fast", "resourceClaimTemplateName": "one-nic"},
        {"name": "gpu", "resourceClaimTemplateName": "one-large-gpu"},
    ]
    assert found["containers"][0]["resources"] == {"claims": [{"name": "fast"}, {"name": "gpu"}]}


def test_without_claims_in_the_cluster_a_service_does_not_run_without_its_devices() -> None:
    stack = {"services": {"web": {"image": "web:1", **CLAIMS}}}
    with pytest.raises(InvalidStack, match=r"reservations\.claimTemplates: this API server keeps no claims") as refused:
        plan_of(stack, Observed(resource_claims=False))
    assert [each.gated for each in refused.value.problems] == [True]


def test_devices_of_a_gateway_are_told_to_have_no_effect() -> None:
    reservations = {"devices": {"gpu": {}}, "genericResources": {"a.b/c": 1}, "claimTemplates": {"gpu": "x"}}
    services = {"web": {"image": "web:1", "interface": {"/": {"port": 80}}}}
    made = plan_of({"services": services, "gateway": {"resources": {"reservations": reservations}}})
    told = [each.path.rpartition(".")[2] for each in made.notices if each.path.startswith("spec.gateway")]
    assert told == sorted(reservations)


def test_local_storage_has_a_bound_and_nothing_set_aside() -> None:
    made = planned("restricted", storageOpt={"size": "2048Mi"})
    bound = {"limits": {"ephemeral-storage": "2Gi"}, "requests": {"ephemeral-storage": "0"}}
    assert pod(made)["containers"][0]["resources"] == bound
