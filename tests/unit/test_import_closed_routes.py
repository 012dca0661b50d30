"""Routes of Traefik: who could not call there cannot call here, or the route is left out and is told first."""

import base64
from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.compose.compose_file import router_rules
from ailtire_operator.compose.compose_file.traefik_settings import TraefikSettings
from support.compose.compose_cases import Conversion, convert_text

PATH = "PathPrefix(`/api`)"


def project(
    folder: Path, *labels: str, middlewares: str = "m", rule: str = PATH, rest: str = "", **options: Any
) -> Conversion:
    """A project whose service web has a route at /api, and these labels besides."""
    written = [f"traefik.http.routers.w.rule={rule}", *(f"traefik.http.{each}" for each in labels)]
    written += [f"traefik.http.routers.w.middlewares={middlewares}"] if middlewares else []
    lines = "".join(f"      - '{each}'\n" for each in written)
    text = f"name: p\nservices:\n  web:\n    image: w\n    expose: ['80']\n    labels:\n{lines}{rest}"
    return convert_text(folder, text, **options)


def closed(found: Conversion) -> list[str]:
    """What is told first of all."""
    return [str(each) for each in found.notices if each.classification == "closed"]


@pytest.mark.parametrize(
    "label",
    [
        "forwardauth.address=http://auth",
        "digestauth.users=a:realm:b",
        "basicauth.users=nobody",
        "basicauth.realm=here",
        "plugin.oidc.issuer=https://id.example",
        "plugin.unknown.a=b",
        "kindofthefuture.a=b",
        "ipallowlist.sourcerange=everybody",
        "ipallowlist.sourcerange=10.0.0.0/33",
        "ipwhitelist.sourcerange=",
        "ipallowlist.ipstrategy.depth=1",
        "ratelimit.average=many",
        "inflightreq.amount=10",
        "replacepath.path=/public",
        "replacepathregex.regex=.*",
        "passtlsclientcert.pem=true",
        "headers.customrequestheaders.Remote-User=",
        "headers.allowedhosts=a.example",
        "chain.middlewares=other@file",
        "chain.middlewares=m2",
    ],
)
def test_a_route_whose_protection_is_lost_is_left_out(tmp_path: Path, label: str) -> None:
    further = "middlewares.m2.chain.middlewares=m3,m2"
    found = project(tmp_path / "closed", f"middlewares.m.{label}", further)
    assert "interface" not in found.services["web"]
    assert "edge" not in found.stack["spec"]
    assert len(closed(found)) == 1
    assert "/api would be OPEN: left out" in closed(found)[0]
    assert "--accept open:/api" in closed(found)[0]
    for name in ("/api", "web"):
        opened = project(tmp_path / name.strip("/"), f"middlewares.m.{label}", further, opened=(name,))
        assert list(opened.services["web"]["interface"]) == ["/api"]
        assert closed(opened) == []


@pytest.mark.parametrize("name", ["auth@file", "auth@kubernetescrd", "nobody", "harmless@file", "harmless, auth@file"])
def test_a_middleware_from_elsewhere_may_protect(tmp_path: Path, name: str) -> None:
    found = project(tmp_path, "middlewares.harmless.compress=true", middlewares=name)
    assert "interface" not in found.services["web"]
    assert "and may restrict callers" in closed(found)[0]


@pytest.mark.parametrize(
    "label",
    [
        "compress=true",
        "redirectregex.regex=a",
        "headers.stsseconds=1",
        "headers.customrequestheaders.A=b",
        "errors.status=500",
        "circuitbreaker.expression=x",
        "buffering.retryexpression=x",
        "addprefix.prefix=/a",
    ],
)
def test_a_middleware_that_keeps_nobody_out_closes_nothing(tmp_path: Path, label: str) -> None:
    found = project(tmp_path, f"middlewares.m.{label}")
    assert list(found.services["web"]["interface"]) == ["/api"]
    assert closed(found) == []


