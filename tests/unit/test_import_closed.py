"""What protects is not dropped while the service runs on: it is kept, or what it protects stays closed and is told."""

import re
from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.compose.keys import table
from support.compose.compose_cases import Conversion, convert_text


def project(folder: Path, service: str, rest: str = "", opened: tuple[str, ...] = ()) -> Conversion:
    """A project with the service web that says this, and a plain one beside it."""
    text = f"name: p\nservices:\n  web: {{image: w, {service}}}\n  other: {{image: o}}\n{rest}"
    return convert_text(folder, text, opened=opened)


def closed(found: Conversion) -> list[str]:
    """The places that are told first of all."""
    return [each.path for each in found.notices if each.classification == "closed"]


@pytest.mark.parametrize(
    "port",
    [
        '"127.0.0.1:5432:5432"',
        '"127.0.0.2:5432:5432"',
        '"[::1]:5432:5432"',
        '"10.0.0.5:5432:5432"',
        '"127.0.0.1:5432:5432/udp"',
        '"[fd00::1]:5432:5432"',
        '{target: 5432, published: "5432", host_ip: 127.0.0.1}',
        '{target: 5432, published: "5432", host_ip: "::1", mode: host}',
    ],
)
def test_a_port_of_one_address_is_not_published(tmp_path: Path, port: str) -> None:
    found = project(tmp_path / "closed", f"ports: [{port}]")
    (only,) = found.services["web"]["ports"].values()
    assert only["port"] == 5432
    assert "published" not in only
    assert found.of("Service/web")[0]["spec"]["type"] == "ClusterIP"
    assert [each["metadata"]["name"] for each in found.of("Service") if "published" in each["metadata"]["name"]] == []
    assert closed(found) == ["services.web.ports[0].host_ip"]
    assert "port 5432 of web would be OPEN: not published" in found.told
    assert "LoadBalancer" not in found.told
    for name in ("web:5432", "web", "services.web.ports[0]", "services"):
        opened = project(tmp_path / name.replace(":", "-"), f"ports: [{port}]", opened=(name,))
        assert [each["published"] for each in opened.services["web"]["ports"].values()] == [5432]
        assert closed(opened) == []
        assert "it is OPEN by --accept" in opened.told


def test_each_port_of_a_range_stays_closed(tmp_path: Path) -> None:
    found = project(tmp_path, 'ports: ["127.0.0.1:8000-8002:9000-9002", "127.0.0.1:9100-9101:9000"]')
    assert not any("published" in each for each in found.services["web"]["ports"].values())
    assert len(closed(found)) >= 4


@pytest.mark.parametrize("address", ["0.0.0.0", "[::]", "[::0]", "[0:0:0:0:0:0:0:0]"])
def test_a_port_of_every_address_is_published(tmp_path: Path, address: str) -> None:
    found = project(tmp_path, f'ports: ["{address}:80:8080"]')
    assert [each["published"] for each in found.services["web"]["ports"].values()] == [80]
    assert closed(found) == []


def test_ports_are_judged_one_by_one(tmp_path: Path) -> None:
    found = project(tmp_path, 'ports: ["127.0.0.1:81:80", "80:80", "127.0.0.1:443:443"]')
    published = {each.get("published") for each in found.services["web"]["ports"].values()}
    assert published == {80, None}


@pytest.mark.parametrize(
    ("service", "place"),
    [
        ("network_mode: none", "network_mode"),
        ('network_mode: "service:other"', "network_mode"),
        ('network_mode: "container:vpn"', "network_mode"),
        ("network_mode: some-network", "network_mode"),
        ("networks: [nowhere]", "networks.nowhere"),
        ("networks: [apart]", "networks.apart"),
        ("user: postgres", "user"),
        ('user: "postgres:1000"', "user"),
        ('user: "4294967294"', "user"),
        ('user: ":33"', "user"),
        ("security_opt: [seccomp=./own.json]", "security_opt[0]"),
        ('security_opt: ["no-new-privileges:true", "mask=/proc/x"]', "security_opt[1]"),
        ('userns_mode: "private"', "userns_mode"),
        ("isolation: hyperv", "isolation"),
        ("runtime: io.containerd.runsc.v1/x", "runtime"),
        ("cap_drop: [ALL, 'no capability']", "cap_drop"),
        ("security_opt: ['label=level:s0:c1,c2', 'label=type:own_t']", "securityOpt.label"),
        ("sysctls: {net.ipv6.conf.all.disable_ipv6: 1}", 'sysctls["net.ipv6.conf.all.disable_ipv6"]'),
        ("environment: {REQUIRE_LOGIN: '{{.Node.Of.Nothing}}'}", "environment.REQUIRE_LOGIN"),
        (f"command: [{', '.join('a' * 257)}]", "command"),
    ],
)
def test_a_service_whose_confinement_is_lost_is_left_out(tmp_path: Path, service: str, place: str) -> None:
    rest = (
        "networks:\n  nowhere: {external: true, name: none}\n"
        "  apart: {driver_opts: {com.docker.network.bridge.enable_icc: 'false'}}\n"
    )
    found = project(tmp_path / "closed", service, rest)
    assert list(found.services) == ["other"]
    assert [each.removeprefix("spec.") for each in closed(found)] == [f"services.web.{place}"]
    assert "web would run OPEN: left out" in found.told
    assert "--accept open:web" in found.told
    opened = project(tmp_path / "opened", service, rest, opened=("web",))
    assert set(opened.services) == {"web", "other"}
    assert closed(opened) == []


