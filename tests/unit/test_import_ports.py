"""Ports of a Compose file: thousands of them, the same one several times."""

from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.compose.compose_file import docker_compose, ports
from ailtire_operator.compose.compose_file.docker_compose import Choices
from ailtire_operator.compose.compose_file.entry import Entry
from ailtire_operator.compose.reporting import Report


def read(*listed: dict[str, Any]) -> dict[str, Any]:
    """What the ports of a service become."""
    return ports.ports(Entry({"ports": list(listed)}, ("services", "web"), Report()))


@pytest.mark.parametrize("count", [500, 1000])
def test_of_thousands_of_ports_only_those_that_are_kept_are_read(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    looked_at: list[Any] = []
    port, number = ports._port, ports._number

    def read_one(entry: Entry, service: str, binding: str | None) -> dict[str, Any]:
        looked_at.append(entry)
        return port(entry, service, binding)

    def numbered(fields: dict[str, Any]) -> tuple[int, str]:
        looked_at.append(fields)
        return number(fields)

    monkeypatch.setattr(ports, "_port", read_one)
    monkeypatch.setattr(ports, "_number", numbered)
    found = read(*({"target": 10000 + each, "published": str(10000 + each)} for each in range(count)))
    assert len(looked_at) == 2 * 64
    assert len(found) == 64


def test_of_ten_thousand_ports_no_other_map_is_even_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Any] = []
    real = Entry.__init__

    def counted(self: Entry, *given: Any) -> None:
        opened.append(given[0])
        real(self, *given)

    monkeypatch.setattr(Entry, "__init__", counted)
    assert len(read(*({"target": 10000 + each, "protocol": "udp"} for each in range(10_001)))) == 64
    assert len(opened) == 1 + 64


def test_a_resolved_project_is_read_without_a_walk_over_its_values(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each ``$$`` is one ``$``, in keys and values, in JSON and in YAML; however many values there are."""
    for answer in ('{"a$$b": ["$$", "$$$$x", 1, {"k": "\\"$$\\""}]}', 'a$$b: ["$$", $$$$x, 1, {k: \'"$$"\'}]\n'):
        monkeypatch.setattr(docker_compose, "_run", lambda *_, answer=answer: (answer, ""))
        assert docker_compose.load([tmp_path / "c"], Choices(), tmp_path).data == {"a$b": ["$", "$$x", 1, {"k": '"$"'}]}


def test_a_port_that_is_repeated_behind_the_last_one_that_is_kept_still_counts() -> None:
    report = Report()
    listed = [{"target": 1000 + each} for each in range(64)] + [{"target": 1000, "published": "80"}]
    found = ports.ports(Entry({"ports": listed}, ("services", "web"), report))
    assert (len(found), found["tcp-1000"]["published"]) == (64, 80)
    assert not report.notices
    entry = Entry({"ports": [*listed, {"target": 2000, "x": 1}]}, ("services", "web"), report)
    assert len(ports.ports(entry)) == 64
    entry.close()
    assert [str(each) for each in report.notices] == [
        "services.web.ports: rejected: a service has at most 64 ports; the others are left out."
        " Declare only the ports that are used."
    ]


@pytest.mark.parametrize(
    ("listed", "published"),
    [
        ([{"target": 80}, {"target": 80, "published": "81"}], [81]),
        ([{"target": 80, "published": "81"}, {"target": 80}], [81]),
        ([{"target": 80, "published": "81"}, {"target": 80, "published": "81"}], [81]),
        ([{"target": 80, "published": "81"}, {"target": 80, "published": "82"}], [81, 82]),
        ([{"target": 80}, {"target": 80, "published": "81"}, {"target": 80, "published": "82"}], [81, 82]),
        ([{"target": 80}, {"target": 80, "protocol": "udp"}], [None, None]),
    ],
)
def test_a_port_that_is_repeated_is_one(listed: list[dict[str, Any]], published: list[int | None]) -> None:
    assert [each.get("published") for each in read(*listed).values()] == published
