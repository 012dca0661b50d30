"""Ports of a Compose file: thousands of them, the same one several times."""

from typing import Any

import pytest

from ailtire_operator.compose.canonical import ports
from ailtire_operator.compose.canonical.entry import Entry
from ailtire_operator.compose.reporting import Report


def read(*listed: dict[str, Any]) -> dict[str, Any]:
    """What the ports of a service become."""
    return ports.ports(Entry({"ports": list(listed)}, ("services", "web"), Report()))


@pytest.mark.parametrize("count", [500, 1000])
def test_each_port_is_looked_at_once(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    looked_at: list[Any] = []
    number = ports._number

    def counted(fields: dict[str, Any]) -> tuple[int, str]:
        looked_at.append(fields)
        return number(fields)

    monkeypatch.setattr(ports, "_number", counted)
    found = read(*({"target": 10000 + each, "published": str(10000 + each)} for each in range(count)))
    assert len(looked_at) == count
    assert len(found) == 64


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
