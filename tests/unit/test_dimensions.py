"""Every map and list of the schema, as full as it may be: the worst that is admitted is planned within 100 ms.

Found in the schema, so that a new field is measured as well. What is compared with is a loop of plain Python in the
same run, as the machine may be slow or have other work.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
import yaml

from ailtire_operator.cluster.managed_fields import desired_projection, fingerprint
from ailtire_operator.model.crd import schema
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.settings import Settings
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed
from support.checks import costs
from support.definitions.stacks import FULL, SETTINGS, stack
from support.definitions.wide import SETTINGS as WIDE_SETTINGS
from support.definitions.wide import WIDE

Json = dict[str, Any]
Path = tuple[str | int, ...]
SPEC = schema()["properties"]["spec"]
SAMPLES: dict[str, tuple[str, Settings]] = {"full": (FULL, SETTINGS), "wide": (WIDE, WIDE_SETTINGS)}


def sample(name: str) -> Json:
    spec: Json = json.loads(json.dumps(yaml.safe_load(SAMPLES[name][0]), default=str))
    return spec


def bounded(value: Any, found: Json, path: Path = ()) -> Iterator[tuple[Path, int]]:
    """The maps and lists of a definition that the schema gives a bound, and that bound."""
    bound = found.get("maxProperties", found.get("maxItems"))
    if bound is not None and value:
        yield path, bound
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        below = found.get("properties", {}).get(key) or found.get("additionalProperties") or found.get("items") or {}
        if isinstance(below, dict):
            yield from bounded(each, below, (*path, key))


def filled(spec: Json, path: Path, bound: int) -> Json:
    """The definition with copies of the first entry at the path until there are as many as may be."""
    spec = deepcopy(spec)
    holder: Any = spec
    for step in path:
        holder = holder[step]
    if isinstance(holder, list):
        first = holder[0]
        holder += [
            f"{first}{number}" if isinstance(first, str) else deepcopy(first) for number in range(bound - len(holder))
        ]
        return spec
    key, first = next(iter(holder.items()))
    for number in range(bound - len(holder)):
        holder[str(1024 + number) if key.isdigit() else f"{key}{number}"] = _other(first, number)
    return spec


def _other(entry: Any, number: int) -> Any:
    """A copy that is in nobody's way: what two may not share differs."""
    if not isinstance(entry, dict):
        return entry
    differing = {name: f"{entry[name]}{number}" for name in ("target",) if name in entry}
    ports = {name: 1024 + number for name in ("published",) if name in entry}
    return {**deepcopy(entry), **differing, **ports}


def planned(spec: Json, settings: Settings) -> None:
    """Read, plan and compare a definition, or refuse it."""
    with suppress(InvalidStack):
        for manifest in plan(stack(spec), settings, Observed()).objects:
            fingerprint(desired_projection(manifest))


CASES = {
    f"{name} {'.'.join(map(str, path))}": (name, path, bound)
    for name in SAMPLES
    for path, bound in bounded(sample(name), SPEC)
    if path != ("services",)
}


@pytest.mark.parametrize("case", CASES)
def test_a_map_or_list_that_is_full_is_planned_soon(case: str) -> None:
    name, path, bound = CASES[case]
    spec, settings = filled(sample(name), path, bound), SAMPLES[name][1]
    costs.check(lambda: planned(spec, settings), loops=20)


def test_twice_as_many_services_take_twice_as_long() -> None:
    """More than a tenth of a second, which is why such plans are made beside the event loop; but no square."""
    half, whole = ({"services": {f"s{n}": {"image": "x:1"} for n in range(count)}} for count in (250, 500))
    costs.check_ratio(lambda: planned(whole, SETTINGS), lambda: planned(half, SETTINGS), most=3)


def test_so_do_routes() -> None:
    half, whole = (
        {
            "services": {
                f"s{n}": {"image": "x:1", "interface": {f"/{n}/{m}": {} for m in range(each)}} for n in range(10)
            }
        }
        for each in (12, 25)
    )
    costs.check_ratio(lambda: planned(whole, SETTINGS), lambda: planned(half, SETTINGS), most=3)
