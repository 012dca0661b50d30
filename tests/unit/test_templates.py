"""A template says so as templateOnly; its former name counts alike, is told, and changes nothing that runs."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.cluster.store import Store
from ailtire_operator.model.deprecations import deprecated
from ailtire_operator.model.loading import levels, parse_spec
from ailtire_operator.model.problems import InvalidStack
from ailtire_operator.model.templates import DIFFERENT, FIELDS, RESOURCE_ONLY, is_template
from ailtire_operator.plan.build import plan
from ailtire_operator.plan.types import Observed
from ailtire_operator.reconcile.mode import ReconcileMode, mode_of
from support.checks.commands import Run
from support.compose.exporting import exported, told
from support.definitions.stacks import SETTINGS, stack
from support.fake_cluster.records import stack as record

LEAF: dict[str, Any] = {"services": {"api": {"image": "api:1"}}}
ROOT: dict[str, Any] = {
    "services": {
        "pay": {"type": "stack", "stackRef": {"name": "t"}},
        "web": {"image": "web:1", "dependsOn": {"pay": {"condition": "started", "restart": True}}},
    }
}
FILE = """
apiVersion: ailtire.io/v1alpha1
kind: AiltireStack
metadata: {name: t}
spec:
  template: true
  services:
    low:
      type: stack
      stack: {template: false, services: {api: {image: "api:1"}}}
"""


def marked(**marks: bool) -> dict[str, Any]:
    return {**LEAF, **marks}


def ways() -> Iterator[dict[str, bool]]:
    """Every way to write the field, under one name or both."""
    for values in product((None, False, True), repeat=2):
        yield {name: value for name, value in zip(FIELDS, values, strict=True) if value is not None}


@pytest.mark.parametrize("marks", list(ways()), ids=str)
def test_both_names_mean_the_same_and_two_values_are_refused(marks: dict[str, bool]) -> None:
    if len(set(marks.values())) == 2:
        with pytest.raises(InvalidStack) as caught:
            parse_spec(marked(**marks))
        assert [(each.path, each.message) for each in caught.value.problems] == [("spec.template", DIFFERENT)]
    else:
        assert parse_spec(marked(**marks)).is_template is any(marks.values())


@pytest.mark.parametrize("marks", list(ways()), ids=str)
def test_what_is_marked_under_any_name_never_runs_right_or_wrong(marks: dict[str, bool]) -> None:
    expected = ReconcileMode.TEMPLATE if any(marks.values()) else ReconcileMode.RUN
    assert is_template(marks) is any(marks.values())
    assert mode_of(record(Store(), "t", marked(**marks)), Store()).mode is expected


def test_the_name_changes_nothing_in_the_child_and_rolls_nothing_that_depends_on_it() -> None:
    made = [
        plan(stack(ROOT), SETTINGS, Observed(templates={"t": parse_spec(marked(**{name: True}))})).objects
        for name in FIELDS
    ]
    former, current = ([each for each in objects if each["kind"] != naming.KIND] for objects in made)
    assert former == current
    (web,) = [each for each in current if each["kind"] == "Deployment"]
    assert web["spec"]["template"]["metadata"]["annotations"][naming.ANNOTATION_RESTARTED_WITH]
    children = [each["spec"] for objects in made for each in objects if each["kind"] == naming.KIND]
    assert [each["services"] for each in children] == [LEAF["services"]] * 2
    assert not any(set(FIELDS) & set(each) for each in children)


def test_what_restarts_with_a_template_is_what_the_release_before_wrote() -> None:
    """The digest that 0.1.0 made of this template; another one would roll the service."""
    objects = plan(stack(ROOT), SETTINGS, Observed(templates={"t": parse_spec(marked(template=True))})).objects
    (web,) = [each for each in objects if each["kind"] == "Deployment"]
    assert web["spec"]["template"]["metadata"]["annotations"][naming.ANNOTATION_RESTARTED_WITH] == "b099c67c"


@pytest.mark.parametrize("field", RESOURCE_ONLY)
def test_an_inline_child_has_no_field_that_only_a_resource_has(field: str) -> None:
    place = {"root": "t", "parent": "t", "parentKey": "a", "depth": 1, "appName": "t"}
    values: dict[str, Any] = {"additionalKinds": ["HTTPRoute"], "serviceAccounts": ["uploader"], "place": place}
    root = {"services": {"a": {"type": "stack", "stack": {field: values.get(field, True)}}}}
    with pytest.raises(InvalidStack, match="an inline stack cannot have"):
        list(levels("t", parse_spec(root), {}))


def test_the_former_name_is_told_wherever_it_stands_with_what_to_write(run: Run) -> None:
    result = run("validate", "-", stdin=FILE)
    notes = [line for line in result.err.splitlines() if "deprecated" in line]
    assert result.code == 0
    assert [line.partition(": ")[2].split(": ")[0] for line in notes] == ["standard input:6:3", "standard input:10:15"]
    assert notes[0].endswith("use templateOnly: true")
    assert notes[1].endswith("use templateOnly: false")
    assert "template t is valid" in result.out
    assert "deprecated" in run("render", "-", stdin=FILE).err
    renamed = FILE.replace("template:", "templateOnly:")
    assert "deprecated" not in run("validate", "-", stdin=renamed).err


def test_nothing_that_is_no_definition_is_looked_into() -> None:
    assert not list(deprecated(None))
    assert not list(deprecated({"services": {"a": None, "b": {"stack": []}, "c": 1}}))
    assert not list(deprecated({"services": ["template"]}))


@pytest.mark.parametrize("name", FIELDS)
def test_an_export_tells_of_a_template_that_is_deployed_and_not_of_one_below(name: str) -> None:
    assert f"spec.{name}: ignored: a template runs only where" in told(exported(marked(**{name: True})))
    below = {"services": {"pay": {"type": "stack", "stackRef": {"name": "t"}}}}
    assert "a template runs only where" not in told(exported(below, templates={"t": marked(**{name: True})}))
