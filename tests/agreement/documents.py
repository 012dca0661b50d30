"""Definitions with at most one fault, drawn from the schema: of the spec, of what stands around it, or of none."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

from ailtire_operator import naming
from sequences.breaking import broken
from sequences.edits import DEPTH, edited, levels, stacks
from sequences.schema import Json, Spot, spots

_EDITS: Final = 3
_ANYTHING: Final[tuple[Any, ...]] = (
    None,
    True,
    False,
    -1,
    0,
    1,
    65536,
    2**31,
    2**63,
    0.5,
    -1.5,
    1e300,
    "",
    " ",
    "-",
    "A",
    "ä",
    "a\n",
    "10",
    "1.",
    "1e3",
    "1h",
    "1d",
    "true",
    "AILTIRE_X",
    "a b",
    "/",
    "../x",
    "x" * 300,
    [],
    ["a", "a"],
    [None],
    {},
    {"a": 1},
    {"a": None},
)
"""What any value may be replaced by; some of it is right at some places."""


@dataclass(frozen=True)
class Document:
    """A resource, and what was done to it."""

    resource: Json
    what: str

    @property
    def text(self) -> str:
        """As a file's text."""
        return json.dumps(self.resource, indent=1)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A resource as somebody could write it."""
    spec = draw(stacks(DEPTH))
    for _ in range(draw(st.integers(0, _EDITS))):
        spec = draw(edited(spec, ""))
    metadata = {"name": "shop", "namespace": "default"}
    whole = {"apiVersion": naming.API_VERSION, "kind": naming.KIND, "metadata": metadata, "spec": spec}
    kind = draw(st.sampled_from(["none", "rule", "rule", "spelling", "null", "value", "value", "around"]))
    if kind == "none":
        return Document(whole, "as it was drawn")
    if kind == "rule":
        found = draw(broken(spec))
        return Document({**whole, "spec": found.spec}, found.what)
    whole = deepcopy(whole)
    if kind == "around":
        name = draw(st.sampled_from(sorted(AROUND)))
        AROUND[name](whole)
        return Document(whole, name)
    found_spots = list(spots(whole["spec"]))
    spot = found_spots[draw(st.integers(0, len(found_spots) - 1))]
    return Document(whole, f"{spot.path}: {_CHANGES[kind](draw, spot)}")


def _misspell(draw: st.DrawFn, spot: Spot) -> str:
    """The key as Compose writes it, or with a letter less."""
    if not isinstance(spot.key, str):
        return "nothing to misspell"
    snake = "".join(f"_{each.lower()}" if each.isupper() else each for each in spot.key)
    other = snake if snake != spot.key else spot.key[:-1] or "x"
    spot.holder[other] = spot.holder.pop(spot.key)
    return f"the key as {other!r}"


def _nothing(draw: st.DrawFn, spot: Spot) -> str:
    spot.holder[spot.key] = None
    return "null"


def _anything(draw: st.DrawFn, spot: Spot) -> str:
    value = deepcopy(draw(st.sampled_from(_ANYTHING)))
    spot.holder[spot.key] = value
    return f"{value!r}"


_CHANGES: Final[dict[str, Callable[[st.DrawFn, Spot], str]]] = {
    "spelling": _misspell,
    "null": _nothing,
    "value": _anything,
}


def _metadata(**fields: Any) -> Callable[[Json], None]:
    return lambda whole: whole["metadata"].update(deepcopy(fields))


def _whole(**fields: Any) -> Callable[[Json], None]:
    return lambda whole: whole.update(deepcopy(fields))


def _without(*path: str) -> Callable[[Json], None]:
    def drop(whole: Json) -> None:
        for step in path[:-1]:
            whole = whole[step]
        whole.pop(path[-1])

    return drop


def _deepest(**fields: Any) -> Callable[[Json], None]:
    """Fields of the deepest stack that the definition spells out."""

    def set_them(whole: Json) -> None:
        level, _ = max(levels(whole["spec"]), key=lambda each: each[1])
        level.update(deepcopy(fields))

    return set_them


def _root(**fields: Any) -> Callable[[Json], None]:
    return lambda whole: whole["spec"].update(deepcopy(fields))


_PLACE: Final = {"root": "a", "parent": "a", "parentKey": "b", "depth": 1, "appName": "a"}
AROUND: Final[dict[str, Callable[[Json], None]]] = {
    "no spec": _without("spec"),
    "spec: null": _whole(spec=None),
    "spec: a list": _whole(spec=[]),
    "spec: a text": _whole(spec="x"),
    "spec: {}": _whole(spec={}),
    "no name": _without("metadata", "name"),
    "no metadata": _without("metadata"),
    "metadata: a text": _whole(metadata="x"),
    "a name with two hyphens": _metadata(name="a--b"),
    "a name with a dot": _metadata(name="a.b"),
    "a name that begins with a digit": _metadata(name="1a"),
    "a name in capitals": _metadata(name="Shop"),
    "a name of 64 characters": _metadata(name="a" * 64),
    "a name that is a number": _metadata(name=7),
    "an empty name": _metadata(name=""),
    "a namespace that is a number": _metadata(namespace=7),
    "labels that are numbers": _metadata(labels={"a": 1}),
    "labels that are true": _metadata(labels={"a": True}),
    "labels that are null": _metadata(labels={"a": None}),
    "labels: null": _metadata(labels=None),
    "labels: a list": _metadata(labels=["a"]),
    "a label with a blank": _metadata(labels={"a": "x y"}),
    "a label of 64 characters": _metadata(labels={"a": "x" * 64}),
    "a label's name with a blank": _metadata(labels={"a b": "x"}),
    "a label's name with two slashes": _metadata(labels={"a/b/c": "x"}),
    "a label with a prefix": _metadata(labels={"example.com/team": "blue"}),
    "annotations that are numbers": _metadata(annotations={"a": 1}),
    "annotations: a text": _metadata(annotations="x"),
    "an annotation's name with a blank": _metadata(annotations={"a b": "x"}),
    "an annotation's name in capitals": _metadata(annotations={"Example.com/Note": "x y"}),
    "an annotation of 300 kB": _metadata(annotations={"a": "x" * 300_000}),
    "a field of metadata that there is not": _metadata(lables={"a": "b"}),
    "finalizers that are texts": _metadata(finalizers=["example.com/a"]),
    "finalizers without a domain": _metadata(finalizers=["a b"]),
    "generation in the file": _metadata(generation=3),
    "a field beside spec": _whole(services={}),
    "a field beside spec, misspelt": _whole(specs={}),
    "another version": _whole(apiVersion="ailtire.io/v1"),
    "no version": _without("apiVersion"),
    "a part of a place in the deepest": _deepest(place={"root": "a"}),
    "a place in the deepest": _deepest(place=_PLACE),
    "a place": _root(place=_PLACE),
    "a part of a place": _root(place={"root": "a"}),
    "place: null": _root(place=None),
    "place: {}": _root(place={}),
    "place: a text": _root(place="a"),
    "a template": _root(templateOnly=True),
    "a template under its former name": _root(template=True),
    "a template under both names": _root(templateOnly=True, template=True),
    "a template under one name of two": _root(templateOnly=True, template=False),
    "a template under the other name of two": _root(templateOnly=False, template=True),
    "templateOnly: null": _root(templateOnly=None, template=True),
    "templateOnly: a text": _root(templateOnly="true"),
    "template in the deepest": _deepest(templateOnly=True),
    "templateOnly: false in the deepest": _deepest(templateOnly=False),
    "template under its former name in the deepest": _deepest(template=True),
    "template: false in the deepest": _deepest(template=False),
    "both names of template in the deepest": _deepest(template=False, templateOnly=True),
    "suspend in the deepest": _deepest(suspend=True),
    "suspend: a text in the deepest": _deepest(suspend="yes"),
    "no services in the deepest": _deepest(services={}),
    "services: null in the deepest": _deepest(services=None),
    "edge: null in the deepest": _deepest(edge=None),
}
"""By what is done: a whole resource is made so."""
