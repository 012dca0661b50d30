"""A revision holds a whole definition, and nothing else is taken for one."""

import gzip
from base64 import b64encode
from typing import Any

import pytest

from ailtire_operator import naming
from ailtire_operator.plan import tree_revisions
from ailtire_operator.plan.definition_changes import TreeDefinition
from ailtire_operator.plan.tree_revisions import Origin, compressed, definition_of, revision

DEFINITION = TreeDefinition({"services": {"a": {"image": "a:1"}}}, {"t": {"templateOnly": True}})


def test_what_is_kept_is_read_back_and_is_the_same_text_each_time() -> None:
    kept = revision("shop", "Shop", 3, DEFINITION.digest(), compressed(DEFINITION), Origin(7, "flux", "a new web"))
    assert definition_of(kept) == DEFINITION
    turned = TreeDefinition({"services": {"a": dict(DEFINITION.spec["services"]["a"])}}, dict(DEFINITION.templates))
    assert compressed(turned) == compressed(DEFINITION)
    assert kept["metadata"]["name"] == "shop--revision-3"
    assert kept["metadata"]["labels"][naming.LABEL_REVISION] == "3"
    assert kept["metadata"]["annotations"] == {
        "ailtire.io/definition": DEFINITION.digest(),
        "ailtire.io/generation": "7",
        "ailtire.io/field-manager": "flux",
        "kubernetes.io/change-cause": "a new web",
    }
    assert kept["revision"] == 3


def packed(content: bytes) -> dict[str, Any]:
    return {"data": {"compressed": b64encode(content).decode()}}


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"data": None},
        {"data": []},
        {"data": {"compressed": 1}},
        {"data": {"compressed": "not base64"}},
        packed(b"no gzip"),
        packed(gzip.compress(b"{}")[:-3]),
        packed(gzip.compress(b"no json")),
        packed(gzip.compress(b"[]")),
        packed(gzip.compress(b'{"spec": []}')),
        packed(gzip.compress(b"[" * 10_000)),
    ],
)
def test_what_is_no_definition_is_none(odd: dict[str, Any]) -> None:
    assert definition_of(odd) is None


def test_what_grows_without_end_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_revisions, "_UNPACKED_LIMIT", 1000)
    assert definition_of(packed(compressed(TreeDefinition({"services": {"a": {"image": "a" * 10_000}}})))) is None


def test_names_of_revisions_fit_and_differ() -> None:
    long = "a" * 63
    found = {naming.revision(long, number) for number in range(1, 120)}
    assert len(found) == 119
    assert max(map(len, found)) <= naming.OBJECT_NAME_LIMIT
