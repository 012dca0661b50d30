"""No part of a value goes silently: one of which nothing can be made is told, and not taken for one that is absent."""

import copy
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from unittest import mock

import pytest
import yaml

from ailtire_operator.compose.compose_file import docker_compose, source_files
from ailtire_operator.compose.compose_file.docker_compose import Choices
from ailtire_operator.compose.errors import ComposeError
from ailtire_operator.compose.importing import compose_files
from ailtire_operator.compose.keys import row_of
from support.compose.compose_cases import (
    Case,
    Conversion,
    Location,
    cases,
    convert_canonical,
    convert_text,
    is_told,
    leaves,
    without,
)

_ODD: Final[dict[type, tuple[Any, ...]]] = {int: (-1, 10**9), float: (-1.5,), bool: (), str: ("10%", "nobody")}
"""Values that are none of the usual ones, by the type of what stands there."""
_UNBOUNDED: Final = {"services.*.cpu_quota": (-1,)}
"""What says the same as its absence."""


def canonical(case: Case, folder: Path) -> dict[str, Any]:
    """The case's file as Docker Compose resolves it."""
    for name, content in case.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    with mock.patch.dict(os.environ, case.env):
        (folder / "compose.yaml").write_text(yaml.safe_dump(case.readable()))
        files = compose_files(folder)
        choices = Choices(profiles=tuple(case.profiles), shell_variables=True)
        as_written = source_files.read(files, folder, choices, confined=docker_compose.is_confined())
        data = docker_compose.load(files, choices, folder).data
        as_written.restore_extensions(data)
        return data


def with_value(data: Any, location: Location, value: Any) -> Any:
    """A copy that has another value at a place."""
    result = node = copy.deepcopy(data)
    for step in location[:-1]:
        node = node[step]
    node[location[-1]] = value
    return result


def converted(data: Any, folder: Path) -> Conversion | None:
    """None where the import says that it cannot be had."""
    try:
        return convert_canonical(data, folder, ("services",))
    except ComposeError:
        return None


def silent(data: dict[str, Any], folder: Path) -> Iterator[str]:
    """Values that are taken for one that is not there, and nobody says so."""
    for location in leaves(data):
        row = row_of(location)
        less, value = without(data, location)
        if row is None or location == ("name",):
            continue
        for odd in _ODD[type(value)]:
            found = converted(with_value(data, location, odd), folder)
            if found is None or is_told(location, row, found.notices) or odd in _UNBOUNDED.get(row.path, ()):
                continue
            absent = converted(less, folder)
            if absent and _parts(found) == _parts(absent):
                yield f"{row.path} = {odd!r}"


def _parts(found: Conversion) -> tuple[Any, ...]:
    return found.objects, set(found.notices), found.stack


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_value_that_means_nothing_is_told(case: Case, tmp_path: Path) -> None:
    assert sorted(set(silent(canonical(case, tmp_path), tmp_path))) == []


def parts(folder: Path, service: str = "", rest: str = "") -> Conversion:
    """A service with these keys, and further sections."""
    return convert_text(folder, f"name: p\nservices:\n  a:\n    image: a\n{service}{rest}")


@pytest.mark.parametrize(
    ("ports", "number", "told"),
    [
        ('"9100-9101:9000"', 9100, "approximate: the first of the range, 9100, is published"),
        ('{target: 9000, published: "9100-9100"}', 9100, ""),
        ("{target: 9000, published: 9100, mode: host}", 9100, ""),
    ],
)
def test_of_a_published_range_the_first_number_is_published(tmp_path: Path, ports: str, number: int, told: str) -> None:
    found = parts(tmp_path, f"    ports: [{ports}]\n")
    assert found.services["a"]["ports"] == {"tcp-9000": {"port": 9000, "published": number}}
    assert ("services.a.ports[0].published: " in found.told) is bool(told)
    assert told in found.told


