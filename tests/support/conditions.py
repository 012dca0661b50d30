"""What an object of a cluster says of itself by its conditions."""

from collections.abc import Mapping
from typing import Any


def condition(obj: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """A condition of an object; empty where it is not there."""
    found = (obj.get("status") or {}).get("conditions") or ()
    return next((each for each in found if each["type"] == kind), {})


def is_true(obj: Mapping[str, Any], kind: str = "Ready") -> bool:
    """Whether an object has a condition, and it is true."""
    return condition(obj, kind).get("status") == "True"


def is_current(obj: Mapping[str, Any]) -> bool:
    """Whether the status of an object is of the definition that it has now."""
    generation: object = obj["metadata"]["generation"]
    return (obj.get("status") or {}).get("observedGeneration") == generation


def is_ready(stack: Mapping[str, Any]) -> bool:
    """Whether a stack is Ready in the definition that it has now."""
    return is_current(stack) and is_true(stack)
