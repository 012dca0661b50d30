"""What a stack says of itself: that it is ready, or why it is not and will not be by itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ailtire_operator.status.conditions import DELETING, INVALID_SPEC, PROGRESSING, ROLLING_BACK, VERIFYING

_UNDER_WAY: Final = frozenset({PROGRESSING, ROLLING_BACK, VERIFYING, DELETING, ""})
"""Reasons that nothing may end with. Waiting and NotReady may last: another service, or the pod, is at fault then."""
_PATH: Final = re.compile(
    r"(^|: )(spec[.\[]|(service|stack|object|gateway|verify)\b|metadata\.)"
    r"|^the update of the tree \(generation [0-9]+\) failed: [^ :]+: "
)
"""An error names a field or an object; an update of a tree names the member that has failed, as ``orders/api``."""


@dataclass(frozen=True)
class Verdict:
    """The state of a stack in its current definition."""

    current: bool
    ready: bool
    suspended: bool
    reason: str
    message: str

    @property
    def over(self) -> bool:
        """Whether it may stay so."""
        return self.current and (self.ready or self.suspended or self.reason not in _UNDER_WAY)

    @property
    def invalid(self) -> bool:
        """Whether the definition is what is wrong."""
        return self.current and self.reason == INVALID_SPEC

    @property
    def has_path(self) -> bool:
        """Whether the message says where."""
        return bool(_PATH.search(self.message))

    def __str__(self) -> str:
        kind = "suspended" if self.suspended else "ready" if self.ready else "not ready"
        return f"{kind}{'' if self.current else ' (of an earlier definition)'}: {self.reason}: {self.message}"


def verdict(stack: Mapping[str, Any]) -> Verdict:
    """Read the status of a stack's resource."""
    status = stack.get("status") or {}
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    ready = conditions.get("Ready") or {}
    return Verdict(
        current=status.get("observedGeneration") == stack["metadata"]["generation"],
        ready=ready.get("status") == "True",
        suspended=conditions.get("Suspended", {}).get("status") == "True",
        reason=ready.get("reason", ""),
        message=ready.get("message", ""),
    )
