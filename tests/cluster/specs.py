"""Random specs for Hypothesis, drawn from the resource's own schema: mostly right, now and then wrong in one value."""

import json
from collections.abc import Callable
from typing import Any, cast

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from ailtire_operator.model import crd
from ailtire_operator.model.values import DURATION_PATTERN

Schema = dict[str, Any]
SPEC: Schema = crd.schema()["properties"]["spec"]
_ODDS = 60
"""One value in so many is anything at all."""

_ANYTHING: SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([-1, 0, 1, 65536, 2**31, 2**63 - 1, 2**63, 10**30, 0.5, -1.5, 1e300]),
    st.sampled_from(
        ["", " ", "-", "a", "A", "ä", "a\n", "1.", ".5", "1e3", "+1", "0", "1e999", "1h", "60", "١s", "AILTIRE_X"]
    ),
    st.text(max_size=12).filter(lambda text: text.isprintable()),
    st.sampled_from([[], ["a", "a"], {}, {"a": 1}]),
)
_KEYS = st.one_of(
    st.sampled_from(
        [
            "web",
            "db",
            "policy_engine",
            "A",
            "/",
            "/web",
            "/web/socket.io",
            "80",
            "443",
            "a.b",
            "http",
            "example.com/team",
        ]
    ),
    st.sampled_from(
        ["", "_", "a b", "a=b", "AILTIRE_X", "app.kubernetes.io/name", "x.ailtire.io/y", "a--b", "/a;b", "0", "65536"]
    ),
    st.text(alphabet="aA1-_./ä= ", max_size=70),
)
_QUANTITIES = st.sampled_from(
    [0, 1, 2, "500m", "0.5", "1Gi", "256Mi", "1e3", "2", "1000000n", "1.", "0", "1G", "1E", "3Ki"]
)
_TEXTS = st.sampled_from(
    ["a", "web:1", "/var/lib/x", "/", "a.example", "1000", "1000:1000", "SIGINT", "10.0.0.0/8", "CMD"]
)


@st.composite
def stack_specs(draw: DrawFn) -> Any:
    """A spec as JSON, without ``place``: that is not the author's to set, which a policy checks and not the schema."""
    schema = {**SPEC, "properties": {name: each for name, each in SPEC["properties"].items() if name != "place"}}
    return draw(_value(schema))


def _value(schema: Schema) -> SearchStrategy[Any]:
    """A value for a schema; now and then anything at all."""
    right = _strategy(schema)
    return st.integers(1, _ODDS).flatmap(lambda chance: _ANYTHING if chance == _ODDS else right)


def _strategy(schema: Schema) -> SearchStrategy[Any]:
    if "x-kubernetes-int-or-string" in schema:
        return _QUANTITIES
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return _BY_TYPE[schema["type"]](schema)


def _object(schema: Schema) -> SearchStrategy[Any]:
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return st.sampled_from(
            [
                {},
                {"services": {}},
                {"template": False},
                {"template": True},
                {"templateOnly": True},
                {"place": {}},
                {"suspend": "x"},
            ]
        )
    if "additionalProperties" in schema:
        return st.dictionaries(_KEYS, _entry(schema["additionalProperties"]), max_size=2)
    return _fields(schema)


def _entry(schema: Schema) -> SearchStrategy[Any]:
    """A map's value. The server drops an entry that is null and may not be; the model refuses it: no test of parity."""
    return st.deferred(lambda: _value(schema)).filter(lambda value: value is not None or "nullable" in schema)


@st.composite
def _fields(draw: DrawFn, schema: Schema) -> dict[str, Any]:
    """Some of the fields, the required ones nearly always; of a service's mostly what makes it one."""
    names = [name for name in schema["properties"] if draw(st.integers(0, 9)) == 0]
    required = set(schema.get("required", ())) | _usual(draw, schema)
    if draw(st.integers(0, 30)) == 0 and required:
        required.pop()
    return {name: draw(_value(schema["properties"][name])) for name in dict.fromkeys([*sorted(required), *names])}


def _usual(draw: DrawFn, schema: Schema) -> set[str]:
    fields = schema["properties"]
    if "stackRef" in fields:
        return draw(st.sampled_from([{"image"}, {"image"}, {"type", "stack"}, {"type", "stackRef"}]))
    if "startPeriod" in fields:
        return draw(st.sampled_from([{"test"}, {"http"}, {"tcp"}, {"disable"}]))
    if {"secret", "configMap"} <= fields.keys():
        return draw(st.sampled_from([{"secret"}, {"configMap"}]))
    return {"services"} if "services" in fields and "edge" in fields else set()


def _array(schema: Schema) -> SearchStrategy[Any]:
    least = schema.get("minItems", 0)
    return st.lists(st.deferred(lambda: _value(schema["items"])), min_size=least, max_size=least + 2)


def _string(schema: Schema) -> SearchStrategy[Any]:
    if "pattern" not in schema:
        return _TEXTS
    if schema["pattern"] == DURATION_PATTERN:
        return st.sampled_from(["1s", "1m30s", "500ms", "1h", "0s"])
    return st.one_of(
        _TEXTS, st.from_regex(schema["pattern"], fullmatch=True).map(lambda text: text[: schema.get("maxLength", 63)])
    )


def _integer(schema: Schema) -> SearchStrategy[Any]:
    low, high = schema.get("minimum", 0), schema.get("maximum", 100)
    return st.one_of(st.integers(low, high), st.sampled_from([low, high, low - 1, high + 1]))


_BY_TYPE: dict[str, Callable[[Schema], SearchStrategy[Any]]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _integer,
    "number": lambda schema: st.sampled_from([0, 1, 0.5, 0.25, -0.1, 1.5]),
    "boolean": lambda schema: st.booleans(),
}


def as_json(spec: Any) -> Any:
    """The spec as it arrives after a trip through JSON."""
    return cast(Any, json.loads(json.dumps(spec)))
