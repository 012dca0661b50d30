"""Definitions that break exactly one rule: of the schema, of its CEL, or one that only the operator can judge."""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

from sequences.edits import levels
from sequences.schema import Json, Spot, choices, key_patterns, spots


@dataclass(frozen=True)
class Broken:
    """A definition with one fault."""

    spec: Json
    what: str
    """The rule, and where it is broken."""


@st.composite
def broken(draw: st.DrawFn, spec: Json) -> Broken:
    """A definition that nobody may accept: one value of it breaks one rule."""
    new = deepcopy(spec)
    if draw(st.booleans()):
        found = list(violations(new))
        spot, what, change = found[draw(st.integers(0, len(found) - 1))]
        change()
        return Broken(new, f"{spot.path}: {what}")
    level = draw(st.sampled_from([each for each, _ in levels(new)]))
    plain = [each for each in level["services"].values() if "image" in each]
    members = list(level["services"].values())
    name = draw(st.sampled_from(sorted(OF_THE_OPERATOR)))
    OF_THE_OPERATOR[name](level, (plain or members)[0])
    return Broken(new, name)


Violation = tuple[Spot, str, Callable[[], None]]


def violations(spec: Json) -> Iterator[Violation]:
    """Every way to break one rule of the schema at a value that a definition has."""
    for spot in spots(spec):
        for what, value in _wrong_values(spot):
            yield spot, what, lambda spot=spot, value=value: spot.holder.__setitem__(spot.key, value)  # type: ignore[misc]
        if isinstance(spot.value, dict):
            yield from _wrong_objects(spot)


def _wrong_values(spot: Spot) -> Iterator[tuple[str, Any]]:
    node, kind = spot.node, spot.node.get("type")
    if "enum" in node:
        yield "not of the enum", "nothing-of-it"
    if kind in ("string", "integer", "boolean", "number"):
        yield "a map in place of a value", {"a": {"b": 1}}
    if kind == "array":
        yield "a text in place of a list", "x"
    if kind == "object":
        yield "a text in place of a map", "x"
    if "maximum" in node:
        yield "above the maximum", node["maximum"] + 1
    if "minimum" in node:
        yield "below the minimum", node["minimum"] - 1
    if "pattern" in node and not re.search(node["pattern"], "\x01 no\n"):
        yield "against the pattern", "\x01 no\n"
    if kind == "string" and "maxLength" in node and node["maxLength"] < 1000:
        yield "too long", "a" * (node["maxLength"] + 1)
    if any("quantity" in each["rule"] for each in node.get("x-kubernetes-validations", ())):
        yield "no quantity", "many"


def _wrong_objects(spot: Spot) -> Iterator[Violation]:
    node, value = spot.node, spot.value
    for field in node.get("required", ()):
        yield spot, f"{field} is missing", lambda value=value, field=field: value.pop(field)  # type: ignore[misc]
    if "additionalProperties" in node:
        for key in ("\x02", "ailtire.io/x", "AILTIRE_X", "a b/c d"):
            wanted, unwanted = key_patterns(node)
            if not all(re.search(each, key) for each in wanted) or any(re.search(each, key) for each in unwanted):
                entry = _some(value)
                yield spot, f"the key {key!r}", lambda value=value, key=key, entry=entry: value.update({key: entry})  # type: ignore[misc]
    elif node.get("properties"):
        yield spot, "a field that there is not", lambda value=value: value.update(fieldThatThereIsNot=1)  # type: ignore[misc]
        for choice in choices(node):
            if choice.needed:
                yield spot, f"none of {choice.fields}", lambda value=value, fields=choice.fields: _drop(value, fields)  # type: ignore[misc]


def _some(entries: Json) -> Any:
    return deepcopy(next(iter(entries.values()), "x"))


def _drop(value: Json, fields: tuple[str, ...]) -> None:
    for field in fields:
        value.pop(field, None)
    value.pop("disable", None)


def _update(**fields: Any) -> Callable[[Json, Json], None]:
    return lambda level, service: service.update(deepcopy(fields))


def _two_names(level: Json, service: Json) -> None:
    level["services"]["a-b"] = {"image": "web:1"}
    level["services"]["a_b"] = {"image": "web:1"}


def _circle(level: Json, service: Json) -> None:
    level["services"]["north"] = {"image": "web:1", "dependsOn": {"south": {}}}
    level["services"]["south"] = {"image": "web:1", "dependsOn": {"north": {}}}


def _nothing_to_run(level: Json, service: Json) -> None:
    for field in ("image", "type"):
        service.pop(field, None)


def _claims_of_no_replica(level: Json, service: Json) -> None:
    level["data"] = {**(level.get("data") or {}), "each": {"perReplica": True}}
    mounts = {"v": {"source": "each", "target": "/v"}}
    level["services"]["wrong"] = {"image": "web:1", "deploy": {"mode": "global"}, "volumes": mounts}


def _other(**fields: Any) -> Callable[[Json, Json], None]:
    """A further service that is wrong by itself."""

    def add(level: Json, service: Json) -> None:
        level["services"]["wrong"] = {"image": "web:1", **deepcopy(fields)}

    return add


OF_THE_OPERATOR: Final[dict[str, Callable[[Json, Json], None]]] = {
    "no image and no stack": _nothing_to_run,
    "an image and a stack": _update(image="web:1", type="stack", stack={"services": {}}),
    "two origins of a file": lambda level, service: level.update(configs={"both": {"content": "a", "configMap": "b"}}),
    "reservations above limits": _other(deploy={"resources": {"limits": {"cpu": "1"}, "reservations": {"cpu": "2"}}}),
    "replicas of a global service": _other(deploy={"mode": "global", "replicas": 2}),
    "a Job that always restarts": _other(deploy={"mode": "replicatedJob", "restartPolicy": {"condition": "any"}}),
    "two health checks": _other(healthcheck={"http": "/", "tcp": True, "port": 80}),
    "min above max": _other(policies={"scaling": {"min": 5, "max": 2}}),
    "an HTTPRoute without a parent": lambda level, service: level.update(edge={"kind": "HTTPRoute"}),
    "a port of six digits": lambda level, service: level.update(interface={"ports": {"99999": 3000}}),
    "two keys of one name": _two_names,
    "a circle of dependencies": _circle,
    "a dependency that there is not": _other(dependsOn={"nobody": {}}),
    "a network that there is not": _other(networks={"nowhere": {}}),
    "a volume that there is not": _other(volumes={"v": {"source": "nothing", "target": "/v"}}),
    "a file that there is not": _other(configs={"nothing": {}}),
    "a folder of the host": _other(volumes={"v": {"source": "/etc", "target": "/host"}}),
    "two volumes at one place": _other(volumes={"a": {"target": "/v"}, "b": {"target": "/v"}}),
    "a signal that there is not": _other(stopSignal="SIGNOTHING"),
    "another system": _other(platform="windows/amd64"),
    "a constraint by a node's identity": _other(deploy={"placement": {"constraints": ["node.id == x"]}}),
    "a health check without a port": _other(healthcheck={"http": "/"}),
    "a health check without a program": _other(healthcheck={"test": ["CMD"]}),
    "more than the profile allows": _other(capAdd=["SYS_ADMIN"]),
    "claims of replicas that do not stay": _claims_of_no_replica,
}
"""By what is wrong: the definition of a stack and one of its services are made so."""
