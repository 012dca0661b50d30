"""Routes of a tree, and the one that a request takes: the shop's, by the code that plans the gateways."""

from typing import Any

import pytest
import yaml

from ailtire_operator import naming
from ailtire_operator.cli.failures import Failure
from ailtire_operator.cli.gateway_routes import route_rows
from ailtire_operator.cli.outside import Outside
from ailtire_operator.cli.request_trace import forwarded, matching, normalised, trace
from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.policies import Policies
from ailtire_operator.model.settings import Settings
from ailtire_operator.model.templates import is_template
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.gateway.routes import Route
from ailtire_operator.plan.types import Observed, Plan
from lab.paths import ROOT

Json = dict[str, Any]
HOST = "shop.example"


def observed(resource: Json, made: Plan) -> Json:
    """A stack with a status in which everything runs."""
    services = {
        key: {"kind": each.kind, "name": each.name, "ready": 1, "wanted": 1} for key, each in made.services.items()
    }
    ready = {"type": "Ready", "status": "True", "observedGeneration": 1}
    metadata = {**resource["metadata"], "generation": 1, "uid": resource["metadata"]["name"], "namespace": "prod"}
    status = {"observedGeneration": 1, "conditions": [ready], "services": services}
    return {**resource, "metadata": metadata, "status": status}


def shop(**changes: Any) -> list[Json]:
    documents = [
        each
        for name in ("stack.yaml", "payments.yaml")
        for each in yaml.safe_load_all((ROOT / "examples" / "shop" / name).read_text())
    ]
    templates = {
        each["metadata"]["name"]: parse_stack(each).spec for each in documents if is_template(each.get("spec") or {})
    }
    root = next(each for each in documents if each["metadata"]["name"] == "shop")
    root["spec"] |= changes
    root["spec"] = {key: each for key, each in root["spec"].items() if each is not None}
    found, waiting = [], [root]
    while waiting:
        resource = waiting.pop()
        made = plan(parse_stack(resource), Settings(), Observed(is_offline=True, templates=templates))
        found.append(observed(resource, made))
        waiting += [each for each in made.objects if each["kind"] == naming.KIND]
    return found


def gateways(tree: list[Json], *, ready: int = 2) -> Outside:
    found = []
    for each in tree:
        name = each["metadata"]["name"]
        labels = {naming.LABEL_STACK: name, naming.LABEL_COMPONENT: naming.COMPONENT_GATEWAY}
        status = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": ready}
        metadata = {"name": naming.gateway(name), "generation": 1, "labels": labels}
        found.append({"kind": "Deployment", "metadata": metadata, "spec": {"replicas": 2}, "status": status})
    ingress = {"kind": "Ingress", "metadata": {"name": "shop", "labels": {naming.LABEL_STACK: "shop"}}, "spec": {}}
    return Outside.of([*found, ingress])


def followed(host: str, path: str, tree: list[Json] | None = None, start: str = "shop") -> Json:
    stacks = shop() if tree is None else tree
    top = next(each for each in stacks if each["metadata"]["name"] == start)
    return trace(top, stacks, gateways(stacks), host, path, Settings()).to_json()


@pytest.fixture(scope="module")
def table() -> list[Json]:
    tree = shop()
    return [each.to_json() for each in route_rows(tree[0], tree, gateways(tree), Settings())]


def test_all_routes_have_their_address_outside(table: list[Json]) -> None:
    found = {each["path"]: f"{each['stack']}/{each['service']}:{each['port']}" for each in table}
    assert {each["host"] for each in table} == {HOST}
    assert len(found) == len(table)
    assert found["/"] == "shop/frontend:3000"
    assert found["/web"] == "shop/web:3000"
    assert found["/doc"] == "shop/doc:8088"
    assert found["/catalog/"] == "shop/catalog/api:3000"
    assert found["/catalog/pricing/"] == "shop/catalog/pricing/engine:3000"
    assert found["/orders/shipping/labels"] == "shop/orders/shipping/labels:3000"
    assert found["/payments/"].startswith("shop/payments/")
    assert all(each["ready"] and each["state"] == "ready" for each in table)


