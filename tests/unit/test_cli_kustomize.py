"""What kustomize is told of definitions: every field that names an object or an image, and no other."""

from collections.abc import Iterator
from typing import Any

import yaml

from ailtire_operator.cli.failures import Exit
from ailtire_operator.cli.kustomize import configuration
from ailtire_operator.model import references
from ailtire_operator.model.base import Strict
from ailtire_operator.model.reference import fields
from ailtire_operator.model.structural import structural
from ailtire_operator.model.values import ImageReference, ObjectName
from support.checks.commands import Run

STACK = """
apiVersion: ailtire.io/v1alpha1
kind: AiltireStack
metadata: {name: shop}
spec:
  secrets: {password: {secret: db, key: password}}
  services:
    "7": {image: "web:1"}
    x/y: {image: "web:1"}
    pay: {type: stack, stackRef: {name: payment}}
"""
NO_REFERENCES = {
    "spec.data.*.storageClass": "of the cluster, not of the namespace",
    "spec.edge.className": "of the cluster, not of the namespace",
    "spec.edge.parentRef.namespace": "a namespace",
    "spec.edge.parentRef.sectionName": "a part of a Gateway",
    "spec.gateway.resources.reservations.claimTemplates.*": "of no effect: a gateway has no devices",
    "spec.services.*.runtime": "of the cluster, not of the namespace",
}


class _Types(Strict):
    name: ObjectName
    """An object's name."""
    image: ImageReference
    """An image."""


def of_type(name: str) -> Iterator[str]:
    """The fields of a definition that have a type's pattern, but for those that the operator writes."""
    pattern = structural(_Types)["properties"][name]["pattern"]
    for path, schema in fields():
        if schema.get("pattern") == pattern and path.startswith("spec.") and not path.startswith("spec.place."):
            yield path


def known(*lists: tuple[str, ...]) -> set[str]:
    return {f"spec.{field}" for each in lists for field in each}


def test_every_field_that_holds_an_objects_name_is_known_or_is_no_reference() -> None:
    found = {path.replace("[]", "") for path in of_type("name")}
    assert found == known(*references.NAMES.values()) | set(NO_REFERENCES)


def test_every_field_that_holds_an_image_is_known() -> None:
    assert set(of_type("image")) == known(references.IMAGES)


def test_paths_are_found_at_any_depth_and_each_stands_once() -> None:
    leaf: dict[str, Any] = {
        "services": {"web": {"image": "web", "environmentFrom": [{"secret": "a"}, {"secret": "b"}]}}
    }
    root = {"services": {"low": {"type": "stack", "stack": {"services": {"mid": {"type": "stack", "stack": leaf}}}}}}
    content, unreachable = configuration([root, leaf, leaf])
    below = "spec/services/low/stack/services/mid/stack/services/web"
    assert [each["path"] for each in content["images"]] == [f"{below}/image", "spec/services/web/image"]
    (secrets,) = content["nameReference"]
    assert (secrets["kind"], secrets["version"]) == ("Secret", "v1")
    assert [each["path"].removesuffix("/environmentFrom/secret") for each in secrets["fieldSpecs"]] == [
        below,
        "spec/services/web",
    ]
    assert not unreachable


def test_what_names_nothing_needs_nothing() -> None:
    assert configuration([{}, {"services": {}}]) == ({}, [])


def test_the_command_prints_the_file_and_tells_of_keys_that_kustomize_cannot_reach(run: Run) -> None:
    result = run("kustomizeconfig", "-", stdin=STACK)
    assert result.code == Exit.DONE
    content = yaml.safe_load(result.out)
    assert [each["kind"] for each in content["nameReference"]] == ["AiltireStack", "Secret"]
    assert [each["path"] for each in content["images"]] == [r"spec/services/x\/y/image"]
    (note,) = result.err.splitlines()
    assert note.startswith("note: spec.services.7.image: kustomize cannot reach it")


def test_what_is_wrong_is_refused_as_everywhere(run: Run) -> None:
    result = run("kustomizeconfig", "-", stdin=STACK.replace("secret:", "secrt:"))
    assert (result.code, result.out) == (Exit.NO, "")
    assert "did you mean secret?" in result.err