@pytest.mark.parametrize(
    ("service", "rest", "told"),
    [
        ("tmpfs: ['/t:size=10%']", "", "services.a.tmpfs[0]: approximate: 'size=10%' is not a number of bytes"),
        ("tmpfs: ['/t:mode=99']", "", "services.a.tmpfs[0]: rejected: 'mode=99' is not a file mode"),
        ("restart: 'on-failure:many'", "", "services.a.restart: rejected: 'many' is not a number of attempts"),
        ("stop_grace_period: 500ms", "", "services.a.stop_grace_period: approximate: Kubernetes counts in whole"),
        ("healthcheck: {test: [CMD, x], timeout: 1500ms}", "", "healthcheck.timeout: approximate: Kubernetes counts"),
        ("healthcheck: {test: [CMD, x], retries: 5000}", "", "healthcheck.retries: approximate: the maximum is 1000"),
        ("deploy: {update_config: {parallelism: 5000}}", "", "update_config.parallelism: approximate: at most 1000"),
        (
            "secrets: [{source: s, uid: nobody}]",
            "secrets: {s: {external: true}}",
            "services.a.secrets[0].uid: rejected: 'nobody' is not the number of a user or group",
        ),
        (
            "configs: [{source: s, gid: staff}]",
            "configs: {s: {external: true}}",
            "services.a.configs[0].gid: rejected: 'staff' is not the number of a user or group",
        ),
        (
            "volumes: ['vol:/v']",
            "volumes: {vol: {driver_opts: {type: nfs, device: ':/x', o: 'addr=h,nfsvers=4,soft,rw'}, labels: {a: b}}}",
            "volumes.vol.driver_opts.o: approximate: the options nfsvers=4, soft have no effect",
        ),
        (
            "volumes: ['vol:/v']",
            "volumes: {vol: {driver_opts: {type: nfs, device: ':/x', o: addr=h}, labels: {a: b}}}",
            "volumes.vol.labels.a: ignored: an NFS folder has no claim",
        ),
        (
            "volumes: ['vol:/v']",
            "volumes: {vol: {name: 'x-{{.Node.Hostname}}'}}",
            "volumes.vol.name: approximate: {{.Node.",
        ),
        (
            "volumes: ['vol:/v']",
            "volumes: {vol: {name: 'x-{{ .Task.Slot }}'}}",
            "volumes.vol.name: resolved: every replica has its own volume",
        ),
        (
            "deploy: {replicas: 2}\n    volumes: ['vol:/v', 'war:/w']",
            "volumes: {vol: {name: 'x-{{.Task.Slot}}'}, war: {}}",
            "spec.services.a.volumes.war: approximate: only one node at a time can mount this volume, so replicas",
        ),
        (
            "volumes: ['vol:/v']\n  b: {image: b, volumes: ['vol:/v']}",
            "volumes: {vol: {name: 'x-{{.Task.Slot}}'}}",
            "volumes.vol: approximate: the replicas of a, b each have their own volume, and do not share it",
        ),
    ],
)
def test_a_part_of_a_value_is_told_by_its_place(tmp_path: Path, service: str, rest: str, told: str) -> None:
    assert told in parts(tmp_path, f"    {service}\n", f"{rest}\n").told


def test_whoever_waits_for_a_service_that_is_left_out_is_told(tmp_path: Path) -> None:
    gone = "  gone: {image: 'g:1', network_mode: none}\n  odd: {image: '/x:1'}\n"
    waiting = "    depends_on: [gone, odd]\n    links: ['odd:other']\n"
    told = parts(tmp_path, waiting, gone).told
    for each in ("gone", "odd"):
        assert f"services.a.depends_on.{each}: rejected: '{each}' is not a service of the stack" in told


def test_a_misspelt_condition_is_told(tmp_path: Path) -> None:
    """Docker Compose refuses one; a stack file of Swarm, or one in canonical form, may hold it."""
    services = {"a": {"image": "a", "depends_on": {"b": {"condition": "service_healty"}}}, "b": {"image": "b"}}
    found = convert_canonical({"name": "p", "services": services}, tmp_path)
    assert found.services["a"]["dependsOn"] == {"b": {}}
    assert "services.a.depends_on.b.condition: rejected: 'service_healty' is none of service_started" in found.told
