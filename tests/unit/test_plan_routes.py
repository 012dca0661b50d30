"""Routes of both dialects, TCP ports, URLs level by level, the edge."""

from typing import Any

import pytest

from ailtire_operator.model.loading import parse_stack
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.gateway.routes import Route, routes, streams
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Observed, Plan
from support.definitions.stacks import SETTINGS, find, plan_of, stack

Json = dict[str, Any]


def plain(interface: Json, **more: Any) -> Json:
    return {"image": "web:1", "interface": interface, **more}


def child(interface: Json, below: Json | None = None) -> Json:
    return {"type": "stack", "interface": interface, "stack": below or {"services": {"w": plain({"/": {}})}}}


def scope_of(spec: Json) -> Scope:
    return Scope(stack(spec), SETTINGS, Observed())


def routed(services: Json) -> list[Route]:
    return routes(scope_of({"services": services}))


DIALECTS: list[tuple[Any, ...]] = [
    # service, interface -> prefix, what the backend sees in its place, what is stripped
    (plain, {"/web": {"path": "/"}}, "/web", "/", "/web"),
    (plain, {"/web": {"path": "/web"}}, "/web", None, ""),
    (plain, {"/docs": {"path": "/docs/"}}, "/docs", "/docs/", ""),
    (plain, {"/a": {"path": "/b"}}, "/a", "/b", "/a"),
    (plain, {"/a/": {"path": "/"}}, "/a", "/", "/a"),
    (plain, {"//a///b": {}}, "/a/b", "/", "/a/b"),
    (plain, {"/": {"path": "/"}}, "", None, ""),
    (plain, {"/": {"path": "/app"}}, "", "/app", ""),
    (plain, {"aml": {"path": "/aml"}}, "/aml", None, ""),
    (plain, {"aml": {}}, "", None, ""),
    (child, {"/cpl": {"path": "/"}}, "/cpl", "/", "/cpl"),
    (child, {"cpl": {"path": "/cpl"}}, "/cpl", "/", "/cpl"),
]


@pytest.mark.parametrize(("kind", "interface", "prefix", "backend", "stripped"), DIALECTS)
def test_both_dialects_become_routes(
    kind: Any, interface: Json, prefix: str, backend: str | None, stripped: str
) -> None:
    (route,) = routed({"x": kind(interface)})
    assert (route.prefix, route.backend_path, route.stripped) == (prefix, backend, stripped)


def test_the_longest_prefix_comes_first() -> None:
    found = routed({"a": plain({"/b": {}, "/": {}, "/b/c/d": {}}), "z": plain({"/b/c": {}, "/a": {}})})
    assert [route.prefix for route in found] == ["/b/c/d", "/b/c", "/a", "/b", ""]


def test_a_route_leads_to_the_full_name_of_its_service() -> None:
    found = {route.service: route for route in routed({
        "my_web": plain({"/a": {"port": 80}}), "s": plain({"/b": {"protocol": "https", "port": 443}}),
        "ws": plain({"/w": {"protocol": "ws"}}), "c": child({"/c": {"port": 8080}}),
    })}  # fmt: skip
    suffix = "shop-test.svc.cluster.local"
    assert (found["my_web"].host, found["my_web"].port) == (f"shop-my-web.{suffix}", 80)
    assert (found["s"].scheme, found["s"].port) == ("https", 443)
    assert (found["ws"].scheme, found["ws"].port) == ("http", 3000)
    assert (found["c"].host, found["c"].port) == (f"shop-c.{suffix}", 3000)


REPORTED = [
    # services -> path, classification
    ({"a": plain({"/x": {}}), "b": plain({"/x/": {}})}, 'spec.services.b.interface["/x/"]', "rejected"),
    ({"a": plain({"/x": {}, "//x": {}})}, 'spec.services.a.interface["/x"]', "rejected"),
    ({"a": plain({"x": {"path": "/x"}}), "b": plain({"/x": {}})}, 'spec.services.b.interface["/x"]', "rejected"),
    ({"a": plain({"/x/../y": {}})}, 'spec.services.a.interface["/x/../y"]', "rejected"),
    ({"a": plain({"/x/.": {}})}, 'spec.services.a.interface["/x/."]', "rejected"),
    ({"a": child({"/x": {"port": 80}})}, 'spec.services.a.interface["/x"]', "approximate"),
    ({"a": child({"x": {"protocol": "tcp"}})}, "spec.services.a.interface.x", "ignored"),
    ({"a": plain({"x": {"protocol": "tcp"}})}, "spec.services.a.interface.x", "rejected"),
    ({"a": plain({"x": {"protocol": "tcp", "port": 6650, "path": "/x"}})},
     "spec.services.a.interface.x.path", "ignored"),
    ({"a": plain({"x": {"protocol": "tcp", "port": 1}}), "b": plain({"x": {"protocol": "tcp", "port": 1}})},
     "spec.services.b.interface.x", "rejected"),
    ({"a": plain({"x": {"protocol": "tcp", "port": 6650}}, policies={"retry": {"maxRetries": 1}})},
     "spec.services.a.policies.retry", "ignored"),
    ({"a": child({"/x": {}}, {"services": {"w": {"image": "w:1"}}})}, 'spec.services.a.interface["/x"]', "ignored"),
    ({"a": {**child({"/x": {}}), "policies": {"scaling": {"max": 3}}}}, "spec.services.a.policies.scaling", "ignored"),
]  # fmt: skip