def test_what_a_gateway_enforces_and_strips_is_in_the_table(table: list[Json]) -> None:
    by_path = {each["path"]: each for each in table}
    assert by_path["/web"]["rules"] == [
        "at most 100 requests a second for each address, then 429",
        "waits 30s for an answer, then 504",
        "2 retries of what is safe to repeat",
        "logs requests at level warn",
    ]
    assert (by_path["/web"]["strips"], by_path["/web"]["becomes"]) == ("/web", "/")
    assert (by_path["/doc"]["strips"], by_path["/doc"]["becomes"]) == ("", None)


def test_the_routes_of_a_stack_below_are_its_own() -> None:
    tree = shop()
    below = next(each for each in tree if each["metadata"]["name"] == "shop-orders")
    found = [each.to_json() for each in route_rows(below, tree, gateways(tree), Settings())]
    assert {each["path"] for each in found} == {"/orders/api", "/orders/shipping/labels", "/orders/shipping/tracking"}


def test_each_of_several_routes_to_a_stack_leads_to_all_of_it() -> None:
    tree = shop()
    tree[0]["spec"]["services"]["orders"]["interface"]["/old"] = {"path": "/"}
    found = {each.path for each in route_rows(tree[0], tree, gateways(tree), Settings())}
    assert {"/orders/api", "/old/api", "/orders/shipping/labels", "/old/shipping/labels"} - found == set()


def test_a_circle_of_places_ends() -> None:
    tree = shop()
    tree[0]["spec"]["place"] = {**tree[1]["spec"]["place"], "parent": "shop-orders", "parentKey": "shipping"}
    assert len(route_rows(tree[0], tree, gateways(tree), Settings())) < 100
    assert followed("", "/orders/shipping/orders/shipping/", tree)["answer"] == "none"


def test_without_an_edge_paths_are_those_at_the_gateway() -> None:
    tree = shop(edge=None)
    found = [each.to_json() for each in route_rows(tree[0], tree, gateways(tree), Settings())]
    assert {each["host"] for each in found} == {""}
    assert {"/web", "/orders/api", "/catalog/pricing/"} - {each["path"] for each in found} == set()


@pytest.mark.parametrize(
    ("path", "gateways_", "forwards", "service"),
    [
        ("/", ["shop"], ["/"], "shop/frontend"),
        ("/other/x", ["shop"], ["/other/x"], "shop/frontend"),
        ("/web", ["shop"], ["/"], "shop/web"),
        ("/web/a%20b", ["shop"], ["/a%20b"], "shop/web"),
        ("/website", ["shop"], ["/website"], "shop/frontend"),
        ("/doc/x", ["shop"], ["/doc/x"], "shop/doc"),
        ("/web/../doc", ["shop"], ["/web/../doc"], "shop/doc"),
        ("/doc/../web/x", ["shop"], ["/x"], "shop/web"),
        ("/orders/api/7", ["shop", "shop/orders"], ["/api/7", "/7"], "shop/orders/api"),
        (
            "/orders/shipping/labels/7",
            ["shop", "shop/orders", "shop/orders/shipping"],
            ["/shipping/labels/7", "/labels/7", "/7"],
            "shop/orders/shipping/labels",
        ),
        (
            "/catalog/pricing/x",
            ["shop", "shop/catalog", "shop/catalog/pricing"],
            ["/pricing/x", "/x", "/x"],
            "shop/catalog/pricing/engine",
        ),
    ],
)
def test_a_request_goes_from_gateway_to_gateway(
    path: str, gateways_: list[str], forwards: list[str], service: str
) -> None:
    found = followed(HOST, path)
    assert [each["stack"] for each in found["hops"]] == gateways_
    assert [each["forwards"] for each in found["hops"]] == forwards
    assert (found["answer"], found["service"]["path"], found["message"]) == ("found", service, f"{service} answers")
    assert found["edge"]["hosts"] == [HOST]


def test_a_request_without_a_host_begins_at_the_stack_itself() -> None:
    found = followed("", "/api", start="shop-orders")
    assert (found["edge"], [each["stack"] for each in found["hops"]]) == (None, ["shop/orders"])
    assert found["service"]["path"] == "shop/orders/api"


