"""The resource's definition: current, described, structural. tests/cluster/test_crd.py has a server take it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from pydantic import Field

from ailtire_operator.model import crd
from ailtire_operator.model.base import Strict
from ailtire_operator.model.structural import structural
from lab.paths import ROOT

COMMITTED = ROOT / "crds" / crd.FILE_NAME
CLIENT_SIDE_APPLY = 262144
"""Bytes that fit into the annotation of a client-side `kubectl apply`."""
FORBIDDEN = {
    "$ref",
    "$defs",
    "title",
    "default",
    "const",
    "anyOf",
    "oneOf",
    "propertyNames",
    "patternProperties",
}


def nodes(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema in a schema, with the path to its value."""
    yield path, schema
    for name, each in schema.get("properties", {}).items():
        yield from nodes(each, f"{path}.{name}")
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")
    if "additionalProperties" in schema:
        yield from nodes(schema["additionalProperties"], f"{path}.*")


NODES = dict(nodes(crd.schema(), ""))
OWN = {path: node for path, node in NODES.items() if path.startswith((".spec", ".status"))}


def test_the_committed_definition_is_current() -> None:
    assert COMMITTED.read_text() == crd.text(), "run 'make crds' and commit it"


def test_it_goes_to_standard_output_or_into_a_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ailtire_operator.model.crd"]
    environment = {"PYTHONPATH": str(ROOT / "operator")}
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    crd.main([str(tmp_path)])
    assert printed == (tmp_path / crd.FILE_NAME).read_text() == crd.text()


def test_it_fits_into_a_client_side_apply() -> None:
    assert len(json.dumps(yaml.safe_load(crd.text()))) < CLIENT_SIDE_APPLY / 2


def test_every_field_is_described() -> None:
    bare = [path for path, node in OWN.items() if not path.endswith(("[]", ".*")) and not node.get("description")]
    assert bare == []


def test_descriptions_are_plain_sentences() -> None:
    wrong = {
        p: d for p, n in OWN.items() if (d := n.get("description")) and ("``" in d or "\n" in d or d[-1] not in ".:")
    }
    assert wrong == {}


def test_what_is_left_out_is_said_and_never_filled_in() -> None:
    assert NODES[".spec.services.*.interface.*.port"]["description"].endswith("Default: 3000.")
    filled_in = {path: node["default"] for path, node in NODES.items() if "default" in node}
    assert filled_in == {".status": {"observedGeneration": -1}}, "in a spec it would look like drift in every child"


@pytest.mark.parametrize("keyword", sorted(FORBIDDEN))
def test_nothing_is_there_that_a_structural_schema_lacks(keyword: str) -> None:
    assert [path for path, node in NODES.items() if keyword in node and (path, keyword) != (".status", "default")] == []


def test_every_node_has_a_type() -> None:
    assert [path for path, node in NODES.items() if ("type" in node) == ("x-kubernetes-int-or-string" in node)] == []


def test_every_map_list_and_text_of_a_spec_has_a_bound() -> None:
    limits = {"array": ("maxItems",), "string": ("maxLength", "enum", "pattern", "format")}
    unbounded = [
        path
        for path, node in OWN.items()
        if not any(limit in node for limit in limits.get(node.get("type", "string"), ("type",)))
        or ("additionalProperties" in node and "maxProperties" not in node)
    ]
    assert unbounded == []


def test_every_list_says_how_it_merges() -> None:
    """None is a set: removing the last item of one by server-side apply makes null of the object that holds it."""
    kinds = {path: node["x-kubernetes-list-type"] for path, node in NODES.items() if node.get("type") == "array"}
    assert {path for path, kind in kinds.items() if kind != "atomic"} == {".status.conditions"}
    assert kinds[".status.conditions"] == "map"


def test_null_is_taken_where_an_empty_object_means_no_more_than_nothing() -> None:
    nullable = {path for path, node in NODES.items() if node.get("nullable")}
    assert {path for path in nullable if NODES[path]["type"] != "object"} == set()
    assert {".spec.services", ".spec.services.*.deploy", ".spec.services.*.networks.*", ".spec.data.*"} <= nullable
    assert nullable & {".spec", ".spec.edge", ".spec.services.*", ".spec.services.*.stack", ".spec.place"} == set()


def test_only_the_definition_of_a_child_is_left_open() -> None:
    open_ends = [path for path, node in NODES.items() if node.get("x-kubernetes-preserve-unknown-fields")]
    assert open_ends == [".spec.services.*.stack", ".spec.services.*.stack.place"]


def test_names_and_columns() -> None:
    spec = crd.definition()["spec"]
    assert spec["names"]["shortNames"] == ["ats"]
    assert spec["names"]["categories"] == ["ailtire"]
    assert spec["names"]["singular"] == "ailtirestack"
    version = spec["versions"][0]
    assert version["subresources"] == {"status": {}}, "a stack has no count of replicas to scale"
    columns = {column["name"].upper(): column.get("priority", 0) for column in version["additionalPrinterColumns"]}
    assert [name for name, priority in columns.items() if not priority] == [
        "READY",
        "SERVICES",
        "STACKS",
        "MESSAGE",
        "AGE",
    ]
    assert [name for name, priority in columns.items() if priority] == ["APP", "PARENT", "URL"]


class Odd(Strict):
    """What our own models have none of."""

    above: Annotated[int, Field(gt=0, lt=10)]
    """A whole number."""
    share: Annotated[float, Field(gt=0)] = 0.5
    """A fraction."""
    one: Literal["only"] = "only"
    """One text."""
    numbers: dict[Annotated[str, Field(pattern=r"^\d+'$")], int] = {}
    """Keys with a pattern."""


def test_what_a_later_draft_says_otherwise_is_translated() -> None:
    fields = structural(Odd)["properties"]
    assert fields["above"] == {"type": "integer", "minimum": 1, "maximum": 9, "description": "A whole number."}
    assert (fields["share"]["minimum"], fields["share"]["exclusiveMinimum"]) == (0, True)
    assert fields["one"]["enum"] == ["only"]
    (rule,) = fields["numbers"]["x-kubernetes-validations"]
    assert rule["rule"] == r"self.all(key, key.matches('^\\d+\'$'))", "CEL reads backslash and quote as escapes"
    assert fields["numbers"]["additionalProperties"] == {"type": "integer"}
