"""Labels for whoever imports the files again: what a Compose file has no words for, and what no person wrote.

Docker and Swarm do not read them.
"""

import json
from typing import Any

from ailtire_operator import naming
from ailtire_operator.model.base import Strict
from ailtire_operator.model.service import Service

GATEWAY: dict[str, str] = {naming.LABEL_COMPONENT: naming.COMPONENT_GATEWAY}
"""On the gateway, which every stack with a route gets anyway."""


def of_service(service: Service) -> dict[str, str]:
    """A service's routes, and its policies, which the gateway's configuration holds in nginx's words."""
    marks = {}
    if service.interface:
        routes = {key: _said(entry) for key, entry in service.interface.items()}
        marks[naming.MARK_INTERFACE] = json.dumps(routes, sort_keys=True)
    if service.policies is not None and (policies := _said(service.policies)):
        marks[naming.MARK_POLICIES] = json.dumps(policies, sort_keys=True)
    return marks


def _said(value: Strict) -> dict[str, Any]:
    """What its author wrote."""
    return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
