"""Import: contexts that are Compose files, and deploy as these say it."""

from pathlib import Path
from typing import Any

import pytest

from support.compose.importing import imported, single, spec, told, web
from support.definitions.applications import deploy, services

HAND_WRITTEN = """
services:
  frontend:
    image: traefik:v2.11
    command: ["--providers.docker.swarmMode=true", "--entrypoints.web.address=:80"]
    ports: ["80:80", "443:443"]
    volumes: ["/var/run/docker.sock:/var/run/docker.sock"]
  cpl:
    image: shop_cpl
    environment: {LEVEL: info}
    volumes: ["/var/run/docker.sock:/var/run/docker.sock"]
    deploy:
      labels:
        traefik.http.routers.cpl.rule: "PathPrefix(`/cpl`)"
        traefik.http.routers.cpl.middlewares: strip
        traefik.http.middlewares.strip.stripprefix.prefixes: /cpl
        traefik.http.services.cpl.loadbalancer.server.port: "3000"
  doc:
    image: shop_doc
    deploy:
      labels:
        - traefik.http.routers.doc.rule=Host(`shop.example`) && PathPrefix(`/doc`)
        - traefik.http.services.doc.loadbalancer.server.port=8080
"""


@pytest.mark.parametrize("key", ["file", "design"])
def test_a_context_may_be_a_compose_file_whose_labels_are_the_routes(tmp_path: Path, key: str) -> None:
    files = {
        "deploy/deploy.js": {"name": "shop", "contexts": {"dev": {"type": "swarm", key: "stack.yml"}}},
        "deploy/stack.yml": HAND_WRITTEN,
        "api/Cpl/deploy/deploy.js": deploy("shop_cpl", "dev"),
        "api/Cpl/deploy/services.js": services(api={"image": "api"}),
    }
    result = imported(tmp_path, files)
    members = spec(result)["services"]
    assert set(members) == {"cpl", "doc"}
    assert members["cpl"]["type"] == "stack"
    assert members["cpl"]["stack"]["services"]["api"]["image"] == "api"
    assert members["cpl"]["interface"] == {"/cpl": {"path": "/", "port": 3000}}
    assert members["doc"]["interface"] == {"/doc": {"path": "/doc", "port": 8080}}
    assert spec(result)["interface"] == {"ports": {"80": 3000}}
    assert spec(result)["edge"] == {"hosts": ["shop.example"]}
    report = told(result)
    assert "deploy/stack.yml: services.frontend: approximate: this Traefik needs Docker's API" in report
    assert "HTTPS ends at the edge" in report


@pytest.mark.parametrize(
    ("written", "kept", "reported"),
    [
        ({"mode": "global"}, {"mode": "global"}, ""),
        ({"mode": "global", "replicas": 2}, {"mode": "global"}, "replicas: rejected: every node has one replica"),
        ({"mode": "often"}, {}, "mode: rejected: 'often' is not valid in Compose"),
        ({"replicas": "many"}, {}, "replicas: rejected"),
        ({"resources": "few"}, {}, "resources: rejected: expected a map"),
        ({"resources": {"reservations": {"devices": [5]}}}, {}, "resources.reservations.devices: rejected"),
        ({"resources": {"limits": {"cpus": "1"}}, "placement": {"resources": {"limits": {"cpus": "2"}}}},
         {"resources": {"limits": {"cpu": "1"}}}, "placement.resources: ignored: deploy.resources is set too"),
        ({"update_config": {"max_failure_ratio": "x"}}, {}, "update_config.max_failure_ratio: rejected"),
        ({"update_config": {"max_failure_ratio": 7}}, {}, "updateConfig: rejected: invalid value"),
        ({"labels": ["a=b"]}, {"labels": {"a": "b"}}, ""),
        ({"rollback_config": {"order": "stop-first"}}, {"rollbackConfig": {"order": "stopFirst"}}, ""),
        ({"anything": 1}, {}, "anything: ignored"),
        ({"placement": {"preferences": {"spread": "x"}}}, {}, "placement.preferences: ignored"),
    ],
    ids=str,
)  # fmt: skip
def test_deploy_means_what_it_means_in_a_compose_file(
    tmp_path: Path, written: dict[str, Any], kept: dict[str, Any], reported: str
) -> None:
    found, report = web(tmp_path, deploy=written)
    assert found.get("deploy", {}) == kept
    assert not reported or f"spec.services.web.deploy.{reported}" in report


def test_what_a_container_adds_is_merged(tmp_path: Path) -> None:
    container = {"image": "svc", "environment": {"A": "1", "B": "1"}, "volumes": {"d": "data:/d"}}
    own = {"environment": {"B": "2"}, "volumes": {"e": "more:/e"}, "deployments": {"container": container}}
    found = spec(single(tmp_path, services(web=own)))["services"]["web"]
    assert found["environment"] == {"A": "1", "B": "2"}
    assert set(found["volumes"]) == {"d", "e"}


def test_what_a_compose_file_of_an_application_keeps_closed_is_opened_on_purpose(tmp_path: Path) -> None:
    files = {
        "deploy/deploy.js": {"name": "shop", "contexts": {"dev": {"type": "swarm", "file": "stack.yml"}}},
        "deploy/stack.yml": "services: {web: {image: w, ports: ['127.0.0.1:80:80']}}\n",
    }
    for folder, opened, published in (("a", (), None), ("b", ("web:80",), 80)):
        found = spec(imported(tmp_path / folder, files, opened=opened))
        (port,) = found["services"]["web"]["ports"].values()
        assert port.get("published") == published