def test_what_only_a_closed_service_uses_is_left_out_too_and_nobody_waits_for_it(tmp_path: Path) -> None:
    text = """
name: p
services:
  closed: {image: c, user: c, volumes: ["own:/a", "shared:/b", "./conf.txt:/c"], networks: [one, two]}
  other: {image: o, volumes: ["shared:/b"], networks: [two], depends_on: [closed]}
volumes: {own: {}, shared: {}}
networks: {one: {}, two: {}}
"""
    tmp_path.joinpath("conf.txt").write_text("x")
    found = convert_text(tmp_path, text)
    assert list(found.stack["spec"]["data"]) == ["shared"]
    assert list(found.stack["spec"]["networks"]) == ["two"]
    assert "configs" not in found.stack["spec"]
    assert "dependsOn" not in found.services["other"]
    assert "'closed' is not a service of the stack, so 'other' does not wait for it" in found.told


@pytest.mark.parametrize(
    ("written", "user"),
    [
        ("1000:www-data", "1000:1000"),
        ("root", "0"),
        ("root:root", "0:0"),
        ("1000:root", "1000:0"),
        ("0:0", "0:0"),
        ("1000", "1000"),
    ],
)
def test_a_user_keeps_what_is_a_number(tmp_path: Path, written: str, user: str) -> None:
    assert project(tmp_path, f'user: "{written}"').services["web"]["user"] == user


@pytest.mark.parametrize(
    "service",
    [
        "security_opt: [seccomp=unconfined, apparmor=unconfined, label=nested]",
        "security_opt: [label=disable]",
        "sysctls: {net.core.somaxconn: 1024}",
        "healthcheck: {test: [CMD, a]}",
        "userns_mode: host",
        "pid: host",
        "ipc: host",
        "network_mode: host",
        "privileged: true",
        "cap_add: [ALL]",
        "group_add: [docker]",
    ],
)
def test_a_service_without_a_right_runs_on(tmp_path: Path, service: str) -> None:
    found = project(tmp_path, service)
    assert set(found.services) == {"web", "other"}
    assert closed(found) == []


def test_docker_s_own_network_is_not_the_project_s(tmp_path: Path) -> None:
    found = project(tmp_path, "network_mode: bridge")
    assert found.services["web"]["networks"] == {"bridge": {}}
    assert "networks" not in found.services["other"]


def test_a_service_without_network_gets_one_without_anybody_where_that_is_accepted(tmp_path: Path) -> None:
    found = project(tmp_path, "network_mode: none", opened=("web",))
    assert found.services["web"]["networks"] == {"only-web": {}}
    assert found.stack["spec"]["networks"]["only-web"] == {"internal": True}


@pytest.mark.parametrize(
    ("option", "internal"),
    [
        ("com.docker.network.bridge.enable_ip_masquerade: 'false'", True),
        ("com.docker.network.bridge.gateway_mode_ipv4: isolated", True),
        ("com.docker.network.bridge.enable_ip_masquerade: 'true'", None),
    ],
)
def test_a_network_from_which_nothing_leads_out_is_internal(tmp_path: Path, option: str, internal: Any) -> None:
    found = project(tmp_path, "networks: [n]", f"networks:\n  n: {{driver_opts: {{{option}}}}}\n")
    assert found.stack["spec"]["networks"]["n"].get("internal") == internal


def test_a_network_may_bind_its_members_ports_to_one_address(tmp_path: Path) -> None:
    rest = "networks:\n  default:\n    driver_opts: {com.docker.network.bridge.host_binding_ipv4: 127.0.0.1}\n"
    found = project(tmp_path, 'ports: ["80:80", "0.0.0.0:81:81"]', rest)
    assert [each.get("published") for each in found.services["web"]["ports"].values()] == [None, 81]


