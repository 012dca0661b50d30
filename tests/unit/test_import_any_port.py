"""Ports that a Compose file does not name: between services each port is open, whatever the others publish."""

import json
from pathlib import Path

import pytest
import yaml

from ailtire_operator.cli import app
from ailtire_operator.cli.failures import Exit
from support.compose.compose_cases import Conversion, convert_text
from support.compose.exporting import exported

BROKER = "services:\n  mq: {image: rabbitmq, ports: ['15672:15672']%s}\n  worker: {image: w%s}\n"


def project(folder: Path, broker: str = "", worker: str = "", rest: str = "") -> Conversion:
    return convert_text(folder, BROKER % (broker, worker) + rest)


def has_own_address(found: Conversion, key: str = "mq") -> bool:
    """Whether the Service answers on its declared ports alone."""
    return "clusterIP" not in found.of(f"Service/{key}")[0]["spec"]


@pytest.mark.parametrize(
    "worker",
    [
        "",
        ", environment: {BROKER: 'amqp://mq'}",
        ", environment: {BROKER: 'amqp://guest:guest@mq:5672/'}",
        ", environment: {HOST: mq, PORT: 5672}",
        ", command: [serve, --broker=mq, '--ui=http://mq:15672']",
        ", healthcheck: {test: [CMD, nc, -z, mq, '5672']}",
        ", depends_on: [mq]",
        ", environment: {BROKER: 'amqp://rabbit'}",
    ],
)
def test_peers_reach_ports_that_nobody_publishes(tmp_path: Path, worker: str) -> None:
    aliases = ", networks: {default: {aliases: [rabbit]}}"
    assert not has_own_address(project(tmp_path, aliases, worker))


@pytest.mark.parametrize(
    ("broker", "worker", "rest"),
    [
        ("", ", environment: {UI: 'http://mq:15672/'}", ""),
        (", expose: ['5672']", ", environment: {UI: 'mq:15672', BROKER: 'amqp://mq:5672'}", ""),
        (", networks: [one]", ", networks: [two]", "networks: {one: {}, two: {}}\n"),
        (", deploy: {endpoint_mode: vip}", "", ""),
    ],
)
def test_an_address_stays_where_its_ports_are_all_that_peers_dial(
    tmp_path: Path, broker: str, worker: str, rest: str
) -> None:
    found = project(tmp_path, broker, worker, rest)
    assert has_own_address(found)
    told = "services.mq.deploy.endpoint_mode: approximate: peers reach only the declared ports"
    assert (told in found.told) is ("vip" in broker)


def test_reach_says_what_the_service_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder, broker, code in (("any", "", Exit.DONE), ("some", ", deploy: {endpoint_mode: vip}", Exit.NO)):
        found = project(tmp_path / folder, broker)
        file, stack = tmp_path / f"{folder}.yaml", found.stack["metadata"]["name"]
        file.write_text(yaml.safe_dump(found.stack))
        arguments = ["reach", "-f", str(file), f"{stack}/worker", f"{stack}/mq", "--port", "5672", "-o", "json"]
        assert app.run(arguments) == code
        names = json.loads(capsys.readouterr().out)["names"]
        assert names[0]["ports"] == (["all"] if code == Exit.DONE else ["15672/TCP"])


def test_swarm_gives_a_published_service_an_address_as_it_must_have_one() -> None:
    """Its virtual address answers on every port; it refuses a published port without one."""
    services = {
        "mq": {"image": "m", "ports": {"ui": {"port": 1, "published": 1}}, "deploy": {"endpointMode": "dnsrr"}},
        "db": {"image": "d", "ports": {"sql": {"port": 5432}}, "deploy": {"endpointMode": "dnsrr"}},
    }
    (document,) = exported({"services": services}).files.values()
    deploy = {key: each["deploy"] for key, each in document["services"].items()}
    assert "endpoint_mode" not in deploy["mq"]
    assert deploy["db"]["endpoint_mode"] == "dnsrr"
