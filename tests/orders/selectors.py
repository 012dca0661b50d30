"""Label and field selectors, as far as the operator's lists and watches have them."""

from collections.abc import Mapping
from typing import Any


def selects(params: Mapping[str, Any], obj: Mapping[str, Any]) -> bool:
    """Whether a list or watch with these parameters has the object."""
    metadata = obj["metadata"]
    by_label = _all(str(params.get("labelSelector") or ""), metadata.get("labels") or {})
    return by_label and _all(str(params.get("fieldSelector") or ""), {"metadata.name": metadata["name"]})


def _all(selector: str, values: Mapping[str, str]) -> bool:
    return all(_holds(each, values) for each in selector.split(",") if each)


def _holds(requirement: str, values: Mapping[str, str]) -> bool:
    if "!=" in requirement:
        key, _, value = requirement.partition("!=")
        return values.get(key) != value
    if "=" in requirement:
        key, _, value = requirement.partition("=")
        return values.get(key) == value
    return requirement in values
