"""Hosts of Traefik's routers: under no host stands what belongs to another, as the gateway goes by the path alone."""

from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.compose.compose_file.router_hosts import Claim, RouterHosts
from support.compose.compose_cases import Conversion, convert_text

BLOG, SHOP = ("blog", 80, "/"), ("shop", 80, "/")


def project(folder: Path, rules: dict[str, Any], rest: str = "", **options: Any) -> Conversion:
    """Services, each with the rules of its routers; a rule may have further labels behind ``; ``."""
    text = "name: p\nservices:\n"
    for key, written in rules.items():
        text += f"  {key}:\n    image: {key}\n    expose: ['80', '81']\n    labels:\n"
        for index, rule in enumerate([written] if isinstance(written, str) else written):
            first, *further = rule.split("; ")
            text += f"      - 'traefik.http.routers.{key}{index}.rule={first}'\n"
            text += "".join(f"      - 'traefik.http.{each}'\n" for each in further)
    return convert_text(folder, text + rest, **options)


def routes(found: Conversion) -> dict[str, list[str]]:
    """The prefixes that lead to each service."""
    return {key: sorted(each["interface"]) for key, each in found.services.items() if "interface" in each}


def hosts(found: Conversion) -> list[str]:
    return list(found.stack["spec"].get("edge", {}).get("hosts", []))


def closed(found: Conversion) -> str:
    return "\n".join(str(each) for each in found.notices if each.classification == "closed")


def test_of_two_hosts_with_one_path_the_second_is_not_answered(tmp_path: Path) -> None:
    rules = {"blog": "Host(`blog.example`)", "shop": "Host(`shop.example`)"}
    found = project(tmp_path / "closed", rules)
    assert (routes(found), hosts(found)) == ({"blog": ["/"]}, ["blog.example"])
    assert "shop.example would show the application of blog.example: left out" in closed(found)
    assert "Point the names in DNS at the cluster's edge: shop.example" not in found.told
    assert found.of("Ingress") == [] or "shop.example" not in str(found.of("Ingress"))
    opened = project(tmp_path / "opened", rules, opened=("shop.example",))
    assert routes(opened) == {"blog": ["/"]}
    assert "the gateway's path / leads to blog already" in opened.told


def test_a_path_of_one_host_does_not_stand_under_another(tmp_path: Path) -> None:
    rules = {"api": "Host(`api.example`) && PathPrefix(`/v1`)", "blog": "Host(`blog.example`)"}
    found = project(tmp_path / "closed", rules)
    assert (routes(found), hosts(found)) == ({"blog": ["/"]}, ["blog.example"])
    assert "--accept open:api.example" in closed(found)
    opened = project(tmp_path / "opened", rules, opened=("api.example",))
    assert (routes(opened), hosts(opened)) == ({"api": ["/v1"], "blog": ["/"]}, ["api.example", "blog.example"])
    assert closed(opened) == ""


@pytest.mark.parametrize(
    ("rules", "expected", "names"),
    [
        ({"a": "Host(`x.example`) || Host(`y.example`)"}, {"a": ["/"]}, ["x.example", "y.example"]),
        ({"a": "Host(`x.example`, `y.example`)"}, {"a": ["/"]}, ["x.example", "y.example"]),
        (
            {"a": "Host(`x.example`) || Host(`y.example`)", "b": "Host(`y.example`) && PathPrefix(`/b`)"},
            {"a": ["/"], "b": ["/b"]},
            ["y.example"],
        ),
        (
            {"a": "Host(`x.example`) && PathPrefix(`/a`) || Host(`y.example`) && PathPrefix(`/b`)"},
            {"a": ["/a"]},
            ["x.example"],
        ),
        ({"a": "Host(`x.example`)", "b": "PathPrefix(`/b`)"}, {"a": ["/"], "b": ["/b"]}, ["x.example"]),
        ({"a": "Host(`x.example`)", "b": "PathPrefix(`/`)"}, {"a": ["/"]}, ["x.example"]),
        ({"a": "PathPrefix(`/`)", "b": "Host(`x.example`)"}, {"b": ["/"]}, ["x.example"]),
        ({"a": "Host(`x.example`)", "b": "Host(`x.example`)"}, {"a": ["/"]}, ["x.example"]),
        ({"a": "PathPrefix(`/p`)", "b": "PathPrefix(`/p`)"}, {"a": ["/p"]}, []),
        ({"a": "PathPrefix(`/p`)", "b": "PathPrefix(`/p`); routers.b0.priority=99"}, {"b": ["/p"]}, []),
    ],
)
def test_every_host_that_is_answered_has_every_path(
    tmp_path: Path, rules: dict[str, Any], expected: dict[str, list[str]], names: list[str]
) -> None:
    found = project(tmp_path, rules)
    assert (routes(found), hosts(found)) == (expected, names)


def test_two_ports_of_one_service_are_two_applications(tmp_path: Path) -> None:
    second = "Host(`edge.example`); routers.a1.service=two; services.two.loadbalancer.server.port=81"
    first = "Host(`www.example`); routers.a0.service=one; services.one.loadbalancer.server.port=80"
    found = project(tmp_path, {"a": [first, second]})
    assert found.services["a"]["interface"] == {"/": {"path": "/", "port": 80}}
    assert hosts(found) == ["www.example"]


def test_of_one_path_on_two_entry_points_the_one_of_browsers_counts(tmp_path: Path) -> None:
    gateway = (
        "  traefik:\n    image: traefik:v3\n    ports: ['80:80', '8080:8080']\n"
        "    command:\n      - --providers.docker\n"
        "      - --entrypoints.web.address=:80\n      - --entrypoints.metrics.address=:8080\n"
    )
    rules = {
        "admin": "Host(`x.example`); routers.admin0.entrypoints=metrics",
        "web": "Host(`x.example`); routers.web0.entrypoints=web",
    }
    found = project(tmp_path, rules, gateway)
    assert routes(found) == {"web": ["/"]}
    assert "leads to web already" in found.told


def test_the_greater_group_of_hosts_is_answered() -> None:
    one = [Claim("blog.example", "/", BLOG)]
    two = [Claim("a.example", "/", SHOP), Claim("a.example", "/b", BLOG), Claim("b.example", "/", SHOP)]
    assert RouterHosts([*one, *two]).answered == ("a.example",)
    assert RouterHosts([*one, *two, Claim("b.example", "/b", BLOG)]).answered == ("a.example", "b.example")
    assert RouterHosts().answered == ("",)


def test_a_host_whose_routes_are_left_out_keeps_no_other_from_being_answered(tmp_path: Path) -> None:
    auth = "routers.a0.middlewares=m; middlewares.m.forwardauth.address=http://auth"
    rules = {"a": f"Host(`a.example`); {auth}", "b": "Host(`b.example`) && Path(`/`)", "c": "Host(`c.example`)"}
    found = project(tmp_path / "closed", rules)
    assert (routes(found), hosts(found)) == ({"c": ["/"]}, ["c.example"])
    opened = project(tmp_path / "opened", {"a": rules["a"]}, opened=("a",))
    assert (routes(opened), hosts(opened)) == ({"a": ["/"]}, ["a.example"])


def test_a_stack_has_as_many_hosts_as_the_model_takes(tmp_path: Path) -> None:
    found = project(tmp_path, {"a": " || ".join(f"Host(`h{each:02}.example`)" for each in range(33))})
    assert len(hosts(found)) == 32
    assert "spec.edge.hosts: rejected: a stack has at most 32 hosts; 'h32.example' is left out." in found.told
