"""Stacks that grow until they are refused: in depth, in size, and in what their texts mean to somebody."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from hypothesis import strategies as st

from ailtire_operator import naming
from support.checks.expressions import characters, inventory, words
from support.definitions import nested
from support.definitions.hostile import METACHARACTERS, renamed, strings
from support.definitions.samples import BASE, SAMPLES, surroundings

Json = dict[str, Any]
_WEB: Final[Json] = {"image": "web:1", "user": "1000"}
_RESOURCE_LIMIT: Final = 1_600_000
"""Characters. etcd takes 1.5 MiB."""
_LARGEST: Final = 17
"""Two to the power of this: more is more than a resource holds."""


def _services(count: int, **fields: Any) -> Json:
    return {"services": {f"s{number}": {**_WEB, **fields} for number in range(count)}}


def _spread(count: int, entry: Callable[[int], Any], field: str) -> Json:
    """So many entries of a field, in services of a hundred each."""
    return {
        "services": {
            f"s{first}": {**_WEB, field: {f"/k{number}": entry(number) for number in range(min(100, count - first))}}
            for first in range(0, count, 100)
        }
    }


_SIZES: Final[Mapping[str, Callable[[int], Json]]] = {
    "services": _services,
    "children": lambda count: {"services": {f"s{n}": {"type": "stack", "stack": _services(1)} for n in range(count)}},
    "references": lambda count: {
        "services": {f"s{n}": {"type": "stack", "stackRef": {"name": "a", "optional": True}} for n in range(count)}
    },
    "unknown": lambda count: _services(1, **{f"u{number}": 1 for number in range(count)}),
    "environment": lambda count: _services(1, environment={f"E{number}": "x" for number in range(count)}),
    "routes": lambda count: _spread(count, lambda _: {"port": 80}, "interface"),
    "configs": lambda count: (
        _services(8, configs={f"c{number}": {} for number in range(count)})
        | {"configs": {f"c{number}": {"content": "x"} for number in range(count)}}
    ),
    "networks": lambda count: (
        _services(4, networks={f"n{number}": {} for number in range(count)})
        | {"networks": {f"n{number}": {} for number in range(count)}}
    ),
    "images": lambda count: _services(1) | {"images": {f"i{number}": "x" for number in range(count)}},
    "list": lambda count: _services(1, command=["a"] * count),
    "text": lambda count: _services(2, environment={"A": "x" * 8 * count}),
    "placeholders": lambda count: _services(1, environment={"A": "{{.Service.Name}}" * count}),
    "braces": lambda count: _services(1, environment={"A": "{{ -" * count}),
    "dashes": lambda count: _services(1, hostname="a-" * count),
}
"""By what there is much of."""
_MEANING: Final = [
    *METACHARACTERS.values(),
    "{{",
    "}}",
    "$",
    "${",
    "\\",
    "\n",
    "'",
    '"',
    "\x1b[2J",
    "\x9b",
    "*",
    "&a",
    "- ",
]


def resources() -> st.SearchStrategy[str]:
    """The JSON of a stack that the API server could give: what is larger has never been let in."""
    return _resources().filter(lambda text: len(text) <= _RESOURCE_LIMIT)


@st.composite
def _resources(draw: st.DrawFn) -> str:
    match draw(st.sampled_from(["depth", "managers", "size", "meaning"])):
        case "depth":
            shape, depth = draw(st.sampled_from(nested.SHAPES)), _number(draw, 14)
            return _resource(nested.spec(shape, max(2, depth)))
        case "managers":
            fields = nested.fields(max(2, _number(draw, 14)))
            entry = f'{{"manager":"{naming.FIELD_MANAGER}","operation":"Apply","fieldsV1":{fields}}}'
            return _resource(json.dumps(_services(1)), f',"managedFields":[{entry}]')
        case "size":
            return _resource(json.dumps(_SIZES[draw(st.sampled_from(sorted(_SIZES)))](_number(draw, _LARGEST))))
        case _:
            return _resource(json.dumps(_with_meaning(draw)))


def _number(draw: st.DrawFn, most: int) -> int:
    """A power of two, or a little less or more: limits are near them or found by doubling."""
    power, more = draw(st.integers(0, most)), draw(st.integers(-1, 1))
    return int(2**power) + more


def _with_meaning(draw: st.DrawFn) -> Json:
    """A stack with text that means something to others in place of some of its own."""
    path = draw(st.sampled_from(["", *SAMPLES]))
    spec = surroundings(path, said=True) if path else BASE
    text = "".join(draw(st.lists(st.sampled_from(_MEANING) | st.text(max_size=4), min_size=1, max_size=4)))
    for _ in range(draw(st.integers(1, 3))):
        found = draw(st.sampled_from(sorted(set(strings(spec)))))
        spec = renamed(spec, found, draw(st.sampled_from([text, found + text, text + found])))
    return spec


def _resource(spec: str, metadata: str = "") -> str:
    """The text of a resource; it may nest deeper than Python's own json writes."""
    head = f'"apiVersion":"{naming.API_VERSION}","kind":"{naming.KIND}"'
    names = '"name":"shop","namespace":"fuzz","uid":"u","resourceVersion":"1","generation":1'
    return f'{{{head},"metadata":{{{names}{metadata}}},"spec":{spec}}}'


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A text of up to 32 KiB that repeats what one of the regular expressions looks for."""
    _, pattern, _ = draw(st.sampled_from(inventory()))
    pieces = [*characters(pattern.pattern), *words(pattern.pattern)]
    start = "".join(draw(st.lists(st.sampled_from(pieces), max_size=2)))
    pump = "".join(draw(st.lists(st.sampled_from(pieces), min_size=1, max_size=4)))
    size = 2 ** draw(st.integers(8, 15))
    end: str = draw(st.sampled_from(["", "\x00", *pieces]))
    return f"{(start + pump * (size // len(pump)))[:size]}{end}"
