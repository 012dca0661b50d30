"""The URLs of a tree, and the advice where there are none."""

from typing import Any

import pytest

from ailtire_operator.cli.addresses import addresses, advice, judge
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.local_addresses import local_entry
from ailtire_operator.cli.outside import Outside, chain, edge_kinds
from ailtire_operator.cli.paths import find
from ailtire_operator.cli.wait_outcomes import Outcome

Resource = dict[str, Any]


def stack(name: str, parent: str = "", key: str = "", **status: Any) -> Resource:
    place = {"place": {"parent": parent, "parentKey": key}} if parent else {}
    owners = [{"kind": "AiltireStack", "uid": parent, "controller": True}] if parent else []
    services = {"web": {"image": "x"}, "db": {"image": "x", "ports": {"sql": {"port": 5432}}}, "cpl": {"type": "stack"}}
    metadata = {"name": name, "uid": name, "generation": 2, "ownerReferences": owners}
    said = {"observedGeneration": 2, "conditions": [{"type": "Ready", "status": "True"}], **status}
    return {"metadata": metadata, "spec": {"services": services, **place}, "status": said}


def route(path: str, service: str, url: str = "") -> Resource:
    return {"path": path, "service": service, "port": 3000} | ({"url": url + path} if url else {})


def tree(url: str = "") -> list[Resource]:
    web = {"web": {"kind": "Deployment", "name": "x-web", "ready": 1}, "db": {"kind": "StatefulSet", "name": "x-db"}}
    below = stack("shop-cpl", "shop", "cpl", services={}, routes=[route("/v1", "web", url and f"{url}/cpl")])
    return [stack("shop", services=web, routes=[route("/cpl", "cpl", url), route("/", "web", url)]), below]


def gateway(name: str, **status: int) -> Resource:
    labels = {"ailtire.io/stack": name, "app.kubernetes.io/component": "gateway"}
    said = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, **status}
    metadata = {"name": f"{name}--gateway", "generation": 1, "labels": labels}
    return {"kind": "Deployment", "metadata": metadata, "spec": {"replicas": 2}, "status": said}


def edge(kind: str = "Ingress", **status: Any) -> Resource:
    metadata = {"name": "shop", "generation": 3, "labels": {"ailtire.io/stack": "shop"}}
    return {"kind": kind, "metadata": metadata, "spec": {}, "status": status}


def accepted(**changes: Any) -> Resource:
    good = {"status": "True", "observedGeneration": 3}
    conditions = [{"type": "Accepted", **good, **changes}, {"type": "ResolvedRefs", **good}]
    return {"parents": [{"conditions": conditions}]}


OBJECTS = [gateway("shop"), gateway("shop-cpl"), edge(loadBalancer={"ingress": [{"ip": "10.0.0.1"}]})]


def published(tree: list[Resource], kind: str = "Ingress") -> list[Resource]:
    tree[0]["spec"]["edge"] = {"hosts": ["a"], "kind": kind}
    return tree


def look(tree: list[Resource], *objects: Resource, path: str = "shop", unseen: tuple[str, ...] = ()) -> dict[str, str]:
    """The first blocker of each service."""
    found = addresses(find(path, tree), tree, Outside.of(objects or OBJECTS, unseen))
    return {each.service: each.blocker for each in found}


def running() -> list[Resource]:
    top, below = published(tree("http://a"))
    below["status"]["services"] = {"web": {"kind": "Deployment", "name": "shop-cpl-web", "ready": 1, "wanted": 1}}
    return [top, below]


def test_every_route_is_shown_once_with_what_is_behind_it() -> None:
    shown = published(tree("http://a"))
    found = addresses(find("shop", shown), shown, Outside.of(OBJECTS))
    assert [(each.url, each.service, each.ready) for each in found] == [
        ("http://a/", "shop/web", True),
        ("http://a/cpl/v1", "shop/cpl/web", False),
    ]
    assert found[1].to_json()["reason"] == "service shop/cpl/web has not been made yet"
    assert found[0].line(12) == "http://a/     shop/web:3000"
    assert found[1].line(1).endswith("shop/cpl/web:3000  not ready: service shop/cpl/web has not been made yet")


