"""The status of a stack that no operator has seen yet: the API server sets it, by the schema's default.

Without it kstatus, and so Flux and Helm, take a resource without a status for one that is as wanted: they would not
wait for a new stack, least of all where no operator runs.
"""

from collections.abc import Mapping
from typing import Any, Final

UNOBSERVED: Final[Mapping[str, Any]] = {"observedGeneration": -1}


def written(status: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The status as an operator wrote it; empty if none has."""
    return {} if status is None or status == UNOBSERVED else status