def test_where_nobody_answers_the_last_gateway_says_why() -> None:
    found = followed(HOST, "/orders/nothing")
    assert (found["answer"], found["service"], len(found["hops"])) == ("none", None, 1)
    assert found["message"] == (
        "the gateway of shop/orders has no route for /nothing, and answers 404; it has: /shipping, /api"
    )
    other = followed("other.example", "/")
    assert (other["answer"], other["message"]) == (
        "none", "no edge of the tree has the host other.example; there are: shop.example",
    )  # fmt: skip
    assert followed("", "/x", start="shop-orders")["answer"] == "none"


def test_a_gateway_that_is_not_ready_is_in_the_way_of_all_behind_it() -> None:
    tree = shop()
    found = trace(tree[0], tree, gateways(tree, ready=0), HOST, "/orders/api", Settings()).to_json()
    assert found["message"].startswith("shop/orders/api would answer, but the gateway of shop is not ready")
    assert [(each["state"], each["ready"], each["wanted"]) for each in found["hops"]] == [("trouble", 0, 2)] * 2


def test_what_is_stopped_is_answered_by_its_gateway() -> None:
    tree = shop()
    tree[0]["spec"]["services"]["web"]["stopped"] = True
    assert followed(HOST, "/web", tree)["message"] == "the gateway of shop answers 503: shop/web is stopped"
    tree[0]["spec"]["services"]["orders"]["stopped"] = True
    stopped = followed(HOST, "/orders/api", tree)
    assert (stopped["answer"], len(stopped["hops"])) == ("none", 1)
    assert stopped["message"] == "the gateway of shop answers 503: shop/orders is stopped"


def test_a_stack_that_is_not_there_and_a_definition_that_is_wrong_are_named() -> None:
    tree = [each for each in shop() if each["metadata"]["name"] != "shop-orders"]
    assert followed(HOST, "/orders/api", tree)["message"] == "the stack shop/orders has not been made yet"
    wrong = shop()
    wrong[0]["spec"]["services"]["web"]["image"] = 7
    assert "services.web.image" in followed(HOST, "/", wrong)["message"]


@pytest.mark.parametrize(
    ("kind", "hosts", "host", "matches"),
    [
        ("Ingress", ["*.example"], "shop.example", True),
        ("Ingress", ["*.example"], "a.shop.example", False),
        ("HTTPRoute", ["*.example"], "a.shop.example", True),
        ("Ingress", ["*.example"], "example", False),
        ("Ingress", ["*.example"], ".example", False),
        ("Ingress", [], "anything", True),
    ],
)
def test_an_edge_has_hosts_as_its_kind_reads_them(kind: str, hosts: list[str], host: str, matches: bool) -> None:
    tree = shop()
    tree[0]["spec"]["edge"] = {"kind": kind, "hosts": hosts}
    assert (followed(host, "/web", tree)["edge"] is not None) is matches


def route(prefix: str, backend: str | None) -> Route:
    return Route(prefix, backend, "web", "web", 80, "http", Policies())


@pytest.mark.parametrize(
    ("sent", "compared"),
    [
        ("/", "/"),
        ("//a///b/", "/a/b/"),
        ("/a/./b/../c", "/a/c"),
        ("/a/..", "/"),
        ("/a/b/.", "/a/b/"),
        ("/%61/%2e%2e/b", "/b"),
    ],
)
def test_a_path_is_compared_as_nginx_compares_it(sent: str, compared: str) -> None:
    assert normalised(sent) == compared


def test_a_path_above_the_root_is_refused() -> None:
    with pytest.raises(Failure, match="400"):
        normalised("/a/../../b")


def test_the_longest_prefix_has_the_request() -> None:
    routes = [route("/web/socket.io", "/socket.io"), route("/web", "/"), route("", None)]
    found = [matching(routes, path) for path in ("/web/socket.io/1", "/web/socket.io", "/web/s", "/w", "/%77eb")]
    assert [each.prefix for each in found if each] == ["/web/socket.io", "/web/socket.io", "/web", "", "/web"]
    assert matching(routes[:2], "/w") is None
    assert forwarded(routes[0], "/web/socket.io/?") == "/socket.io/?"
