"""Suggests a field for an unknown one: the most similar name in the schema at that path."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from ailtire_operator.model.structural import structural


def did_you_mean(model: type[BaseModel], location: Sequence[int | str]) -> str:
    """The field most similar to the last step of the location, as the schema spells it; empty if there is none."""
    *above, wrong = location
    node: Mapping[str, Any] = _schema(model)
    for step in above:
        node = _below(node, step)
    fields = sorted(node.get("properties") or ())
    if (camel := to_camel(str(wrong).replace("-", "_").lower())) in fields:  # Compose's spelling: depends_on
        return camel
    by_letters = {each.lower(): each for each in fields}
    near = get_close_matches(str(wrong).lower(), by_letters, n=1)
    return by_letters[near[0]] if near else ""


@cache
def _schema(model: type[BaseModel]) -> Mapping[str, Any]:
    return structural(model)


def _below(node: Mapping[str, Any], step: int | str) -> Mapping[str, Any]:
    if isinstance(step, int):
        found = node.get("items")
    else:
        found = (node.get("properties") or {}).get(step) or node.get("additionalProperties")
    return found if isinstance(found, Mapping) else {}
