"""Generates docs/reference.md: ``python -m ailtire_operator.model.reference > docs/reference.md``.

It is made from the same structural schemas as the CustomResourceDefinition, with defaults, examples and rules of keys.
"""

import sys
from collections.abc import Iterator
from typing import Any, Final

import yaml

from ailtire_operator import naming
from ailtire_operator.model.base import KEY_RULES
from ailtire_operator.model.patterns import in_words, key_in_words
from ailtire_operator.model.stack import StackSpec
from ailtire_operator.model.status import StackStatus
from ailtire_operator.model.structural import KEYS, Schema, key_rules, structural
from ailtire_operator.model.templates import RESOURCE_ONLY

RECURSIVE: Final = "spec.services.*.stack"
"""The definition of an inline child: the same fields as spec."""
_RULES: Final = "x-kubernetes-validations"
_HEAD: Final = "| field | type | default | bounds | meaning |\n|---|---|---|---|---|"
_PREFACE: Final = f"""\
# Reference: every field of an {naming.KIND}

<!-- Made by `make reference` from operator/ailtire_operator/model: change the fields there instead. -->

All fields of `{naming.API_VERSION}`: what you write (`spec`) and what the operator reports (`status`).
`kubectl ailtire schema` prints the same as a JSON Schema for editors, see [editors.md](editors.md).
On a cluster, `kubectl explain {naming.SINGULAR}.spec --recursive` lists the fields.

- In a path `*` is a key of the author's choice and `[]` an item of a list.
- **required** in the column *default*: the field must be there wherever the object that holds it is. `-`: nothing is
  set, and *meaning* says what that does.
- The operator's defaults are not written into the resource: what you did not write does not stand there.
- *Bounds* of a map are those of its entries, keys and values. An unknown field is refused everywhere.
- *No control characters* are no line ends, no escapes and no marks that turn the direction of text.
- `metadata.name` has at most 63 characters of a-z, 0-9 and `-`; the first is a letter, the last not a hyphen, and `--`
  does not occur in it.
- What a definition and a tree may hold as a whole is in [operations.md](operations.md).
"""


def fields() -> Iterator[tuple[str, Schema]]:
    """Every schema below spec and status, with the path to its value: maps and lists before their contents."""
    for name, schema in trees():
        yield from _nodes(schema, name)


def trees() -> tuple[tuple[str, Schema], tuple[str, Schema]]:
    """The two halves of the resource: name and schema."""
    return ("spec", structural(StackSpec, annotated=True)), ("status", structural(StackStatus, annotated=True))


def page() -> str:
    """The whole document."""
    objects = [(path, schema) for path, schema in fields() if "properties" in schema]
    contents = "\n".join(f"- [`{path}`](#{_anchor(path)})" for path, _ in objects)
    return "\n".join([_PREFACE, f"## Contents\n\n{contents}\n", *(_section(*each) for each in objects)])


def _nodes(schema: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    yield path, schema
    for name, each in schema.get("properties", {}).items():
        yield from _nodes(each, f"{path}.{name}")
    for below, step in (("items", "[]"), ("additionalProperties", ".*")):
        if below in schema:
            yield from _nodes(schema[below], f"{path}{step}")


def _anchor(path: str) -> str:
    return path.replace(".", "-").replace("*", "key").replace("[]", "-item")


def _section(path: str, schema: Schema) -> str:
    """One object: its description, its fields, and the rules between them."""
    required = schema.get("required", ())
    rows = [_row(f"{path}.{name}", each, name in required) for name, each in sorted(schema["properties"].items())]
    parts = [f'<a id="{_anchor(path)}"></a>\n\n## `{path}`\n', f"{_text(schema)}\n"]
    if path == RECURSIVE:
        *others, last = (f"`{name}`" for name in RESOURCE_ONLY)
        parts.append(f"All fields of `spec` are allowed here, except {', '.join(others)} and {last}.\n")
    parts += [_HEAD, *rows, ""]
    if rules := [each["message"] for each in schema.get(_RULES, ())]:
        parts += ["The API server also checks:\n", *(f"- {rule}." for rule in rules), ""]
    return "\n".join(parts)


def _row(path: str, schema: Schema, required: bool) -> str:
    meaning = _text(schema)
    if below := _objects_in(path, schema):
        meaning += f" Its fields: [`{below}`](#{_anchor(below)})."
    if examples := _examples(schema):
        meaning += f" Example: {' or '.join(f'`{_yaml(each)}`' for each in examples)}."
    cells = [f"`{path}`", _type(schema), "**required**" if required else _default(schema), _bounds(schema), meaning]
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _examples(schema: Schema) -> list[Any]:
    """The field's examples, or a list with those of its items."""
    items = schema.get("items", {}).get("examples")
    return schema.get("examples") or ([items] if items else [])


def _text(schema: Schema) -> str:
    return " ".join(schema["description"].split()).replace("``", "`")


def _objects_in(path: str, schema: Schema) -> str | None:
    """The path of the section that describes a field's objects."""
    for below, step in (("items", "[]"), ("additionalProperties", ".*")):
        if below in schema:
            return _objects_in(f"{path}{step}", schema[below])
    return path if "properties" in schema else None


def _type(schema: Schema, plural: str = "") -> str:
    if "x-kubernetes-int-or-string" in schema:
        return f"integer{plural} or string{plural}"
    if "items" in schema:
        return f"list{plural} of {_type(schema['items'], 's')}"
    if "additionalProperties" in schema:
        return f"map{plural} of {_type(schema['additionalProperties'], 's')}"
    return f"{schema['type']}{plural}"


def _default(schema: Schema) -> str:
    value = schema.get("default")
    return "-" if value is None or value in ({}, [], "") else f"`{_yaml(value)}`"


def _yaml(value: Any) -> str:
    """One line of YAML."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")


def _bounds(schema: Schema) -> str:
    """All bounds of a field, in words."""
    parts = [*_own_bounds(schema)]
    if keys := schema.get(KEYS):
        parts.append(f"keys: {'; '.join(_key_bounds(keys))}")
    for below, what in (("items", "each"), ("additionalProperties", "values")):
        if below in schema and "properties" not in schema[below] and (inner := _bounds(schema[below])):
            parts.append(f"{what}: {inner}")
    return "; ".join(parts)


def _own_bounds(schema: Schema) -> Iterator[str]:
    if "enum" in schema:
        yield f"one of {', '.join(f'`{each}`' for each in schema['enum'])}"
    for low, high, what in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
        ("minProperties", "maxProperties", " entries"),
    ):
        yield from _range(schema.get(low), schema.get(high), what)
    if "pattern" in schema:
        yield in_words(schema["pattern"])
    if schema.get("format") == "date-time":
        yield "an RFC 3339 time"
    if "properties" not in schema:
        yield from (each["message"] for each in schema.get(_RULES, ())[len(key_rules(schema.get(KEYS, {}))) :])


def _range(low: float | None, high: float | None, what: str) -> Iterator[str]:
    if low is not None and high is not None:
        yield f"{low:,} to {high:,}{what}"
    elif high is not None:
        yield f"at most {high:,}{what}"
    elif low is not None:
        yield f"at least {low:,}{what}"


def _key_bounds(names: Schema) -> Iterator[str]:
    """The bounds of a map's keys, in words."""
    yield from _range(names.get("minLength"), names.get("maxLength"), " characters")
    yield from (key_in_words(rule) for rule in names.get(KEY_RULES, ()))


if __name__ == "__main__":
    sys.stdout.write(page())
