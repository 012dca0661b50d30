"""Networks as DNS zones: who is in which, under which names, and what a pod searches."""

from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed, Plan
from support.definitions.stacks import SETTINGS, find, plan_of, pod_spec, stack

Json = dict[str, Any]


class Somewhere(dict[str, tuple[str, ...]]):
    """One address for each Service, which is told from its name."""

    def get(self, name: str, default: object = None) -> tuple[str, ...]:
        number = int(naming.digest(name, 4), 16)
        return (f"10.8.{number // 256}.{number % 256}",)


def plain(**more: Any) -> Json:
    return {"image": "web:1", **more}


def names(made: Plan, owner: str, network: str = "siblings", *services: str) -> dict[str, list[str]]:
    """Host names of a zone, and the Services (of those given) that they lead to."""
    by_address = {Somewhere().get(each)[0]: each for each in services}
    found: dict[str, list[str]] = {}
    for each in made.objects:
        if each["kind"] == "EndpointSlice" and each["metadata"]["name"].startswith(naming.zone(owner, network)):
            for endpoint in each["endpoints"]:
                (address,) = endpoint["addresses"]
                found.setdefault(endpoint["hostname"], []).append(by_address.get(address, "?"))
    return found


def planned(spec: Json) -> Plan:
    return plan_of(spec, Observed(addresses=Somewhere()))


def tree(spec: Json) -> dict[str, Plan]:
    found: dict[str, Plan] = {}
    waiting = [stack(spec)]
    while waiting:
        made = plan(waiting.pop(), SETTINGS, Observed(addresses=Somewhere()))
        found[made.stack.name] = made
        waiting += [parse_stack({**each, "metadata": {**each["metadata"], "namespace": "shop-test"}})
                    for each in made.objects if each["kind"] == "AiltireStack"]  # fmt: skip
    return found


def test_a_zone_holds_every_member_its_aliases_and_the_gateway_as_admin() -> None:
    child = {"type": "stack", "stack": {"services": {"web": plain(interface={"/": {}})}}, "interface": {"/c": {}}}
    aliases = {"siblings": {"aliases": ["frontend", "Big"]}}
    made = planned({"services": {"web": plain(networks=aliases), "policy_engine": plain(), "cpl": child}})
    services = ("shop", "shop-web", "shop-policy-engine", "shop-cpl")
    assert names(made, "shop", "siblings", *services) == {
        "web": ["shop-web"], "frontend": ["shop-web"], "big": ["shop-web"], "policy-engine": ["shop-policy-engine"],
        "cpl": ["shop-cpl"], "admin": ["shop"],
    }  # fmt: skip


def test_a_stack_without_an_interface_has_no_gateway_and_a_child_without_one_no_name() -> None:
    made = planned({"services": {"job": plain(), "c": {"type": "stack", "stack": {"services": {"x": plain()}}}}})
    assert names(made, "shop", "siblings", "shop-job") == {"job": ["shop-job"]}


@pytest.mark.parametrize(
    "member", [plain(), {"type": "stack", "stack": {"services": {"x": plain(interface={"/": {}})}}}]
)
def test_a_member_called_admin_keeps_its_name(member: Json) -> None:
    made = planned({"services": {"admin": member, "web": plain(interface={"/": {}})}})
    assert names(made, "shop", "siblings", "shop-admin")["admin"] == ["shop-admin"]


def test_an_alias_of_several_services_answers_in_turn_and_a_members_key_is_nobodys_alias() -> None:
    both = {"siblings": {"aliases": ["pool", "db"]}}
    made = planned({"services": {"a": plain(networks=both), "b": plain(networks=both), "db": plain()}})
    found = names(made, "shop", "siblings", "shop-a", "shop-b", "shop-db")
    assert sorted(found["pool"]) == ["shop-a", "shop-b"]
    assert found["db"] == ["shop-db"]
    assert [each.path for each in made.notices] == [
        f"spec.services.{key}.networks.siblings.aliases[1]" for key in ("a", "b")
    ]


def test_an_alias_that_dns_cannot_say_is_told_and_spoils_nothing() -> None:
    made = planned({"services": {"a": plain(networks={"siblings": {"aliases": ["no_dns", "a.b", "ok"]}})}})
    assert sorted(names(made, "shop")) == ["a", "ok"]
    assert [each.classification for each in made.notices] == ["ignored", "ignored"]


def test_a_member_that_lists_parent_is_in_the_parents_zone_and_the_parents_own_key_wins() -> None:
    below = {
        "services": {"web": plain(networks={"parent": {}}), "api": plain(networks={"parent": {"aliases": ["book"]}})}
    }
    plans = tree({"services": {"web": plain(), "c": {"type": "stack", "stack": below}}})
    services = ("shop-web", "shop-c-web", "shop-c-api")
    assert names(plans["shop"], "shop", "siblings", *services) == {
        "web": ["shop-web"], "api": ["shop-c-api"], "book": ["shop-c-api"]
    }  # fmt: skip
    assert names(plans["shop-c"], "shop-c", "siblings", *services) == {"web": ["shop-c-web"], "api": ["shop-c-api"]}


