"""Labels for other programs: what Traefik and kompose would read becomes fields of the stack, or is told."""

from pathlib import Path
from typing import Any

import pytest

from support.compose.compose_cases import Conversion, convert_text


def project(folder: Path, labels: list[str], rest: str = "", deploy: bool = False) -> Conversion:
    """A project whose service web has these labels."""
    lines = "".join(f"      - '{label}'\n" for label in labels)
    place = (
        f"    deploy:\n      labels:\n{lines.replace('      -', '        -')}" if deploy else f"    labels:\n{lines}"
    )
    return convert_text(folder, f"name: p\nservices:\n  web:\n    image: w\n    ports: ['8080']\n{place}{rest}")


def router(*labels: str, rule: str = "PathPrefix(`/web`)", middlewares: str = "m") -> list[str]:
    """A router with middlewares, and further labels."""
    return [
        f"traefik.http.routers.w.rule={rule}",
        f"traefik.http.routers.w.middlewares={middlewares}",
        *(f"traefik.http.{label}" for label in labels),
    ]


def test_a_middleware_counts_where_a_router_names_it(tmp_path: Path) -> None:
    strip = "middlewares.m.stripprefix.prefixes=/web"
    assert project(tmp_path / "a", router(strip)).services["web"]["interface"] == {"/web": {"path": "/", "port": 8080}}
    other = project(tmp_path / "b", router(strip, "middlewares.n.compress=true", middlewares="n"))
    assert other.services["web"]["interface"]["/web"]["path"] == "/web"
    assert "no route of the stack uses this middleware" in other.told


def test_a_middleware_may_be_described_by_another_service_and_be_a_chain(tmp_path: Path) -> None:
    rest = (
        "  other:\n    image: o\n    labels:\n"
        "      traefik.http.middlewares.m.chain.middlewares: s@docker,r\n"
        "      traefik.http.middlewares.s.stripprefix.prefixes: /web\n"
        "      traefik.http.middlewares.r.ratelimit.average: '120'\n"
        "      traefik.http.middlewares.r.ratelimit.period: 1m\n"
    )
    web = project(tmp_path, router(middlewares="m@docker"), rest).services["web"]
    assert web["interface"]["/web"]["path"] == "/"
    assert web["policies"]["accessControl"] == {"rateLimit": 2}


@pytest.mark.parametrize(
    ("label", "policies"),
    [
        (
            "ipallowlist.sourcerange=10.0.0.0/8, 192.168.1.7",
            {"accessControl": {"allow": ["10.0.0.0/8", "192.168.1.7"]}},
        ),
        ("ipwhitelist.sourcerange=10.0.0.0/8", {"accessControl": {"allow": ["10.0.0.0/8"]}}),
        ("ratelimit.average=100", {"accessControl": {"rateLimit": 100}}),
        ("retry.attempts=4", {"retry": {"maxRetries": 3}}),
    ],
)
def test_what_the_gateway_enforces_becomes_a_policy(tmp_path: Path, label: str, policies: Any) -> None:
    assert project(tmp_path, router(f"middlewares.m.{label}")).services["web"]["policies"] == policies


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("middlewares.m.basicauth.users=a:b", "approximate: the Secret 'p-m-basicauth' has the users"),
        ("middlewares.m.forwardauth.address=http://auth", "closed: /web would be OPEN: left out; another program"),
        (
            "middlewares.m.ipallowlist.sourcerange=everybody",
            "closed: /web would be OPEN: left out; only some addresses",
        ),
        ("middlewares.m.headers.customrequestheaders.A=b", "ignored: the gateway does not change headers"),
        ("middlewares.m.redirectscheme.scheme=https", "ignored: requests are redirected at the edge"),
        ("middlewares.m.replacepath.path=/x", "closed: /web would be OPEN: left out; callers cannot choose the path"),
        ("middlewares.m.stripprefixregex.regex=/x", "rejected: the gateway only strips fixed prefixes"),
        ("middlewares.m.ratelimit.burst=5", "approximate: bursts of twice the rate are allowed"),
        ("middlewares.m.plugin.mine.a=b", "closed: /web would be OPEN: left out; 'plugin' may restrict callers"),
        ("routers.w.entrypoints=web", "resolved: only Traefik needs it"),
        ("routers.w.priority=3", "ignored: of the routes that match, the longest path is used"),
        ("routers.w.tls.certresolver=le", "ignored: certificates belong to the edge"),
        ("services.w.loadbalancer.sticky.cookie.samesite=none", "ignored: the gateway's cookie is for the whole host"),
        ("services.w.loadbalancer.sticky.cookie.name=a b", "rejected: 'a b' is no name of a cookie here"),
        ("services.w.loadbalancer.healthcheck.path=/h", "ignored: the service's healthcheck"),
        ("services.w.loadbalancer.server.port=many", "ignored: the gateway has no such setting"),
    ],
)
@pytest.mark.parametrize("deploy", [False, True])
def test_every_other_label_is_told_where_it_stands(tmp_path: Path, label: str, told: str, deploy: bool) -> None:
    result = project(tmp_path, router("middlewares.m.compress=true", label), deploy=deploy)
    place = "services.web.deploy.labels" if deploy else "services.web.labels"
    assert f'{place}["traefik.http.{label.partition("=")[0]}"]: {told}' in result.told


