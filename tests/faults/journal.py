"""What the operators of a lane have asked of the API server, in order: each request, its object, its answer."""

import re
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from ailtire_operator.cluster.kinds import KINDS

_PATH = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/(?P<version>v[^/]+)(?:/namespaces/(?P<namespace>[^/]+))?"
    r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<subresource>[^/]+))?"
)
_KINDS = {(kind.group, kind.plural): kind.kind for kind in KINDS.values()}
_WRITES = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(slots=True)
class Entry:
    """One request. It is filled in as it goes on."""

    number: int
    """In its journal, from 0."""
    sent: float
    """Seconds, by the monotonic clock."""
    method: str
    path: str
    verb: str
    """get, list, watch, create, update, patch or delete."""
    kind: str
    """As AiltireStack; the plural of what the operator writes nothing of."""
    namespace: str
    name: str
    subresource: str
    dry_run: bool
    replica: int = 0
    """Which of the operators of the lane has sent it."""
    status: int = 0
    """What the API server answered; 0 while it has not, or was never asked."""
    fault: str = ""
    """What was done to it."""

    @classmethod
    def of(cls, number: int, method: str, path: str, query: str, replica: int = 0) -> "Entry":
        """Read a request line."""
        options = parse_qs(query)
        found = _PATH.fullmatch(path)
        parts = {key: value or "" for key, value in found.groupdict().items()} if found else {}
        group, plural, name = parts.get("group", ""), parts.get("plural", ""), parts.get("name", "")
        verb = _WRITES.get(method) or ("watch" if "watch" in options else "get" if name else "list")
        return cls(
            number,
            time.monotonic(),
            method,
            path,
            verb,
            _KINDS.get((group, plural), plural),
            parts.get("namespace", ""),
            name,
            parts.get("subresource", ""),
            "dryRun" in options,
            replica,
        )

    @property
    def writes(self) -> bool:
        """Whether it is meant to change something of a tree: leases, Events and questions about rights do not count."""
        asks = self.kind in ("Lease", "Event") or self.kind.endswith("reviews")
        return self.method in _WRITES and not self.dry_run and not asks

    @property
    def committed(self) -> bool:
        """Whether the API server has done what it was asked, whatever the operator heard of it."""
        return self.writes and 200 <= self.status < 300

    @property
    def holds_lease(self) -> bool:
        """Whether it was the writing of a lease, and a successful one."""
        return self.kind == "Lease" and self.method in _WRITES and 200 <= self.status < 300

    @property
    def effect(self) -> str:
        """What it did, as ``create Deployment shop-web``: an apply creates where the answer is 201."""
        verb = "create" if self.status == 201 else self.verb
        return " ".join(filter(None, (verb, self.kind, self.name, self.subresource)))

    def __str__(self) -> str:
        about = " ".join(filter(None, (self.verb, self.kind, self.namespace, self.name, self.subresource)))
        return f"{about}: {self.status or 'not sent'}{f' ({self.fault})' if self.fault else ''}"


@dataclass
class Journal:
    """All requests of one lane. The proxies' threads write it, and the tests read it."""

    entries: list[Entry] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, method: str, path: str, query: str, replica: int = 0) -> Entry:
        """Write down a request that has come in."""
        with self._lock:
            entry = Entry.of(len(self.entries), method, path, query, replica)
            self.entries.append(entry)
        return entry

    def mark(self) -> int:
        """The place behind everything until now."""
        return len(self.entries)

    def writes(self, since: int = 0) -> list[Entry]:
        """What was meant to change a tree, since a mark."""
        return [entry for entry in self.entries[since:] if entry.writes]

    def last_write(self) -> float:
        """When the last of them was sent; 0 where there is none."""
        return next((entry.sent for entry in reversed(self.entries) if entry.writes), 0.0)


def effects(entries: Iterable[Entry], *verbs: str) -> list[str]:
    """The effects of those that the API server carried out, sorted; of these verbs only, if any are named."""
    done = [entry.effect for entry in entries if entry.committed]
    return sorted(each for each in done if not verbs or each.split()[0] in verbs)