def test_users_become_a_secret_and_an_authentication(tmp_path: Path) -> None:
    labels = ["middlewares.m.basicauth.users=a:$$apr1$$x$$y, b:{SHA}z", "middlewares.m.basicauth.realm=Admin"]
    found = project(tmp_path / "a", *labels, with_secrets=True)
    control = {"authentication": {"secret": "p-m-basicauth", "realm": "Admin"}}
    assert found.services["web"]["policies"] == {"accessControl": control}
    (secret,) = found.secrets
    assert secret["metadata"]["name"] == "p-m-basicauth"
    assert base64.b64decode(secret["data"]["auth"]) == b"a:$apr1$x$y\nb:{SHA}z\n"
    without = project(tmp_path / "b", *labels)
    assert without.services["web"]["policies"] == {"accessControl": control}
    assert without.secrets == []
    assert "the Secret 'p-m-basicauth' has the users (key auth); without it all calls are refused" in without.told
    assert "$apr1" not in str(without.stack)
    assert "$apr1" not in str(found.stack)


def test_a_file_of_users_is_a_secret_that_a_person_makes(tmp_path: Path) -> None:
    found = project(tmp_path, "middlewares.m.basicauth.usersfile=/users", with_secrets=True)
    assert found.services["web"]["policies"]["accessControl"]["authentication"] == {"secret": "p-m-basicauth"}
    assert found.secrets == []
    assert "Create the Secrets of users from their files: p-m-basicauth (key auth)" in found.told


ALLOW = "middlewares.{}.ipallowlist.sourcerange={}"


@pytest.mark.parametrize(
    ("one", "other", "allow"),
    [
        ("10.0.0.0/8", "10.1.0.0/16,192.168.0.1", ["10.1.0.0/16"]),
        ("10.1.0.0/16", "10.0.0.0/8", ["10.1.0.0/16"]),
        ("10.0.0.0/8,fd00::/8", "fd00::1,10.0.0.0/8", ["10.0.0.0/8", "fd00::1"]),
    ],
)
def test_of_two_lists_of_addresses_both_count(tmp_path: Path, one: str, other: str, allow: list[str]) -> None:
    labels = [ALLOW.format("m", one), ALLOW.format("n", other)]
    found = project(tmp_path / "a", *labels, middlewares="m,n")
    assert sorted(found.services["web"]["policies"]["accessControl"]["allow"]) == allow
    routers = ["routers.v.rule=PathPrefix(`/v`)", "routers.v.middlewares=n"]
    found = project(tmp_path / "b", *labels, *routers)
    assert sorted(found.services["web"]["policies"]["accessControl"]["allow"]) == allow
    assert set(found.services["web"]["interface"]) == {"/api", "/v"}


@pytest.mark.parametrize(
    "labels",
    [
        [ALLOW.format("m", "10.0.0.0/8"), ALLOW.format("n", "11.0.0.0/8")],
        ["middlewares.m.basicauth.users=a:b", "middlewares.n.basicauth.users=c:d"],
    ],
)
def test_what_one_service_cannot_ask_of_all_callers_leaves_the_second_route_out(
    tmp_path: Path, labels: list[str]
) -> None:
    found = project(tmp_path / "a", *labels, "routers.v.rule=PathPrefix(`/v`)", "routers.v.middlewares=n")
    assert len(found.services["web"]["interface"]) == 1
    assert "one set of rules applies to all" in closed(found)[0]
    both = project(tmp_path / "b", *labels, middlewares="m,n")
    assert "interface" not in both.services["web"]


def test_a_route_without_rules_beside_one_with_them_gets_them(tmp_path: Path) -> None:
    found = project(tmp_path, ALLOW.format("m", "10.0.0.0/8"), "routers.v.rule=PathPrefix(`/v`)")
    assert set(found.services["web"]["interface"]) == {"/api", "/v"}
    assert found.services["web"]["policies"] == {"accessControl": {"allow": ["10.0.0.0/8"]}}