def test_a_router_names_the_port_and_the_scheme(tmp_path: Path) -> None:
    labels = router(
        "routers.w.service=two",
        "services.one.loadbalancer.server.port=1",
        "services.two.loadbalancer.server.port=2",
        "services.two.loadbalancer.server.scheme=https",
        "middlewares.m.addprefix.prefix=/v1",
    )
    found = project(tmp_path, labels).services["web"]["interface"]
    assert found == {"/web": {"path": "/v1/web", "port": 2, "protocol": "https"}}


@pytest.mark.parametrize(
    ("labels", "cookie"),
    [
        (["services.w.loadbalancer.sticky.cookie=true"], "web-replica"),
        (["services.w.loadbalancer.sticky=true"], "web-replica"),
        (["services.w.loadbalancer.sticky.cookie={}"], None),
        (["services.w.loadbalancer.sticky.cookie=false"], None),
        (["services.w.loadbalancer.sticky.cookie.name=io"], "io"),
        (["services.w.loadbalancer.sticky.cookie=true", "services.w.loadbalancer.sticky.cookie.name=io"], "io"),
        (["services.w.loadbalancer.sticky.cookie.httpOnly=true"], "web-replica"),
        (["services.w.loadbalancer.sticky.cookie.httpOnly=false"], "web-replica"),
        (["services.w.loadbalancer.sticky.cookie.secure=true"], "web-replica"),
        (["services.w.loadbalancer.sticky.cookie.secure=true", "services.w.loadbalancer.sticky.cookie=false"], None),
        (["services.w.loadBalancer.Sticky.Cookie.Name=IO_1"], "IO_1"),
    ],
)
@pytest.mark.parametrize("deploy", [False, True])
def test_a_sticky_cookie_becomes_a_session(tmp_path: Path, labels: list[str], cookie: str | None, deploy: bool) -> None:
    found = project(tmp_path, router("middlewares.m.compress=true", *labels), deploy=deploy).services["web"]
    assert found.get("policies", {}).get("session") == (cookie and {"cookie": cookie})


def test_a_service_has_one_cookie(tmp_path: Path) -> None:
    labels = [f"services.{name}.loadbalancer.sticky.cookie.name={name}" for name in ("one", "two")]
    result = project(tmp_path, router("middlewares.m.compress=true", *labels))
    assert result.services["web"]["policies"] == {"session": {"cookie": "one"}}
    assert "a service has one cookie for all its routes" in result.told


def test_a_cookie_without_a_route_makes_no_policy(tmp_path: Path) -> None:
    result = project(tmp_path, ["traefik.http.services.w.loadbalancer.sticky.cookie=true"])
    assert "policies" not in result.services["web"]


def test_a_router_that_only_redirects_opens_no_path(tmp_path: Path) -> None:
    labels = [
        *router("middlewares.m.redirectscheme.scheme=https", rule="Host(`a.example`)"),
        "traefik.http.routers.secure.rule=Host(`a.example`) && PathPrefix(`/api`)",
    ]
    result = project(tmp_path, labels)
    assert list(result.services["web"]["interface"]) == ["/api"]
    assert "it only redirects to HTTPS" in result.told


@pytest.mark.parametrize("deploy", [False, True])
def test_labels_of_the_first_traefik_are_told_once_and_make_no_route(tmp_path: Path, deploy: bool) -> None:
    old = [
        "traefik.frontend.rule=Host:a.example;PathPrefix:/x",
        "traefik.frontend.auth.basic.users=a:b",
        "traefik.backend=web",
        "traefik.backend.loadbalancer.sticky=true",
        "traefik.port=8080",
        "traefik.protocol=http",
        "traefik.weight=10",
        "traefik.admin.frontend.rule=PathPrefix:/admin",
        "Traefik.Admin.Port=8081",
    ]
    found = project(tmp_path / "old", ["traefik.enable=true", *old], deploy=deploy)
    assert "interface" not in found.services["web"]
    told = [str(each) for each in found.notices if "Traefik 1" in str(each)]
    assert len(told) == 1
    assert all(each.partition("=")[0] in told[0] for each in old)
    assert told[0].startswith(f"services.web{'.deploy' if deploy else ''}.labels: rejected:")
    both = project(tmp_path / "both", [*old, *router("middlewares.m.compress=true")], deploy=deploy)
    assert list(both.services["web"]["interface"]) == ["/web"]