def test_of_a_service_only_its_own() -> None:
    assert list(look(running(), path="shop/web")) == ["shop/web"]
    assert list(look(running(), path="shop/cpl")) == ["shop/cpl/web"]


def test_where_the_whole_way_is_ready_so_is_the_address() -> None:
    assert look(running()) == {"shop/web": "", "shop/cpl/web": ""}
    verdict = judge("shop", addresses(find("shop", running()), running(), Outside.of(OBJECTS)), running())
    assert (verdict.outcome, verdict.line) == (Outcome.REACHED, "shop: 2 URLs ready")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"readyReplicas": 0}, "is not ready: 0 of 2 ready, 2 up to date"),
        ({"observedGeneration": 0}, "is not ready: 2 of 2 ready, 2 up to date"),
        ({"replicas": 3, "updatedReplicas": 1}, "is not ready: 2 of 2 ready, 1 up to date"),
        ({"replicas": 3}, "is not ready: 2 of 2 ready, 2 up to date"),
    ],
)
def test_a_gateway_on_the_way_blocks_all_below_it(changes: dict[str, int], sentence: str) -> None:
    below = [gateway("shop"), gateway("shop-cpl", **changes), OBJECTS[2]]
    assert look(running(), *below) == {"shop/web": "", "shop/cpl/web": f"the gateway of shop/cpl {sentence}"}
    above = look(running(), gateway("shop", **changes), *OBJECTS[1:])
    assert above == dict.fromkeys(("shop/web", "shop/cpl/web"), f"the gateway of shop {sentence}")
    assert look(running(), *OBJECTS[1:])["shop/web"] == "the gateway of shop has not been made yet"


def test_one_ready_replica_of_a_gateway_is_a_way_in() -> None:
    assert look(running(), gateway("shop", readyReplicas=1), *OBJECTS[1:])["shop/web"] == ""


def test_the_operators_own_words_say_why_a_gateway_is_not_ready() -> None:
    resources = running()
    resources[0]["status"]["blocker"] = {"subject": "gateway", "reason": "Unschedulable", "message": "0/3 nodes"}
    told = look(resources, gateway("shop", readyReplicas=0), *OBJECTS[1:])["shop/web"]
    assert told == "the gateway of shop is not ready: Unschedulable: 0/3 nodes"


def test_a_status_of_an_older_definition_counts_for_nothing() -> None:
    for number, blocked in ((0, {"shop/web", "shop/cpl/web"}), (1, {"shop/cpl/web"})):
        resources = running()
        resources[number]["metadata"]["generation"] = 3
        assert {service for service, why in look(resources).items() if "has not reconciled" in why} == blocked
        found = addresses(find("shop", resources), resources, Outside.of(OBJECTS))
        assert judge("shop", found, resources).outcome is Outcome.WAITING


@pytest.mark.parametrize(
    ("route", "sentence"),
    [
        (edge("HTTPRoute", **accepted()), ""),
        (edge("HTTPRoute"), "HTTPRoute shop is accepted by no Gateway"),
        (edge("HTTPRoute", **accepted(observedGeneration=2)), "has not judged the current definition yet"),
        (edge("HTTPRoute", **accepted(status="False", reason="NoMatchingParent")), "not accepted: NoMatchingParent"),
        (edge("Ingress"), "HTTPRoute shop has not been made yet"),
        (edge("HTTPRoute", parents=[{"conditions": []}]), "has not judged"),
    ],
)
def test_an_http_route_has_to_be_accepted(route: Resource, sentence: str) -> None:
    resources = published(running(), "HTTPRoute")
    why = look(resources, *OBJECTS[:2], route)["shop/cpl/web"]
    assert sentence in why
    assert bool(sentence) == bool(why)
    assert edge_kinds(resources) == {"HTTPRoute"}


def test_an_ingress_without_an_address_is_noted_as_some_controllers_write_none() -> None:
    assert look(running(), *OBJECTS[:2], edge())["shop/web"] == ""
    (note,) = Outside.of([edge()]).reservations()
    assert "Ingress shop has no address" in note
    assert not list(Outside.of(OBJECTS).reservations())
    assert "Ingress shop has not been made yet" in look(running(), *OBJECTS[:2])["shop/web"]


