"""Generates the JSON Schema of the resource for editors: recursive, so that inline children complete at any depth.

It is made from the same structural schemas as the CustomResourceDefinition, in draft 7, which YAML language servers
support best. It has fields, types, bounds, patterns and keys. The CEL rules between fields are left to ``kubectl
ailtire validate``, except those that distinguish a service from a stack.
"""

import re
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.model.base import KEY_RULES
from ailtire_operator.model.crd import DESCRIPTION
from ailtire_operator.model.keys import KeyRule
from ailtire_operator.model.reference import trees
from ailtire_operator.model.structural import KEYS, Schema
from ailtire_operator.model.templates import RESOURCE_ONLY
from ailtire_operator.model.values import TEXT_PATTERN

_DIALECT: Final = "http://json-schema.org/draft-07/schema#"
_KEPT: Final = (
    "type",
    "description",
    "default",
    "examples",
    "enum",
    "format",
    "pattern",
    "required",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
)
"""Keywords that mean the same in a structural schema and in draft 7."""
_ANY_CHARACTER: Final = re.compile(r"\(\?s:(.*)\)")
_OPEN: Final = "x-kubernetes-preserve-unknown-fields"
_STACK: Final = {"$ref": "#/definitions/stack"}
_MEMBER: Final[Schema] = {
    "if": {"properties": {"type": {"const": "stack"}}, "required": ["type"]},
    "then": {"oneOf": [{"required": ["stack"]}, {"required": ["stackRef"]}], "not": {"required": ["image"]}},
    "else": {"required": ["image"], "not": {"anyOf": [{"required": ["stack"]}, {"required": ["stackRef"]}]}},
}
"""service.SERVICE_RULES as JSON Schema."""
_NAME: Final[Schema] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 63,
    "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
    "description": "The stack's name: a-z, 0-9 and single hyphens, the first a letter, the last not a hyphen.",
}
_TEXTS: Final[Schema] = {"type": ["object", "null"], "additionalProperties": {"type": "string"}}
_METADATA: Final[Schema] = {
    "type": "object",
    "description": "The object's name, namespace, labels and annotations.",
    "anyOf": [{"required": ["name"]}, {"required": ["generateName"]}],
    "properties": {
        "name": _NAME,
        "namespace": {"type": "string", "description": "The namespace of the whole tree."},
        "labels": {**_TEXTS, "description": "Labels of the AiltireStack itself."},
        "annotations": {**_TEXTS, "description": "Annotations of the AiltireStack itself."},
    },
}


def editor_schema(*, patch: bool = False) -> Schema:
    """The schema of an AiltireStack in a file; ``patch``: of a kustomize patch of one.

    In a patch any field may be missing, and any value may be null, which removes it.
    """
    spec, status = (_Conversion(patch).convert(schema) for _, schema in trees())
    fields = spec["properties"]
    inline = {name: {"$ref": f"#/definitions/{name}"} for name in fields if name not in RESOURCE_ONLY}
    resource = {
        "apiVersion": {"const": naming.API_VERSION, "description": "The version of the resource's schema."},
        "kind": {"const": naming.KIND, "description": "The kind of the resource."},
        "metadata": _METADATA,
        "spec": {**spec, "properties": {name: {"$ref": f"#/definitions/{name}"} for name in fields}},
        "status": status,
    }
    return {
        "$schema": _DIALECT,
        "title": f"{naming.KIND} ({naming.API_VERSION}){', a patch' if patch else ''}",
        "description": DESCRIPTION,
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", *([] if patch else ["spec"])],
        "additionalProperties": False,
        "properties": resource,
        "definitions": {
            **fields,
            "stack": {
                "type": "object",
                "description": "The definition of a child stack: the fields of spec that are allowed inline.",
                "additionalProperties": False,
                "properties": inline,
            },
        },
    }


class _Conversion:
    """Converts an annotated structural schema to draft 7."""

    def __init__(self, patch: bool) -> None:
        self._patch = patch

    def convert(self, schema: Schema) -> Schema:
        """The schema of one value and all below it; inline children become a reference to the shared definition."""
        result: Schema = {key: schema[key] for key in _KEPT if key in schema and schema[key] is not None}
        if "description" in result:
            result["description"] = " ".join(result["description"].split()).replace("``", "")
        if "x-kubernetes-int-or-string" in schema:
            result["type"] = ["integer", "string"]
            if TEXT_PATTERN in schema:
                result |= {"pattern": schema[TEXT_PATTERN], "minimum": 0}
        if schema.get("nullable") or self._patch:
            _allow_null(result)
        if self._patch:
            result.pop("required", None)
            result.pop("default", None)
        if "items" in schema:
            result["items"] = self.convert(schema["items"])
        if "properties" in schema:
            result |= self._object(schema)
        if "additionalProperties" in schema:
            result["additionalProperties"] = self.convert(schema["additionalProperties"])
        if keys := _keys(schema.get(KEYS, {})):
            result["propertyNames"] = keys
        return result

    def _object(self, schema: Schema) -> Schema:
        properties = {name: self.convert(each) for name, each in schema["properties"].items()}
        closed: Schema = {"additionalProperties": False, "properties": properties}
        if schema["properties"].get("stack", {}).get(_OPEN):
            properties["stack"] = _STACK
            return closed if self._patch else closed | _MEMBER
        return closed


def _allow_null(schema: Schema) -> None:
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    schema["type"] = [*kinds, "null"]
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]


def _keys(names: Schema) -> Schema:
    """The schema of a map's keys."""
    bounds = {key: names[key] for key in ("minLength", "maxLength", "pattern") if key in names}
    rules = [_key_rule(rule) for rule in names.get(KEY_RULES, ())]
    return bounds | ({"allOf": rules} if rules else {})


def _key_rule(rule: KeyRule) -> dict[str, Any]:
    matching = {"pattern": f"^({_without_flags(rule.pattern)})$"}
    return {"not": matching} if rule.refused else matching


def _without_flags(pattern: str) -> str:
    """The pattern for ECMAScript, which has no inline flags: ``(?s:.*)`` is ``[\\s\\S]*``."""
    return _ANY_CHARACTER.sub(lambda match: match[1].replace(".", r"[\s\S]"), pattern)
