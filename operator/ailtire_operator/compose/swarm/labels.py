"""Labels for a later import of the files: fields without an equivalent in Compose, and generated services.

Docker and Swarm do not read them.
"""

import json
from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.base import Strict
from ailtire_operator.model.service import Service

GATEWAY: dict[str, str] = {naming.LABEL_COMPONENT: naming.COMPONENT_GATEWAY}
"""On the gateway, which an import generates again."""


def of_service(service: Service) -> dict[str, str]:
    """A service's routes and policies, which otherwise are only in the gateway's nginx configuration."""
    marks = {}
    if service.interface:
        routes = {key: _as_written(entry) for key, entry in service.interface.items()}
        marks[naming.MARK_INTERFACE] = json.dumps(routes, sort_keys=True)
    if service.policies is not None and (policies := _as_written(service.policies)):
        marks[naming.MARK_POLICIES] = json.dumps(policies, sort_keys=True)
    return marks


def _as_written(value: Strict) -> dict[str, Any]:
    """The fields that are set."""
    return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