def test_the_zone_of_a_shared_network_is_written_by_its_owner_alone() -> None:
    member: Json = {"networks": {"bus": {}}}
    shared = {"bus": {"name": "events", "external": True}}
    low = {"services": {"low": plain(**member)}, "networks": shared}
    middle = {"services": {"mid": plain(), "l": {"type": "stack", "stack": low}}}
    spec = {
        "services": {"top": plain(networks={"t": {}}), "m": {"type": "stack", "stack": middle}},
        "networks": {"t": {"name": "events"}},
    }
    plans = tree(spec)
    found = names(plans["shop"], "shop", "t", "shop-top", "shop-m-l-low")
    assert found == {"top": ["shop-top"], "low": ["shop-m-l-low"]}
    kinds = {(each["kind"], each["metadata"]["labels"].get(naming.LABEL_NETWORK)) for each in plans["shop-m-l"].objects}
    assert ("Service", "bus") not in kinds
    searches = pod_spec(find(plans["shop-m-l"], "Deployment", "shop-m-l-low"))["dnsConfig"]["searches"]
    assert searches[0].startswith(naming.zone("shop", "t"))


def test_an_external_network_that_no_ancestor_declares_is_told() -> None:
    made = planned({"services": {}, "networks": {"x": {"external": True}}})
    assert [(each.path, each.classification) for each in made.notices] == [("spec.networks.x", "rejected")]


def test_two_keys_with_one_name_are_one_network() -> None:
    spec = {
        "services": {"a": plain(networks={"x": {}}), "b": plain(networks={"y": {}})},
        "networks": {"x": {"name": "n"}, "y": {"name": "n"}},
    }
    assert sorted(names(planned(spec), "shop", "x")) == ["a", "b"]


def test_the_root_has_no_parent_to_join() -> None:
    made = planned({"services": {"a": plain(networks={"parent": {}})}})
    assert [each.path for each in made.notices] == ["spec.services.a.networks.parent"]
    assert sorted(names(made, "shop")) == ["a"]


@pytest.mark.parametrize("key", ["siblings", "children", "default", "parent"])
def test_a_network_that_every_stack_has_cannot_be_shared_under_a_name(key: str) -> None:
    made = planned(
        {"services": {"a": plain(networks={key: {}} if key != "parent" else {})}, "networks": {key: {"name": "x"}}}
    )
    assert [(each.path, each.classification) for each in made.notices] == [(f"spec.networks.{key}", "ignored")]
    assert sorted(names(made, "shop")) == ["a"]


def test_a_pod_searches_its_zones_before_the_clusters_names() -> None:
    spec = {"services": {"a": plain(networks={"z": {}, "b": {}, "siblings": {}})}, "networks": {"z": {}, "b": {}}}
    pod = pod_spec(find(plan_of(spec), "Deployment", "shop-a"))
    suffix = "shop-test.svc.cluster.local"
    zones = [f"{naming.zone('shop', network)}.{suffix}" for network in ("siblings", "b", "z")]
    assert pod["dnsPolicy"] == "None"
    assert pod["dnsConfig"] == {
        "nameservers": ["10.0.0.10"],
        "searches": [*zones, suffix, "svc.cluster.local", "cluster.local"],
        "options": [{"name": "ndots", "value": "1"}],
    }


@pytest.mark.parametrize(
    ("count", "searches", "notices"), [(1, 4, 0), (4, 7, 0), (5, 7, 0), (6, 6, 0), (7, 6, 1), (30, 6, 1)]
)
def test_a_search_list_stays_within_what_musl_reads(count: int, searches: int, notices: int) -> None:
    keys = [f"n{number:02}" for number in range(count)]
    spec = {"services": {"a": plain(networks={key: {} for key in keys})}, "networks": {key: {} for key in keys}}
    made = plan_of(spec)
    found = pod_spec(find(made, "Deployment", "shop-a"))["dnsConfig"]["searches"]
    assert len(" ".join(found)) <= 250
    assert (len(found), len(made.notices)) == (searches, notices)


def test_a_zone_is_a_headless_service_and_slices_of_bounded_size_for_each_family() -> None:
    addresses = (*(f"10.1.{number // 250}.{number % 250 + 1}" for number in range(1000)), "fd00::1")
    made = plan_of({"services": {"a": plain()}}, Observed(addresses={"shop-a": addresses}))
    zone = naming.zone("shop", "siblings")
    assert find(made, "Service", zone)["spec"] == {"clusterIP": "None", "type": "ClusterIP"}
    slices = [each for each in made.objects if each["kind"] == "EndpointSlice"]
    assert [(each["metadata"]["name"], len(each["endpoints"])) for each in slices] == [
        (f"{zone}-ipv4-0", 900), (f"{zone}-ipv4-1", 100), (f"{zone}-ipv6-0", 1)
    ]  # fmt: skip
    assert slices[0]["metadata"]["labels"]["kubernetes.io/service-name"] == zone
    assert slices[0]["endpoints"][0] == {"addresses": ["10.1.0.1"], "hostname": "a", "conditions": {"ready": True}}


def test_where_nothing_is_observed_a_zone_is_empty() -> None:
    assert [each for each in plan_of({"services": {"a": plain()}}).objects if each["kind"] == "EndpointSlice"] == []