@pytest.mark.parametrize(("services", "path", "classification"), REPORTED)
def test_what_leads_nowhere_is_told(services: Json, path: str, classification: str) -> None:
    assert (path, classification) in [
        (each.path, each.classification) for each in plan_of({"services": services}).notices
    ]


def test_tcp_ports_come_from_interfaces_and_from_the_roots_own_list() -> None:
    services = {"mq": plain({"m": {"protocol": "tcp", "port": 6650}}), "web": plain({"/": {"port": 8080}})}
    spec = {"services": services, "interface": {"ports": {"80": 3000, "6650": 6650, "8081": 8080, "9": 9}}}
    scope = scope_of(spec)
    assert [(each.listen, each.service, each.port) for each in streams(scope)] == [
        (6650, "mq", 6650),
        (8080, "web", 8080),
    ]
    assert [each.path for each in scope.notices] == ['spec.interface.ports["9"]']
    listed = find(plan_of(spec), "Service", "shop")["spec"]["ports"]
    assert {each["port"]: each["targetPort"] for each in listed} == {
        80: 3000, 3000: 3000, 6650: 6650, 8080: 8080, 8081: 8080
    }  # fmt: skip


def test_the_gateways_own_port_is_not_the_roots_to_give_away() -> None:
    services = {"mq": plain({"m": {"protocol": "tcp", "port": 6650}}), "web": plain({"/": {}})}
    made = plan_of({"services": services, "interface": {"ports": {"3000": 6650}}})
    listed = find(made, "Service", "shop")["spec"]["ports"]
    assert {each["port"]: each["targetPort"] for each in listed} == {3000: 3000, 6650: 6650}
    assert [each.path for each in made.notices] == ['spec.interface.ports["3000"]']


@pytest.mark.parametrize("source", ["fade", "10.0.0.0/33", "1.2.3.4:80", "....", "::1/200"])
def test_an_address_that_nginx_would_not_start_with_is_refused(source: str) -> None:
    spec = {"services": {"web": plain({"/": {}}, policies={"accessControl": {"allow": ["10.0.0.0/8", source]}})}}
    with pytest.raises(InvalidStack, match=r"policies\.accessControl\.allow\[1\]: "):
        plan_of(spec)


def test_more_routes_than_a_configmap_holds_are_refused() -> None:
    services = {f"s{n}": plain({f"/{'x' * 40}{n}/{m}": {} for m in range(20)}) for n in range(13)}
    with pytest.raises(
        InvalidStack, match=r"spec\.services: 260 routes exceed the limit of 250 for one gateway; move some into"
    ):
        plan_of({"services": services})


TREE = {
    "services": {
        "web": plain({"/": {}, "/web": {}, "/web/socket.io": {}}),
        "cpl": child({"/cpl": {"path": "/"}}, {"services": {
            "dm": child({"dm": {"path": "/dm"}}, {"services": {"leaf": plain({"/x": {}})}}),
            "api": plain({"/api": {}}),
        }}),
    },
    "edge": {"hosts": ["shop.example", "b.example"], "tls": {"secretName": "t"}},
}  # fmt: skip


def tree(spec: Json) -> dict[str, Plan]:
    found: dict[str, Plan] = {}
    waiting = [stack(spec)]
    while waiting:
        made = plan(waiting.pop(), SETTINGS, Observed())
        found[made.stack.name] = made
        waiting += [parse_stack(each) for each in made.objects if each["kind"] == "AiltireStack"]
    return found


def test_urls_grow_level_by_level() -> None:
    plans = tree(TREE)
    assert plans["shop"].urls == ("https://shop.example", "https://b.example")
    assert plans["shop-cpl"].urls == ("https://shop.example/cpl", "https://b.example/cpl")
    assert plans["shop-cpl-dm"].urls == ("https://shop.example/cpl/dm", "https://b.example/cpl/dm")
    (route,) = plans["shop-cpl-dm"].routes
    assert (route.prefix, route.service, route.port) == ("/x", "leaf", 3000)
    assert route.urls == ("https://shop.example/cpl/dm/x", "https://b.example/cpl/dm/x")
    assert plans["shop"].routes[0].urls[0] == "https://shop.example/"


PATHS: list[tuple[str, Json, dict[str, list[str]]]] = [
    # the path of the parent's route /so to the stack, the stack's interface -> its routes' URLs
    ("/", {"/so": {}, "/": {}}, {"/so": ["/so/so"], "": ["/so/"]}),
    ("/so", {"/so": {}, "/so/io": {}}, {"/so": ["/so"], "/so/io": ["/so/io"]}),
    ("/so/", {"so": {"path": "/so"}}, {"/so": ["/so"]}),
    ("/so", {"/other": {}, "/sound": {}}, {"/other": [], "/sound": []}),
    ("/v1/so", {"/v1": {}, "/": {}}, {"/v1": ["/so"], "": []}),
    ("/v1/so", {"/": {}, "/v1/so/x": {}}, {"": ["/so"], "/v1/so/x": ["/so/x"]}),
]


