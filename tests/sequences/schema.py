"""Values by the CRD's own schema: what the API server would let in is drawn from what it is told to let in."""

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import cache
from typing import Any, Final

import yaml
from hypothesis import strategies as st

from lab.paths import ROOT

Json = dict[str, Any]
Node = Mapping[str, Any]
"""A part of an OpenAPI schema."""

_CRD: Final = yaml.load((ROOT / "crds" / "ailtirestacks.yaml").read_text(), yaml.CSafeLoader)
SPEC: Final[Node] = _CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
SERVICE: Final[Node] = SPEC["properties"]["services"]["additionalProperties"]
CHILD: Final[Node] = SERVICE["properties"]["stack"]
"""An inline child: the API server lets in anything, and the operator reads it by SPEC."""

_ASCII: Final = st.characters(codec="ascii")
_DURATION: Final = "[0-9]{1,9}ms)?$"
_MANY: Final = 2
"""Entries of a map or list at most: a bound of this test, as the schema's own are in the thousands."""
_SPREAD: Final = 3
"""How far above its minimum a number is drawn: the schema lets in ten thousand replicas."""
_KEY_PATTERN: Final = re.compile(r"^self\.all\(key, (?P<no>!?)key\.matches\('(?P<pattern>.*)'\)\)$")
_KEY_SIZE: Final = re.compile(r"size\(key\) (?P<sign>>=|<=) (?P<size>\d+)")
_HAS: Final = re.compile(r"has\(self\.(\w+)\)")


def _rules(node: Node) -> list[str]:
    return [each["rule"] for each in node.get("x-kubernetes-validations", ())]


@dataclass(frozen=True)
class Choice:
    """Fields of which one at most may be there."""

    fields: tuple[str, ...]
    needed: bool
    """Whether one has to be."""


def choices(node: Node) -> list[Choice]:
    """The rules of an object that say which of its fields exclude each other, read from their CEL."""
    found = []
    for rule in _rules(node):
        fields = tuple(dict.fromkeys(_HAS.findall(rule)))
        exclusive = ").exists_one(" in rule.replace("]", ")") or ".size() <= 1" in rule
        pair = re.fullmatch(r"has\(self\.\w+\) != has\(self\.\w+\)|!has\(self\.\w+\) \|\| !has\(self\.\w+\)", rule)
        if exclusive or pair:
            found.append(Choice(fields, "exists_one" in rule or "!=" in rule))
    return found


@cache
def _pattern(pattern: str) -> st.SearchStrategy[str]:
    if pattern.endswith(_DURATION):
        # The schema does not say that a test has no hour to wait.
        return st.sampled_from(["1s", "250ms", "2s", "0s", "1s500ms"])
    return st.from_regex(pattern, fullmatch=True, alphabet=_ASCII)


def texts(node: Node) -> st.SearchStrategy[str]:
    """Texts that a node lets in."""
    if node.get("format") == "date-time":
        return st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.isoformat(timespec="seconds"))
    least, most = node.get("minLength", 0), min(node.get("maxLength", 40), 40)
    if "pattern" in node:
        return _pattern(node["pattern"]).filter(lambda text: least <= len(text) <= most)
    return st.text(string.ascii_letters + string.digits + " $-_", min_size=least, max_size=min(most, 12))


def keys(node: Node) -> st.SearchStrategy[str]:
    """Keys that a map lets in, by the CEL rules about its keys."""
    wanted, unwanted = key_patterns(node)
    sizes = dict(_KEY_SIZE.findall(" ".join(_rules(node))))
    least, most = int(sizes.get(">=", 1)), min(int(sizes.get("<=", 40)), 40)
    drawn = (
        _pattern(wanted[-1])
        if wanted and "x00" not in wanted[-1]
        else st.from_regex("[a-z][a-z0-9]{0,5}", fullmatch=True)
    )

    def fits(key: str) -> bool:
        good = all(re.search(pattern, key) for pattern in wanted)
        return good and least <= len(key) <= most and not any(re.search(pattern, key) for pattern in unwanted)

    return drawn.filter(fits)