def test_a_hook_of_a_lesser_user_is_left_out(tmp_path: Path) -> None:
    hooks = 'user: "0", post_start: [{command: [a], user: "1000"}, {command: [b], user: root}]'
    found = project(tmp_path, hooks)
    assert [each["command"] for each in found.services["web"]["postStart"]] == [["b"]]
    assert closed(found) == ["services.web.post_start[0].user"]


ROUTE = "traefik.http.routers.w.rule: PathPrefix(`/w`), traefik.http.routers.w.middlewares: auth@file"
LOSSES = {
    "networks.*.driver_opts": "networks: [apart]",
    "networks.*.external": "networks: [nowhere]",
    "services.*.cap_drop": "cap_drop: ['no capability']",
    "services.*.command": f"command: [{', '.join('a' * 257)}]",
    "services.*.deploy.labels": f"deploy: {{labels: {{{ROUTE}}}}}",
    "services.*.entrypoint": f"entrypoint: [{', '.join('a' * 257)}]",
    "services.*.environment": "environment: {LOGIN: '{{.Node.Of.Nothing}}'}",
    "services.*.isolation": "isolation: hyperv",
    "services.*.labels": f"labels: {{{ROUTE}}}",
    "services.*.network_mode": "network_mode: none",
    "services.*.networks.*": "networks: [nowhere]",
    "services.*.ports[].host_ip": 'ports: ["127.0.0.1:1:1"]',
    "services.*.post_start[].user": "post_start: [{command: [a], user: me}]",
    "services.*.pre_stop[].user": "pre_stop: [{command: [a], user: me}]",
    "services.*.runtime": "runtime: a/b",
    "services.*.security_opt": "security_opt: [seccomp=./a.json]",
    "services.*.sysctls": "sysctls: {net.ipv6.conf.all.disable_ipv6: 1}",
    "services.*.user": "user: me",
    "services.*.userns_mode": "userns_mode: auto",
    "services.*.volumes[].source": 'volumes: ["/srv/htpasswd:/a"]',
}
"""A loss of each key that protects and cannot always be kept."""


def test_every_key_is_known_to_protect_or_not() -> None:
    found = {row.path: row.protects for row in table().values()}
    assert set(found.values()) == {"closes", "kept", "reported", "no"}
    assert {path for path, protects in found.items() if protects == "closes"} == {
        path for path in found if path in LOSSES or any(path.startswith((f"{each}.", f"{each}[")) for each in SHARED)
    }


SHARED = [each for each in LOSSES if each not in ("services.*.networks.*",)]
"""Rows below them have their parent's class."""


def test_a_key_that_is_always_kept_is_never_left_out() -> None:
    kept = {row.path: row.kind for row in table().values() if row.protects == "kept"}
    assert set(kept.values()) <= {"exact", "resolved", "approximate", "container"}


@pytest.mark.parametrize("path", LOSSES)
def test_the_loss_of_a_key_that_protects_closes_what_it_protects(tmp_path: Path, path: str) -> None:
    rest = (
        "networks:\n  nowhere: {external: true, name: none}\n"
        "  apart: {driver_opts: {com.docker.network.bridge.enable_icc: 'false'}}\n"
    )
    found = project(tmp_path, LOSSES[path], rest)
    (place,) = closed(found)
    key = re.findall(r"\w+", path.removesuffix(".*"))[-1]
    assert key in place or key in ("driver_opts", "external", "source")
    web = found.services.get("web", {})
    assert not web.get("interface")
    assert not any("published" in each for each in web.get("ports", {}).values())


@pytest.mark.parametrize(
    "mount",
    [
        "/srv/htpasswd:/etc/nginx/htpasswd",
        "./users.acl:/a",
        "/etc/pg_hba.conf:/a",
        "./auth:/auth",
        "/srv/x:/etc/allow.d",
    ],
)
def test_a_file_that_says_who_may_call_is_mounted_or_the_service_does_not_run(tmp_path: Path, mount: str) -> None:
    found = project(tmp_path / "lost", f"volumes: ['{mount}']")
    assert set(found.services) == {"other"}
    assert closed(found) == ["services.web.volumes[0]"]


@pytest.mark.parametrize(
    "mount", ["/srv/data:/data", "/etc/passwd:/etc/passwd:ro", "./author:/a", "./html:/users-guide"]
)
def test_other_files_may_be_missing(tmp_path: Path, mount: str) -> None:
    assert "web" in project(tmp_path, f"volumes: ['{mount}']").services


def test_what_was_accepted_and_is_not_closed_is_told(tmp_path: Path) -> None:
    found = project(tmp_path, "command: [a]", opened=("dbb",))
    assert "--accept open:dbb: ignored: nothing with this name is closed" in found.told
