"""Compose files in the style of what people really deploy: each is converted, and none loses a key silently."""

from inspect import signature
from pathlib import Path
from typing import Any

import pytest
import yaml

from ailtire_operator.compose.keys import table
from ailtire_operator.compose.reporting import Report
from support.compose.compose_cases import NAMES, Case, converted, is_told

_QUIET = frozenset({"exact", "container"})
_DEFAULTS = {
    "networks.*.driver": ("bridge", "overlay"),
    "networks.*.external": (False,),
    "volumes.*.driver": ("local",),
    "services.*.ports[].mode": ("ingress",),
    "services.*.init": (False,),
    "services.*.stop_signal": ("SIGTERM",),
    "services.*.isolation": ("default",),
}
"""What says no more than the key's absence."""


def test_there_are_enough() -> None:
    assert len(NAMES) >= 30


@pytest.mark.parametrize("name", NAMES)
def test_no_key_is_lost_silently(name: str) -> None:
    written = _merged(NAMES[name])
    conversion = converted(name)
    kept = conversion.services
    silent = [
        ".".join(map(str, location))
        for location, row in Case(name, written).rows().items()
        if row.kind not in _QUIET and not is_told(location, row, conversion.notices)
        if _value(written, location) not in (None, {}, [], "", False, "false", *_DEFAULTS.get(row.path, ()))
        if not (row.path == "services.*.links[]" and ":" not in str(_value(written, location)))
        if not (row.path == "services.*.container_name" and _value(written, location) == location[1])
        if location[0] != "services" or location[1] in kept or len(location) == 2
    ]
    assert silent == [], conversion.told


@pytest.mark.parametrize("name", NAMES)
def test_every_service_is_there_or_told(name: str) -> None:
    conversion = converted(name)
    for key in _merged(NAMES[name]).get("services") or {}:
        assert (
            key in conversion.services
            or f"services.{key}" in conversion.told
            or f'services["{key}"]' in conversion.told
        )


def test_who_is_waited_for_until_it_has_completed_is_a_job() -> None:
    conversion = converted("airflow")
    (job,) = conversion.of("Job")
    assert job["metadata"]["name"].startswith("airflow-airflow-init-")
    assert "dependsOn" not in conversion.told


def _merged(path: Path) -> dict[str, Any]:
    """The file as written, its anchors resolved."""
    data: dict[str, Any] = yaml.safe_load(path.read_text())
    return data


def _value(data: Any, location: tuple[int | str, ...]) -> Any:
    for step in location:
        data = data[step]
    return data


@pytest.mark.parametrize("name", NAMES)
def test_what_is_settled_leaves_nothing_to_do(name: str) -> None:
    """A remedy is something to do, so that a notice with one is of another class."""
    assert [str(each) for each in converted(name).notices if each.classification == "resolved" and each.remedy] == []


def test_no_row_of_the_table_is_settled_and_leaves_something_to_do() -> None:
    assert [row.path for row in table().values() if row.kind == "resolved" and row.remedy] == []


def test_no_call_says_that_something_is_settled_and_what_to_do() -> None:
    """The method takes no remedy, so that nobody can give one."""
    assert list(signature(Report.resolved).parameters) == ["self", "path", "message"]