def test_the_lower_of_two_rates_counts(tmp_path: Path) -> None:
    labels = ["middlewares.m.ratelimit.average=5", "middlewares.n.ratelimit.average=500000"]
    found = project(tmp_path, *labels, middlewares="m,n")
    assert found.services["web"]["policies"]["accessControl"] == {"rateLimit": 5}


def test_a_bound_on_bodies_stays(tmp_path: Path) -> None:
    found = project(tmp_path, "middlewares.m.buffering.maxrequestbodybytes=2097152")
    assert found.services["web"]["policies"] == {"maxBody": "2Mi"}


def test_names_of_routers_are_the_same_in_capitals(tmp_path: Path) -> None:
    found = project(tmp_path, "routers.W.middlewares=a@file", middlewares="")
    assert "interface" not in found.services["web"]


def test_a_client_s_certificate_may_be_asked_for(tmp_path: Path) -> None:
    found = project(tmp_path, "routers.w.tls.options=mtls@file", middlewares="")
    assert "its TLS options 'mtls@file' may ask callers for a certificate" in closed(found)[0]
    assert "interface" not in found.services["web"]


def test_one_path_alone_is_not_all_below_it(tmp_path: Path) -> None:
    rule = "Host(`a.example`) && (Path(`/hook`) || PathPrefix(`/v`))"
    found = project(tmp_path / "a", middlewares="", rule=rule)
    assert list(found.services["web"]["interface"]) == ["/v"]
    assert "/hook would be OPEN: left out" in closed(found)[0]
    covered = project(tmp_path / "b", middlewares="", rule="Path(`/hook`) || PathPrefix(`/hook/`)")
    assert list(covered.services["web"]["interface"]) == ["/hook"]


@pytest.mark.parametrize(
    "rule",
    [
        "Host(`a.example`) && PathRegexp(`^/(api)/x`)",
        "Host(`a.example`) && Path(`/x/{id:[0-9]+}`)",
        "Host(`a.example`) && ClientIP(`10.0.0.0/8`)",
        "PathPrefix(`/a`) && PathPrefix(`/a/b`)",
        "PathPrefix(`/a`) && !PathPrefix(`/a/b`)",
        "Host(`a.example`) PathPrefix(`/x`)",
        "Host(`a.example`) && (PathPrefix(`/x`)",
        "Host(`a.example`))",
        "Host()",
        "PathPrefix(`x`)",
        "Host(`a.example`) && PathPrefix(`/a`",
        "&&",
        "",
        "(" * 5000,
        " && ".join(["(Host(`a.example`) || PathPrefix(`/a`))"] * 20),
    ],
)
def test_a_rule_that_the_gateway_cannot_say_is_no_route(rule: str) -> None:
    with pytest.raises(router_rules.UnknownRule):
        router_rules.read(rule)


@pytest.mark.parametrize(
    ("rule", "hosts", "prefixes"),
    [
        ("Host(`a.example`)", ("a.example",), ("/",)),
        ('Host("a.example", `B.example`)', ("a.example", "b.example"), ("/",)),
        ("Host(`a.example`) && (PathPrefix(`/a/`) || PathPrefix(`/b`))", ("a.example",), ("/a", "/b")),
        ("PathPrefix(`/a`) || Host(`a.example`) && PathPrefix(`/b`)", ("a.example",), ("/a", "/b")),
    ],
)
def test_a_rule_is_its_hosts_and_paths(rule: str, hosts: tuple[str, ...], prefixes: tuple[str, ...]) -> None:
    found = router_rules.read(rule)
    assert tuple(dict.fromkeys(host for host, _ in found.pairs if host)) == hosts
    assert (found.prefixes, found.exact) == (prefixes, ())


def traefik(*arguments: str, ports: str = "'80:80'") -> str:
    """A Traefik of the project's own."""
    words = ", ".join(f'"{each}"' for each in ("--providers.docker=true", *arguments))
    return f"  traefik: {{image: 'traefik:v3.2', command: [{words}], ports: [{ports}]}}\n"


