"""Definitions full of what means something to a shell, YAML, Compose, Swarm, a terminal or a file system."""

from collections.abc import Callable, Iterator
from typing import Any

from ailtire_operator.model.loading import levels, parse_stack
from ailtire_operator.model.problems import InvalidStack
from support.compose.exporting import resource
from support.definitions.samples import BASE, SAMPLES, surroundings

Accepts = Callable[[dict[str, Any]], object]
"""Raises InvalidStack for a spec that is none."""

METACHARACTERS = {
    "shell": "$(touch PWNED);`touch PWNED`",
    "shell-lines": "\ntouch PWNED\n#",
    "shell-quotes": "'\"; touch PWNED #",
    "compose": "${HOME}$HOME$$",
    "templates": "{{.Node.Hostname}}",
    "braces": "{{",
    "paths": "/../../../PWNED",
    "options": "-rf",
    "yaml": ": {a: b}, - &x !!x [*x] # | > ",
    "yaml-lines": "\u2028\u0085- touch PWNED",
    "terminal": "\u202e\x1b]0;PWNED\x07\x9b2J",
}
"""Each by what obeys it. None is longer than a name may be."""
_OF_OTHERS: tuple[dict[str, Any], ...] = (
    {"networks": {"net": {"external": True}}, "services": {"web": {"image": "x", "networks": {"net": {}}}}},
    {
        "networks": {"net": {"external": True, "name": "theirs"}},
        "services": {"web": {"image": "x", "networks": {"net": {"aliases": ["www"]}}}},
    },
    {
        "configs": {"conf": {"configMap": "theirs", "key": "file"}},
        "secrets": {"word": {"secret": "theirs", "key": "pass"}},
        "data": {"data": {"claim": "theirs"}},
        "services": {
            "web": {
                "image": "x",
                "configs": {"conf": {}},
                "secrets": {"word": {}},
                "volumes": {"data": {"source": "data", "target": "/data"}},
            }
        },
    },
)
"""What is there before the stack, so that an export says how to make it."""


def strings(value: Any) -> Iterator[str]:
    """Yield every key and text below a value."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)
    elif isinstance(value, str):
        yield value


def renamed(value: Any, old: str, new: str) -> Any:
    """Return the value with one text in place of another, as a key too."""
    if isinstance(value, dict):
        return {new if key == old else key: renamed(each, old, new) for key, each in value.items()}
    if isinstance(value, list):
        return [renamed(each, old, new) for each in value]
    return new if value == old else value


def hostile(spec: dict[str, Any], texts: Iterator[str], text: str, accepts: Accepts) -> dict[str, Any]:
    """Return the spec with a text at the end or start of each of some of its own, or in place of it, where accepted."""
    for found in dict.fromkeys(texts):
        for wanted in (found + text, text + found, text):
            changed = renamed(spec, found, wanted)
            try:
                accepts(changed)
            except InvalidStack:
                continue
            spec = changed
            break
    return spec


def every_field(text: str, accepts: Accepts) -> list[dict[str, Any]]:
    """Return stacks that together have the text in every field, and every key of a map, that can hold it."""
    found = [hostile(spec, strings(spec), text, accepts) for spec in (BASE, *_OF_OTHERS)]
    for path, sample in SAMPLES.items():
        spec = surroundings(path, said=True)
        changed = hostile(spec, strings(sample), text, accepts)
        found += [changed] if changed != spec else []
    return found


def as_tree(specs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one stack that holds them all, without what only a resource of its own may say."""
    members = {
        f"m{index}": {
            "type": "stack",
            "stack": {key: each for key, each in spec.items() if key not in ("template", "templateOnly")},
        }
        for index, spec in enumerate(specs)
    }
    return resource("shop", {"services": members})


def accepted(spec: dict[str, Any]) -> None:
    """Raise InvalidStack where a spec is none, at any level."""
    stack = parse_stack(resource("shop", spec))
    for _ in levels(stack.name, stack.spec, {}):
        pass
