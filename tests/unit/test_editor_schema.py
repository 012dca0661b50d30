"""The JSON Schema for editors: valid, recursive, and of one mind with the API server's schema and the operator."""

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml

from ailtire_operator.model import reference
from ailtire_operator.model.editor_schema import editor_schema
from lab.paths import ROOT
from support.checks.commands import Run
from support.checks.editor import validator

PORTABLE = re.compile(r"\(\?[^!:]|\\[^xsSdwuftnr.\\/+*?()\[\]{}|^$]")
"""What the regular expressions of ECMAScript lack, or refuse with the flag u."""


def documents() -> Iterator[tuple[str, bool, dict[str, Any]]]:
    """Every AiltireStack in examples/: its file, whether it is a patch, and itself."""
    for file in sorted((ROOT / "examples").rglob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text()):
            if document and document["kind"] == "AiltireStack":
                yield str(file.relative_to(ROOT)), "overlays" in file.parts, document


EXAMPLES = list(documents())


@pytest.mark.parametrize("patch", [False, True], ids=["whole", "patch"])
def test_it_is_a_json_schema(patch: bool) -> None:
    jsonschema.Draft7Validator.check_schema(validator(patch=patch).schema)


@pytest.mark.parametrize(("file", "patch", "document"), EXAMPLES, ids=[file for file, *_ in EXAMPLES])
def test_every_example_is_valid(file: str, patch: bool, document: dict[str, Any]) -> None:
    assert [error.message for error in validator(patch=patch).iter_errors(document)] == []


def test_an_overlay_is_no_whole_resource() -> None:
    patches = [document for _, patch, document in EXAMPLES if patch]
    assert patches
    assert any(not validator().is_valid(document) for document in patches)


def tree(depth: int, service: dict[str, Any]) -> dict[str, Any]:
    """A resource with a service so many inline stacks below its root."""
    spec: dict[str, Any] = {"services": {"web": service}}
    for _ in range(depth):
        spec = {"services": {"child": {"type": "stack", "stack": spec}}}
    return {"apiVersion": "ailtire.io/v1alpha1", "kind": "AiltireStack", "metadata": {"name": "shop"}, "spec": spec}


def found(document: dict[str, Any]) -> dict[str, str]:
    """The messages about a document by the path to the value."""
    return {".".join(map(str, error.absolute_path)): error.message for error in validator().iter_errors(document)}


def at(depth: int) -> str:
    """The path to the service of such a tree."""
    return "spec." + "services.child.stack." * depth + "services.web"


@pytest.mark.parametrize("depth", [0, 1, 3, 15])
@pytest.mark.parametrize(
    ("service", "where", "message"),
    [
        ({"image": "a", "replicas": 2}, "", "'replicas' was unexpected"),
        ({"image": "a", "deploy": {"replicas": "2"}}, ".deploy.replicas", "is not of type 'integer'"),
        ({"image": "a", "healthcheck": {"http": "/", "intervall": "5s"}}, ".healthcheck", "'intervall' was unexpected"),
        ({"image": "a", "ports": {"web": {"port": 70000}}}, ".ports.web.port", "greater than the maximum of 65535"),
        ({"image": "a", "ports": {"WEB": {"port": 80}}}, ".ports", "does not match"),
        ({"image": "a", "environment": {"AILTIRE_X": "1"}}, ".environment", "should not be valid"),
        ({"image": ["a"]}, ".image", "is not of type 'string'"),
        ({"image": "a", "shmSize": "64 MB"}, ".shmSize", "does not match"),
        ({"image": "a", "shmSize": -1}, ".shmSize", "less than the minimum of 0"),
        ({"image": "a", "shmSize": 0.5}, ".shmSize", "is not of type 'integer', 'string'"),
        ({"image": None}, ".image", "is not of type 'string'"),
        ({"user": "1000"}, "", "'image' is a required property"),
        ({"image": "a", "stackRef": {"name": "b"}}, "", "should not be valid"),
        ({"type": "stack"}, "", "is not valid under any of the given schemas"),
        ({"type": "stack", "image": "a", "stackRef": {"name": "b"}}, "", "should not be valid"),
        ({"type": "stack", "stack": {"templateOnly": True}}, ".stack", "'templateOnly' was unexpected"),
        ({"type": "stack", "stack": {"template": True}}, ".stack", "'template' was unexpected"),
        ({"type": "stack", "stack": {"services": []}}, ".stack.services", "is not of type 'object', 'null'"),
    ],
)
def test_what_is_wrong_is_refused_with_its_path_at_any_depth(
    depth: int, service: dict[str, Any], where: str, message: str
) -> None:
    problems = found(tree(depth, service))
    assert list(problems) == [f"{at(depth)}{where}"]
    assert message in problems[f"{at(depth)}{where}"]


@pytest.mark.parametrize("service", [{"image": "a", "deploy": None}, {"image": "a", "volumes": {}}])
def test_what_is_empty_is_taken_as_the_api_server_takes_it(service: dict[str, Any]) -> None:
    assert found(tree(3, service)) == {}


@pytest.mark.parametrize("name", ["Shop", "a--b", "a-", "1a", "", "a" * 64])
def test_a_name_that_a_stack_may_not_have_is_refused(name: str) -> None:
    document = tree(0, {"image": "a"})
    document["metadata"]["name"] = name
    assert set(found(document)) == {"metadata.name"}


def nodes(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        yield path, value
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from nodes(each, f"{path}/{key}")


def test_every_field_of_the_reference_is_in_it_with_what_it_means() -> None:
    names = {path.rpartition(".")[2] for path, _ in reference.fields() if not path.endswith(("[]", ".*"))}
    properties = [node["properties"] for _, node in nodes(editor_schema()) if isinstance(node.get("properties"), dict)]
    assert names <= {name for each in properties for name in each}
    described = [
        field
        for _, node in nodes(editor_schema()["definitions"])
        for field in node.get("properties", {}).values()
        if isinstance(field, dict) and not {"$ref", "const"} & set(field)
    ]
    assert all(each.get("description") for each in described)


def test_every_pattern_is_one_that_an_editor_reads() -> None:
    patterns = {str(node["pattern"]) for _, node in nodes(editor_schema()) if isinstance(node.get("pattern"), str)}
    assert len(patterns) > 30
    assert {each for each in patterns if PORTABLE.search(each)} == set()


def test_the_command_prints_it(run: Run) -> None:
    assert json.loads(run("schema").out) == editor_schema()
    assert json.loads(run("schema", "--patch").out) == editor_schema(patch=True)
    assert run("schema").err == ""


def test_the_documents_that_tell_of_it_name_the_command() -> None:
    assert "kubectl ailtire schema >" in (ROOT / "docs/editors.md").read_text()
    assert "yaml-language-server: $schema=" in (ROOT / "docs/editors.md").read_text()