def test_what_may_not_be_listed_is_noted_and_blocks_nothing() -> None:
    kinds = ("Deployment", "Ingress")
    assert look(running(), gateway("x"), unseen=kinds) == {"shop/web": "", "shop/cpl/web": ""}
    (note,) = Outside.of([], kinds).reservations()
    assert "Deployment, Ingress may not be listed" in note


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ({"type": "Stalled", "reason": "InvalidSpec"}, Outcome.FAILED),
        ({"type": "Stalled", "reason": "RolledBack"}, Outcome.ROLLED_BACK),
        ({"type": "Suspended"}, Outcome.SUSPENDED),
        ({"type": "Reconciling"}, Outcome.WAITING),
    ],
)
def test_who_waits_is_told_where_no_patience_helps(condition: dict[str, str], outcome: Outcome) -> None:
    resources = running()
    resources[0]["status"]["conditions"] = [{"type": "Ready", "status": "False"}, {"status": "True", **condition}]
    stopped = [gateway("shop"), gateway("shop-cpl", readyReplicas=0), OBJECTS[2]]
    verdict = judge("shop", addresses(find("shop", resources), resources, Outside.of(stopped)), resources)
    assert verdict.outcome is outcome
    assert "the gateway of shop/cpl is not ready" in verdict.line
    ready = judge("shop", addresses(find("shop", resources), resources, Outside.of(OBJECTS)), resources)
    assert ready.outcome is Outcome.REACHED, "what is ready is ready, whatever else the stack waits for"


def test_a_circle_of_parents_ends() -> None:
    first, second = stack("a", "b", "x"), stack("b", "a", "y")
    assert len(chain(first, [first, second])) <= 4


def test_without_an_edge_it_says_how_to_get_there_all_the_same() -> None:
    spot = find("shop/cpl", tree())
    assert addresses(spot, tree(), Outside.of(OBJECTS)) == []
    reason, hint = advice(spot, "prod")
    assert "no edge" in reason
    assert "'kubectl ailtire open shop/cpl -n prod --forward' reaches it from this machine." in hint


def test_without_an_interface_the_workload_itself_is_named() -> None:
    reason, hint = advice(find("shop/db", tree()), "prod")
    assert "no interface" in reason
    assert "'kubectl ailtire port-forward shop/db -n prod' reaches it." in hint


def local(path: str, resources: list[Resource]) -> tuple[str, list[str], list[str]]:
    entry = local_entry(find(path, resources), resources, "prod")
    return entry.gateway.path, [f"{each.path} {each.service}" for each in entry.routes], list(entry.notes(80))


def test_forwarded_is_the_gateway_that_has_the_edge_with_the_paths_outside() -> None:
    resources = published(tree("http://a"))
    gateway, routes, notes = local("shop", resources)
    assert (gateway, routes) == ("shop", ["/ shop/web", "/cpl/v1 shop/cpl/web"])
    assert notes == [
        "through the gateway of shop, until Ctrl-C",
        "note: services see the host 127.0.0.1:80; that of the edge is sent by: curl -H 'Host: a' http://127.0.0.1:80/",
    ]
    assert local("shop/cpl/web", resources)[:2] == ("shop", ["/cpl/v1 shop/cpl/web"])
    resources[0]["spec"]["edge"]["tls"] = {"secretName": "x"}
    assert "and the scheme https" in local("shop/cpl", resources)[2][1]


def test_without_an_edge_it_is_the_gateway_of_the_stack_itself() -> None:
    assert local("shop/cpl/web", tree()) == (
        "shop/cpl", ["/v1 shop/cpl/web"], ["through the gateway of shop/cpl, until Ctrl-C"]
    )  # fmt: skip
    assert local("shop", tree())[:2] == ("shop", ["/cpl shop/cpl", "/ shop/web"])
    with pytest.raises(Failure, match="no interface"):
        local("shop/db", tree())


def test_the_edge_of_a_child_is_another_gateway() -> None:
    resources = published(tree("http://a"))
    resources[1]["spec"]["edge"] = {"hosts": ["b"]}
    resources[1]["status"]["routes"].append(route("/v2", "web", "http://b"))
    gateway, routes, notes = local("shop", resources)
    assert (gateway, len(routes), notes[-1].startswith("note: 1 URL by another stack's edge")) == ("shop", 2, True)