def key_patterns(node: Node) -> tuple[list[str], list[str]]:
    """What a map's keys have to match, and what they must not."""
    found: tuple[list[str], list[str]] = ([], [])
    for rule in _rules(node):
        if match := _KEY_PATTERN.match(rule):
            found[bool(match["no"])].append(match["pattern"].replace("\\\\", "\\"))
    return found


def values(node: Node) -> st.SearchStrategy[Any]:
    """Values that a node lets in, as far as the schema and the rules within one object say it."""
    if "enum" in node:
        return st.sampled_from(node["enum"])
    if node.get("x-kubernetes-int-or-string"):
        return (
            _amounts()
            if any("quantity" in rule for rule in _rules(node))
            else st.integers(0, 9) | st.sampled_from(["a", "b c"])
        )
    kind = node.get("type", "object")
    if kind == "string":
        return texts(node)
    if kind == "boolean":
        return st.booleans()
    if kind in ("integer", "number"):
        return _numbers(node)
    if kind == "array":
        items = values(node["items"])
        least = node.get("minItems", 0)
        unique = node.get("x-kubernetes-list-type") == "set"
        return st.lists(items, min_size=least, max_size=max(least, _MANY), unique_by=repr if unique else None)
    if "additionalProperties" in node:
        return st.dictionaries(keys(node), values(node["additionalProperties"]), max_size=_MANY)
    return objects(node)


def _amounts() -> st.SearchStrategy[Any]:
    return st.sampled_from(["64Mi", "128Mi", "1", "500m", "2", 1])


def _numbers(node: Node) -> st.SearchStrategy[Any]:
    least, most = node.get("minimum", 0), node.get("maximum", 100)
    if node["type"] == "number":
        return st.sampled_from([float(least), 0.5, float(most)])
    if most == 65535:
        return st.integers(least, most)
    return st.integers(least, min(most, least + _SPREAD))


@st.composite
def objects(draw: st.DrawFn, node: Node) -> Json:
    """An object with what it needs and up to three more fields, of those that exclude each other one."""
    properties = node.get("properties", {})
    allowed = set(properties) - {"place", "template", "templateOnly", "suspend", "adopt"}
    chosen = set(node.get("required", ()))
    for choice in choices(node):
        fields = [field for field in choice.fields if field in properties]
        one = draw(st.sampled_from(fields))
        allowed -= set(fields)
        chosen |= {one} if choice.needed or draw(st.booleans()) else set()
    more = sorted(allowed - chosen)
    if more:
        chosen |= set(draw(st.lists(st.sampled_from(more), unique=True, max_size=3)))
    found = {field: draw(values(properties[field])) for field in sorted(chosen)}
    if "disable" in found:  # `disable: true` needs no other, `disable: false` does
        found = {"disable": True}
    return found


@dataclass(frozen=True)
class Spot:
    """One value of a definition, with the schema that judges it."""

    holder: Any
    key: str | int
    node: Node
    path: str
    inline: bool
    """Whether it is in an inline child, which the operator judges and not the API server."""

    @property
    def value(self) -> Any:
        """What is there."""
        return self.holder[self.key]


def spots(value: Any, node: Node = SPEC, path: str = "spec", inline: bool = False) -> Iterator[Spot]:
    """Every value below one, with its schema; children by the schema of a stack."""
    if isinstance(value, dict):
        for key in sorted(value):
            below = node.get("properties", {}).get(key) or node.get("additionalProperties")
            if below is None:
                continue
            spot = Spot(value, key, below, f"{path}.{key}", inline)
            yield spot
            child = below is CHILD
            yield from spots(value[key], SPEC if child else below, spot.path, inline or child)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            spot = Spot(value, index, node["items"], f"{path}[{index}]", inline)
            yield spot
            yield from spots(each, node["items"], spot.path, inline)