@pytest.mark.parametrize(("path", "interface", "urls"), PATHS)
def test_a_url_leads_to_the_route_that_answers_there(path: str, interface: Json, urls: dict[str, list[str]]) -> None:
    below = {"services": {"web": plain(interface)}}
    root = {"services": {"so": child({"/so": {"path": path}}, below)}, "edge": {"hosts": ["a.example"]}}
    found = {route.prefix: list(route.urls) for route in tree(root)["shop-so"].routes}
    assert found == {prefix: [f"http://a.example{each}" for each in paths] for prefix, paths in urls.items()}


def test_what_is_left_of_a_path_is_passed_on_to_the_stack_below() -> None:
    leaf = {"services": {"web": plain({"/api/x": {}, "/": {}})}}
    middle = {"services": {"in": child({"/v1": {"path": "/api"}}, leaf)}}
    root = {"services": {"so": child({"/so": {"path": "/v1/x"}}, middle)}, "edge": {"hosts": ["a.example"]}}
    plans = tree(root)
    assert plans["shop-so"].urls == plans["shop-so-in"].urls == ("http://a.example/so",)
    assert {route.prefix: route.urls for route in plans["shop-so-in"].routes} == {
        "/api/x": ("http://a.example/so",),
        "": (),
    }


EDGES = [
    ({"hosts": ["a.example"]}, "http://a.example"),
    ({"hosts": ["a.example"], "tls": {"secretName": "t"}}, "https://a.example"),
]


@pytest.mark.parametrize(("edge", "url"), EDGES)
def test_an_ingress_leads_everything_to_the_gateway(edge: Json, url: str) -> None:
    made = plan_of(
        {"services": {"web": plain({"/": {}})}, "edge": {"className": "c", "annotations": {"a/b": "1"}, **edge}}
    )
    ingress = find(made, "Ingress", "shop")
    assert made.urls == (url,)
    assert ingress["metadata"]["annotations"] == {"a/b": "1"}
    assert ingress["spec"]["ingressClassName"] == "c"
    (rule,) = ingress["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert (rule["host"], path["path"], path["pathType"]) == ("a.example", "/", "Prefix")
    assert path["backend"] == {"service": {"name": "shop", "port": {"number": 3000}}}
    assert ("tls" in ingress["spec"]) is ("tls" in edge)


def test_an_httproute_where_the_cluster_serves_it_and_a_word_where_it_does_not() -> None:
    edge = {
        "kind": "HTTPRoute",
        "parentRef": {"name": "g", "namespace": "n", "sectionName": "s"},
        "hosts": ["a.example"],
    }
    spec = {"services": {"web": plain({"/": {}})}, "edge": edge}
    route = find(plan_of(spec), "HTTPRoute", "shop")["spec"]
    assert route["parentRefs"] == [
        {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "g", "namespace": "n", "sectionName": "s"}
    ]
    assert route["hostnames"] == ["a.example"]
    made = plan_of(spec, Observed(http_routes=False))
    assert not [each for each in made.objects if each["kind"] == "HTTPRoute"]
    assert [(each.path, each.classification) for each in made.notices] == [("spec.edge.kind", "gated")]


UNUSED = [
    ({"services": {}, "edge": {}}, "spec.edge"),
    ({"services": {}, "gateway": {}}, "spec.gateway"),
    ({"services": {}, "interface": {"ports": {"80": 3000}}}, "spec.interface"),
    ({"services": {"w": plain({"/": {}})}, "edge": {"parentRef": {"name": "g"}}}, "spec.edge.parentRef"),
    ({"services": {"w": plain({"/": {}})},
      "edge": {"kind": "HTTPRoute", "parentRef": {"name": "g"}, "className": "c"}}, "spec.edge.className"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "path"), UNUSED)
def test_an_edge_or_gateway_without_use_is_told(spec: Json, path: str) -> None:
    assert [each.path for each in plan_of(spec).notices] == [path]


@pytest.mark.parametrize(
    ("gateway", "expected"),
    [
        ({}, {"requests": {"cpu": "25m", "memory": "16Mi"}}),
        ({"gateway": {"replicas": 1}}, {"requests": {"cpu": "25m", "memory": "16Mi"}}),
        ({"gateway": {"resources": {"reservations": {"cpu": "1"}}}}, {"requests": {"cpu": "1"}}),
    ],
)
def test_a_gateway_reserves_a_little_where_nobody_says(gateway: Json, expected: Json) -> None:
    made = plan_of({"services": {"w": plain({"/": {}})}, **gateway})
    template = find(made, "Deployment", "shop--gateway")["spec"]["template"]
    assert template["spec"]["containers"][0]["resources"] == expected
