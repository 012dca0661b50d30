"""The URLs of a tree, and the advice where there are none."""

from typing import Any

from ailtire_operator.cli.addresses import addresses, advice
from ailtire_operator.cli.paths import find

Resource = dict[str, Any]


def stack(name: str, parent: str = "", key: str = "", **status: Any) -> Resource:
    place = {"place": {"parent": parent, "parentKey": key}} if parent else {}
    owners = [{"kind": "AiltireStack", "uid": parent, "controller": True}] if parent else []
    services = {"web": {"image": "x"}, "db": {"image": "x", "ports": {"sql": {"port": 5432}}}, "cpl": {"type": "stack"}}
    metadata = {"name": name, "uid": name, "ownerReferences": owners}
    return {"metadata": metadata, "spec": {"services": services, **place}, "status": status}


def route(path: str, service: str, url: str = "") -> Resource:
    return {"path": path, "service": service, "port": 3000} | ({"url": url + path} if url else {})


def tree(url: str = "") -> list[Resource]:
    web = {"web": {"kind": "Deployment", "name": "x-web", "ready": 1}, "db": {"kind": "StatefulSet", "name": "x-db"}}
    below = stack("shop-cpl", "shop", "cpl", services={}, routes=[route("/v1", "web", url and f"{url}/cpl")])
    return [stack("shop", services=web, routes=[route("/cpl", "cpl", url), route("/", "web", url)]), below]


def test_every_route_is_shown_once_with_what_is_behind_it() -> None:
    found = addresses(find("shop", tree("http://a")), tree("http://a"))
    assert [(each.url, each.service, each.ready) for each in found] == [
        ("http://a/", "shop/web", True),
        ("http://a/cpl/v1", "shop/cpl/web", False),
    ]


def test_of_a_service_only_its_own() -> None:
    assert [each.service for each in addresses(find("shop/web", tree("http://a")), tree("http://a"))] == ["shop/web"]
    assert [each.service for each in addresses(find("shop/cpl", tree("http://a")), tree("http://a"))] == [
        "shop/cpl/web"
    ]


def test_without_an_edge_it_says_how_to_get_there_all_the_same() -> None:
    spot = find("shop/cpl", tree())
    assert addresses(spot, tree()) == []
    reason, hint = advice(spot, "prod")
    assert "no edge" in reason
    assert "'kubectl port-forward -n prod service/shop-cpl 8080:3000' gives http://localhost:8080/v1" in hint


def test_without_an_interface_the_workload_itself_is_named() -> None:
    reason, hint = advice(find("shop/db", tree()), "prod")
    assert "no interface" in reason
    assert "statefulset/x-db 5432" in hint
