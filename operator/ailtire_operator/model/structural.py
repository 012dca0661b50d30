"""Converts a pydantic model to a structural schema, the dialect of JSON Schema in CustomResourceDefinitions.

It has no references, titles or rules for the keys of a map, unions with null only as ``nullable``, and
``additionalProperties: false`` is implied (unknown fields are pruned, or refused under strict field validation).
No defaults are set: the API server would write them into every child that the operator applies, and they would look
like drift. The description of a field has its default instead.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from ailtire_operator.model.base import KEY_RULES
from ailtire_operator.model.values import TEXT_PATTERN

Schema = dict[str, Any]

KEYS: Final = "propertyNames"
"""In an annotated schema: the schema of a map's keys, with the rules (``keys.KeyRule``) under KEY_RULES."""
_ANNOTATIONS: Final = frozenset({"default", "examples", KEYS, TEXT_PATTERN})
_DROPPED: Final = _ANNOTATIONS | {"title", "$defs", "patternProperties", KEY_RULES}


def structural(model: type[BaseModel], *, tell_defaults: bool = False, annotated: bool = False) -> Schema:
    """The structural schema of a model, in camelCase.

    ``annotated`` keeps what the API server does not support, for documents and editors: defaults, examples, the rules
    of a map's keys under KEYS, and the pattern of texts that may be numbers too, under TEXT_PATTERN.
    """
    schema = model.model_json_schema(by_alias=True)
    return _Conversion(schema.get("$defs", {}), tell_defaults, annotated).convert(schema)


class _Conversion:
    """Converts one model: its definitions and options."""

    def __init__(self, definitions: Mapping[str, Schema], tell_defaults: bool, annotated: bool) -> None:
        self._definitions = definitions
        self._tell_defaults = tell_defaults
        self._dropped = _DROPPED - _ANNOTATIONS if annotated else _DROPPED

    def convert(self, schema: Schema) -> Schema:
        """The schema of one value and all below it."""
        merged = self._merge(schema)
        result = {key: value for key, value in merged.items() if key not in self._dropped}
        if "description" in merged:
            result["description"] = self._describe(merged)
        if "const" in result:
            result["enum"] = [result.pop("const")]
        if "properties" in merged:
            result["properties"] = {name: self.convert(each) for name, each in merged["properties"].items()}
        if merged.get("type") == "array":
            result["items"] = self.convert(merged["items"])
            result.setdefault("x-kubernetes-list-type", "atomic")
        if merged.get("type") == "object":
            self._convert_map(merged, result)
            if not merged.get("required") and result.pop("nullable", True):
                result["nullable"] = True
        _close_bounds(result)
        return result

    def _merge(self, schema: Schema) -> Schema:
        """The schema with its reference and its union with null resolved; outer keywords take precedence."""
        outside = {key: value for key, value in schema.items() if key != "$ref"}
        inside: Schema = {}
        if "$ref" in schema:
            inside = self._merge(self._definitions[schema["$ref"].rpartition("/")[2]])
        alternatives = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
        if len(alternatives) == 1:
            del outside["anyOf"]
            inside = self._merge(alternatives[0])
        return {**inside, **outside}

    def _convert_map(self, schema: Schema, result: Schema) -> None:
        """Convert values to ``additionalProperties`` and bounds of keys to CEL rules."""
        values = schema.get("additionalProperties")
        names = dict(schema.get("propertyNames", {}))
        for pattern, each in schema.get(
            "patternProperties", {}
        ).items():  # pydantic's form of a map whose keys have a pattern
            values, names["pattern"] = each, pattern
        result.pop("additionalProperties", None)
        if isinstance(values, dict) and not result.get("x-kubernetes-preserve-unknown-fields"):
            result["additionalProperties"] = self.convert(values)
        if names and KEYS not in self._dropped:
            result[KEYS] = names
        if rules := key_rules(names):
            result["x-kubernetes-validations"] = [*rules, *result.get("x-kubernetes-validations", ())]

    def _describe(self, schema: Schema) -> str:
        text = " ".join(schema["description"].split()).replace("``", "")
        default = schema.get("default")
        if (
            self._tell_defaults
            and isinstance(default, str | int)
            and default not in (False, "")
            and "default" not in text
        ):
            text += f" Default: {'true' if default is True else default}."
        return text


def key_rules(names: Schema) -> list[Schema]:
    """The CEL rules on a map for its key type."""
    low, high = names.get("minLength", 0), names.get("maxLength")
    rules = [_key_rule(rule.expression, rule.message, rule.quotes) for rule in names.get(KEY_RULES, ())]
    if high is not None:
        bounds = [f"size(key) >= {low}"] * (low > 0) + [f"size(key) <= {high}"]
        rules.insert(0, _key_rule(" && ".join(bounds), f"must have {low} to {high} characters"))
    if "pattern" in names and not any("matches" in rule.expression for rule in names.get(KEY_RULES, ())):
        rules.append(_key_rule(_matches(names["pattern"]), f"does not match {names['pattern']}"))
    return rules


def _key_rule(expression: str, message: str, quotes: bool = True) -> Schema:
    """A CEL rule for every key of a map; its message quotes the first invalid key if ``quotes``."""
    text = message.replace("\\", "\\\\").replace("'", "\\'")
    rule = {"rule": f"self.all(key, {expression})", "message": f"a key {message}"}
    if not quotes:
        return rule
    return {
        **rule,
        "messageExpression": f"'\\'' + self.filter(key, !({expression}))[0] + '\\' {text}'",
    }


def _matches(pattern: str) -> str:
    return "key.matches('{}')".format(pattern.replace("\\", "\\\\").replace("'", "\\'"))


def _close_bounds(schema: Schema) -> None:
    """Replace exclusive bounds, which belong to a later draft, by the next whole number."""
    for exclusive, inclusive, step in (("exclusiveMinimum", "minimum", 1), ("exclusiveMaximum", "maximum", -1)):
        bound = schema.get(exclusive)
        if bound is None or isinstance(bound, bool):
            continue
        if schema.get("type") == "integer":
            schema[inclusive] = schema.pop(exclusive) + step
        else:
            schema[inclusive], schema[exclusive] = bound, True