def test_labels_are_read_in_capitals_too(tmp_path: Path) -> None:
    labels = router("middlewares.m.ipallowlist.sourcerange=10.0.0.0/8")
    web = project(tmp_path / "on", [each.replace("traefik.http", "Traefik.HTTP") for each in labels]).services["web"]
    assert list(web["interface"]) == ["/web"]
    assert web["policies"]["accessControl"] == {"allow": ["10.0.0.0/8"]}
    assert "annotations" not in web
    for deploy in (False, True):
        off = project(tmp_path / f"off{deploy}", [*labels, "TRAEFIK.Enable=false"], deploy=deploy)
        assert "interface" not in off.services["web"]
        assert "labels" not in off.services["web"].get("deploy", {})


def test_labels_without_a_rule_make_no_route(tmp_path: Path) -> None:
    result = project(tmp_path, ["traefik.enable=true", "traefik.http.services.w.loadbalancer.server.port=80"])
    assert "interface" not in result.services["web"]
    assert "services.web: rejected: there is no rule with a path" in result.told


def test_kompose_labels_become_fields(tmp_path: Path) -> None:
    labels = [
        "kompose.image-pull-policy=IfNotPresent",
        "kompose.service.type=headless",
        "kompose.hpa.replicas.min=2",
        "kompose.hpa.replicas.max=5",
        "kompose.hpa.cpu=70",
        "kompose.service.healthcheck.readiness.http_get_path=/ready",
        "kompose.service.healthcheck.readiness.http_get_port=8080",
        "kompose.service.healthcheck.readiness.interval=10s",
    ]
    web = project(tmp_path, labels).services["web"]
    assert web["pullPolicy"] == "IfNotPresent"
    assert web["deploy"] == {"endpointMode": "dnsrr"}
    assert web["policies"] == {"scaling": {"min": 2, "max": 5, "cpu": 70}}
    assert web["healthcheck"] == {"http": "/ready", "port": 8080, "interval": "10s"}


def test_a_check_for_kompose_gives_way_to_the_services_own(tmp_path: Path) -> None:
    labels = ["kompose.service.healthcheck.liveness.test=CMD curl x"]
    assert project(tmp_path / "a", labels).services["web"]["healthcheck"] == {"test": ["CMD", "curl", "x"]}
    own = project(tmp_path / "b", labels, "    healthcheck: {test: [CMD, own]}\n")
    assert own.services["web"]["healthcheck"] == {"test": ["CMD", "own"]}
    assert 'services.web.labels["kompose.service.healthcheck.liveness.test"]: ignored' in own.told


def test_a_daemon_set_is_a_service_on_every_node(tmp_path: Path) -> None:
    assert project(tmp_path, ["kompose.controller.type=daemonset"]).services["web"]["deploy"] == {"mode": "global"}


@pytest.mark.parametrize(
    "name",
    [
        "service.type=loadbalancer", "service.nodeport.port=30001", "service.expose=true", "service.group=g",
        "service.expose.tls-secret=s", "service.external-traffic-policy=local", "controller.type=statefulset",
        "volume.size=1Gi", "image-pull-secret=s", "init.containers.name=i", "cronjob.schedule=x", "hpa.cpu=5",
        "serviceaccount-name=s", "security-context.fsgroup=1", "ephemeral-storage.limit=1Gi", "something.new=1",
        "image-pull-policy=sometimes",
    ],
)  # fmt: skip
def test_every_other_label_of_kompose_is_told(tmp_path: Path, name: str) -> None:
    told = project(tmp_path, [f"kompose.{name}"]).told
    assert f'services.web.labels["kompose.{name.partition("=")[0]}"]: ignored' in told


def test_labels_of_volumes_that_kompose_reads(tmp_path: Path) -> None:
    labels = "{kompose.volume.size: 2Gi, kompose.volume.type: hostPath}"
    rest = f"    volumes: ['vol:/v']\nvolumes:\n  vol: {{labels: {labels}}}\n"
    result = project(tmp_path, ["a=b"], rest)
    assert result.stack["spec"]["data"] == {"vol": {"size": "2Gi"}}
    assert 'volumes.vol.labels["kompose.volume.type"]: ignored' in result.told