INTERNAL = "--entrypoints.internal.address=:8082"


@pytest.mark.parametrize(
    ("rest", "label", "is_open"),
    [
        (traefik("--entrypoints.web.address=:80", INTERNAL), "routers.w.entrypoints=web", True),
        (traefik("--entrypoints.web.address=:80", INTERNAL), "routers.w.entrypoints=internal", False),
        (traefik("--entrypoints.web.address=:80", INTERNAL), "routers.w.entrypoints=internal,web", True),
        (traefik("--entrypoints.web.address=127.0.0.1:80"), "routers.w.entrypoints=web", False),
        (traefik("--entrypoints.web.address=:80", ports="'127.0.0.1:80:80'"), "routers.w.entrypoints=web", False),
        (traefik(INTERNAL, ports="'80:80', '8082:8082'"), "routers.w.entrypoints=internal", True),
        (traefik("--entrypoints.web.address=:80", "--entrypoints.web.http.middlewares=a@file"), "a.b.c=d", False),
        (traefik("--entrypoints.web.address=:80", "--entrypoints.web.http.tls.options=m@file"), "a.b.c=d", False),
        (traefik("--providers.docker.constraints=LabelRegex(`a`, `b`)"), "a.b.c=d", False),
        ("", "routers.w.entrypoints=websecure", True),
        ("", "routers.w.entrypoints=vpn", False),
    ],
)
def test_a_route_is_as_open_as_its_entry_points(tmp_path: Path, rest: str, label: str, is_open: bool) -> None:
    found = project(tmp_path / "a", label, middlewares="", rest=rest)
    assert ("interface" in found.services["web"]) == is_open
    assert any("would be OPEN: left out" in each for each in closed(found)) != is_open
    assert "interface" in project(tmp_path / "b", label, middlewares="", rest=rest, opened=("web",)).services["web"]


def test_what_the_project_s_traefik_publishes_on_one_address_is_not_published(tmp_path: Path) -> None:
    found = project(tmp_path, middlewares="", rest=traefik(ports="'127.0.0.1:80:80'"))
    assert "interface" not in found.stack["spec"]
    assert "port 80 of traefik would be OPEN: not published" in closed(found)[0]


@pytest.mark.parametrize(
    ("settings", "labels", "counts"),
    [
        (["--providers.docker.exposedbydefault=false"], {}, False),
        (["--providers.docker.exposedByDefault=false"], {"traefik.enable": "true"}, True),
        (["--providers.docker.exposedbydefault", "false"], {"traefik.enable": "1"}, True),
        ([], {"traefik.enable": "False"}, False),
        ([], {"traefik.enable": "0"}, False),
        ([], {"traefik.enable": "nonsense"}, False),
        ([], {}, True),
        (["--providers.swarm.constraints=Label(`a.b`,`c`)"], {}, False),
        (["--providers.swarm.constraints=Label(`a.b`, `c`)"], {"a.b": "c"}, True),
        (["--providers.docker.constraints=Label(`a`,`b`) || Label(`c`,`d`)"], {"a": "b"}, None),
    ],
)
def test_which_services_traefik_looks_at(settings: list[str], labels: dict[str, str], counts: bool | None) -> None:
    front = TraefikSettings()
    front.learn({"command": settings})
    assert front.counts(labels) is counts


def test_settings_of_traefik_may_be_variables() -> None:
    front = TraefikSettings()
    front.learn({"environment": {"TRAEFIK_PROVIDERS_DOCKER_EXPOSEDBYDEFAULT": "false"}})
    assert front.counts({}) is False


def test_a_service_that_traefik_passes_over_has_no_route(tmp_path: Path) -> None:
    rest = traefik("--providers.docker.exposedbydefault=false")
    found = project(tmp_path, middlewares="", rest=rest)
    assert "interface" not in found.services["web"]
    assert "Traefik ignores this service" in found.told
