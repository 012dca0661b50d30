"""Follows the API server's audit log while it grows: when what was created, and got its first status."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from lab import appended

_OPERATOR = "system:serviceaccount:ailtire-system:ailtire-operator"


class Follower:
    """What happens in some namespaces from now on, at the API server's own times (seconds since 1970)."""

    def __init__(self, log: Path, namespaces: Collection[str]) -> None:
        self._log = log
        self._namespaces = frozenset(namespaces)
        self._place = appended.end(log)
        self._created: defaultdict[tuple[str, str], dict[str, float]] = defaultdict(dict)
        self._statuses: defaultdict[str, dict[str, float]] = defaultdict(dict)
        self._writes: Counter[str] = Counter()

    def created(self, namespace: str, resource: str) -> Mapping[str, float]:
        """When each object of a resource (its plural) was created, by name."""
        self._read()
        return self._created[namespace, resource]

    def statuses(self, namespace: str) -> Mapping[str, float]:
        """When each stack had its first status, by name."""
        self._read()
        return self._statuses[namespace]

    def writes(self, namespace: str) -> int:
        """How often the operator has changed something."""
        self._read()
        return self._writes[namespace]

    def _read(self) -> None:
        for line, place in appended.lines(self._log, self._place):
            self._place = place
            if b'"verb":"get"' not in line and b'"verb":"watch"' not in line and b'"verb":"list"' not in line:
                self._take(json.loads(line))

    def _take(self, event: dict[str, Any]) -> None:
        target, code = event.get("objectRef", {}), event.get("responseStatus", {}).get("code")
        namespace, resource, name = (target.get(each, "") for each in ("namespace", "resource", "name"))
        if namespace not in self._namespaces or code not in (200, 201):
            return
        self._writes[namespace] += event["user"]["username"] == _OPERATOR
        when = datetime.fromisoformat(event["stageTimestamp"]).timestamp()
        if target.get("subresource") == "status" and resource == "ailtirestacks":
            self._statuses[namespace].setdefault(name, when)
        elif code == 201 and not target.get("subresource"):
            self._created[namespace, resource].setdefault(name, when)
