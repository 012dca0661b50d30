"""The order of the keys of a map decides nothing: no object, no notice, no error, no exported file, no report."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings

from ailtire_operator.cli.failures import Invalid
from ailtire_operator.compose.errors import ComposeError
from ailtire_operator.compose.exporting import Exported, SwarmOptions, dump, export_tree
from ailtire_operator.compose.importing import import_application
from ailtire_operator.model.loading import parse_spec
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.settings import Settings
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Plan
from support.compose.compose_cases import DATA
from support.definitions import wide
from support.definitions.stacks import FULL, SETTINGS, stack
from support.generators.laws import CHOICES, EXAMPLES, OBSERVED, STACKS, TEMPLATES, laws, tree
from support.generators.strategies import Json, reordered

_PORTS = {"x1": {"port": 65535}, "p-3000-tcp": {"port": 65535}, "a": {"port": 65535, "protocol": "UDP"}}
TWO_PORTS_OF_ONE_NUMBER: Json = {"services": {"web": {"image": "a", "ports": _PORTS}}}
_LEAF = {"services": {"x": {"image": "x"}}}
TWO_STACKS_OF_ONE_NAME: Json = {
    "services": {
        "a-b": {"type": "stack", "stack": _LEAF},
        "a": {"type": "stack", "stack": {"services": {"b": {"type": "stack", "stack": _LEAF}}}},
    }
}

KNOWN: tuple[tuple[Json, int], ...] = (
    (TWO_PORTS_OF_ONE_NUMBER, 1),
    (TWO_PORTS_OF_ONE_NUMBER, 2),
    (TWO_STACKS_OF_ONE_NAME, 1),
    (TWO_STACKS_OF_ONE_NAME, 2),
    (yaml.safe_load(FULL), 0),
)
"""Definitions in whose order something stood once, each with a choice of another order."""


def known_orders(law: Callable[[Json, int], None]) -> Callable[[Json, int], None]:
    """Try a law with these before any that are drawn."""
    for spec, order in reversed(KNOWN):
        law = example(spec, order)(law)
    return law


def planned(spec: Json, settings: Settings = SETTINGS) -> Any:
    """All that a plan says; the objects' own maps are without order, as they are for an API server."""
    try:
        made = plan(stack(spec), settings, OBSERVED)
    except InvalidStack as error:
        return error.problems
    return json.dumps(made.objects, sort_keys=True), made.notices, parts(made)


def parts(made: Plan) -> str:
    """What else a plan holds, in its order."""
    return repr((made.services, made.children, made.routes, made.gateway, made.urls))


def exported(spec: Json) -> Any:
    """All that the exports say, to the byte."""

    def text(made: Exported) -> Any:
        files = [(name, dump(document)) for name, document in made.files.items()]
        return files, made.notices, list(made.beside.items()), made.needed

    try:
        parsed = parse_spec(spec)
        return [
            text(export_tree("shop", parsed, TEMPLATES)),
            text(export_tree("shop", parsed, TEMPLATES, options=SwarmOptions(single=True))),
            text(export_tree("shop", parsed, TEMPLATES, profile="ailtire")),
        ]
    except InvalidStack as error:
        return error.problems


@laws
@given(STACKS, CHOICES)
@known_orders
def test_a_plan_does_not_depend_on_the_order_of_keys(spec: Json, order: int) -> None:
    assert planned(spec) == planned(reordered(spec, Random(order)))


@laws
@given(STACKS, CHOICES)
@known_orders
def test_an_export_does_not_depend_on_the_order_of_keys(spec: Json, order: int) -> None:
    assert exported(spec) == exported(reordered(spec, Random(order)))


@settings(laws, max_examples=max(10, EXAMPLES // 3))
@given(STACKS, CHOICES)
def test_no_plan_of_a_tree_depends_on_the_order_of_keys(spec: Json, order: int) -> None:
    """Nor does what is below: each child is planned from the resource that its parent wrote."""
    told = [(json.dumps(made.objects, sort_keys=True), made.notices, parts(made)) for made in tree(spec)]
    again = [
        (json.dumps(made.objects, sort_keys=True), made.notices, parts(made))
        for made in tree(reordered(spec, Random(order)))
    ]
    assert told == again


@laws
@given(STACKS, CHOICES, CHOICES)
def test_errors_do_not_depend_on_the_order_of_keys(spec: Json, damage: int, order: int) -> None:
    """A few wrong values, and all that is said of them."""
    wrong = damaged(spec, Random(damage))
    assert planned(wrong) == planned(reordered(wrong, Random(order)))
    assert exported(wrong) == exported(reordered(wrong, Random(order)))


@pytest.mark.parametrize("order", range(5))
def test_nothing_that_the_widest_stack_says_depends_on_the_order_of_keys(order: int) -> None:
    spec: Json = yaml.safe_load(wide.WIDE)
    other = reordered(spec, Random(order))
    assert planned(spec, wide.SETTINGS) == planned(other, wide.SETTINGS)
    assert exported(spec) == exported(other)


def damaged(spec: Json, chance: Random) -> Json:
    """The spec with up to four wrong values and unknown keys."""
    found = copy.deepcopy(spec)
    for _ in range(chance.randint(2, 4)):
        holder = chance.choice(maps(found))
        key = chance.choice([*holder, "unknown", "Other one", "services", "image", "dependsOn"])
        holder[key] = chance.choice([[], "$", -1, True, None, {"b": 1, "a": 2}, {"gone": {}}, {"source": "gone"}])
    return found


def maps(value: Any) -> list[Json]:
    """All maps of a JSON value."""
    if isinstance(value, list):
        return [found for each in value for found in maps(each)]
    return [value, *(found for each in value.values() for found in maps(each))] if isinstance(value, dict) else []


@pytest.mark.parametrize("file", sorted(DATA.glob("compose/*.yaml")), ids=lambda path: path.stem)
def test_an_import_does_not_depend_on_the_order_of_keys(file: Path, tmp_path: Path) -> None:
    """Of a Compose file: the resource, and what is told of it."""
    original = yaml.safe_load(file.read_text())
    for beside in file.parent.iterdir():
        if beside != file:
            (tmp_path / beside.name).symlink_to(beside)
    found: list[Any] = []
    for definition in (original, reordered(original, Random(1))):
        (tmp_path / file.name).write_text(yaml.safe_dump(definition, sort_keys=False))
        try:
            made = import_application(tmp_path / file.name, env=None, registry=None, name="shop")
        except (ComposeError, Invalid) as error:
            found.append(str(error))
        else:
            found.append((json.dumps(made.resources), made.notices))
    assert found[0] == found[1]
