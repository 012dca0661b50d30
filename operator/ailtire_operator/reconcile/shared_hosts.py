"""Hosts that several stacks publish at one controller: who came later is warned, and nothing is taken from anybody.

Who came first is said by the creation of the Ingress or HTTPRoute, by which ingress controllers and the Gateway API
decide too; so every replica and every restart says the same. A stack is warned of the one just before it only: whatever
comes or goes changes what one other stack reports, however many want the host.
"""

import logging
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ailtire_operator.cluster.kinds import HTTP_ROUTE, INGRESS, STACK, Ref
from ailtire_operator.cluster.store import Record, Store

logger = logging.getLogger(__name__)

_KINDS: Final = (INGRESS.kind, HTTP_ROUTE.kind)
_Controller = tuple[str, str, str]
"""Kind and host, and the IngressClass or the Gateway."""
Summary = Mapping[str, Any]
_Entry = tuple[str, str, str, str]
"""When an edge was created, its namespace, its name (that of its stack) and its kind."""


class SharedHosts:
    """The edges of all stacks by the hosts that they publish."""

    def __init__(self, store: Store, wake: Callable[[Record], None]) -> None:
        self._store = store
        self._wake = wake
        self._edges: dict[_Controller, dict[str, list[_Entry]]] = defaultdict(lambda: defaultdict(list))
        """In the order of their creation, by the listener of a Gateway; empty for all listeners, and for Ingresses."""
        store.triggers.append(self._changed)

    def before(self, stack: Record) -> list[tuple[str, str]]:
        """The hosts of a stack that another one has published before, and which: no name from another namespace."""
        found = set()
        for kind in _KINDS:
            edge = self._store.get(Ref(kind, stack.ref.namespace, stack.ref.name))
            if edge is None or edge.owner_uid != stack.uid:
                continue
            for (_, host, controller), listener in _places(edge):
                entry = _entry(edge)
                beside = self._beside((kind, host, controller), listener, entry, -1)
                first = max((each for each in beside if self._stays(each)), default=None)
                if first is not None:
                    found.add((host, first[2] if first[1] == stack.ref.namespace else ""))
        return sorted(found)

    def _changed(self, old: Record | None, new: Record | None, origin: str | None) -> None:
        record = new or old
        if record is None or record.ref.kind not in _KINDS:
            return
        gone = {(place, _entry(old)) for place in _places(old)} if old is not None else set()
        come = {(place, _entry(new)) for place in _places(new)} if new is not None else set()
        for (controller, listener), entry in gone - come:
            self._take_out(controller, listener, entry)
            self._notify_next(controller, listener, entry, origin)
        for (controller, listener), entry in come - gone:
            insort(self._edges[controller][listener], entry)
            self._notify_next(controller, listener, entry, origin)
            for before in filter(self._stays, self._beside(controller, listener, entry, -1)):
                stacks = entry[1], entry[2], controller[1] or "*", before[1], before[2]
                logger.warning("%s/%s publishes the host %s, which %s/%s has published before", *stacks)

    def _stays(self, entry: _Entry) -> bool:
        """Whether the stack of an edge is there, and not about to go: its edge is deleted some time after it."""
        stack = self._store.get(Ref(STACK.kind, *entry[1:3]))
        return stack is not None and not stack.deleting

    def _take_out(self, controller: _Controller, listener: str, entry: _Entry) -> None:
        listeners = self._edges[controller]
        listeners[listener].remove(entry)
        if not listeners[listener]:
            del listeners[listener]
        if not listeners:
            del self._edges[controller]

    def _notify_next(self, controller: _Controller, listener: str, entry: _Entry, origin: str | None) -> None:
        """Wake the stacks for which an edge that has come or gone makes a difference, but for who has written it."""
        for _, namespace, name, _ in set(self._beside(controller, listener, entry, 1)):
            stack = self._store.get(Ref(STACK.kind, namespace, name))
            if stack is not None and stack.uid != origin:
                self._wake(stack)

    def _beside(self, controller: _Controller, listener: str, entry: _Entry, step: int) -> Iterator[_Entry]:
        """The edges just before (-1) or behind (1) one in the lists that have to do with its listener."""
        listeners = self._edges.get(controller) or {}
        for each in listeners if not listener else {listener, ""} & listeners.keys():
            entries = listeners[each]
            index = bisect_left(entries, entry)
            found = index - 1 if step < 0 else index + (index < len(entries) and entries[index] == entry)
            if 0 <= found < len(entries):
                yield entries[found]


def shared(kind: str, one: Summary, other: Summary) -> set[str]:
    """The hosts that two edges of a kind publish at one controller; a route without a listener is at all of them."""
    mine, theirs = (_places_of(kind, each) for each in (one, other))
    return {
        controller[1]
        for controller, listener in mine
        for other_controller, other_listener in theirs
        if controller == other_controller and (listener == other_listener or not listener or not other_listener)
    }


def _places(edge: Record) -> set[tuple[_Controller, str]]:
    """Where an edge stands in the index: each of its hosts at each controller."""
    return _places_of(edge.ref.kind, edge.summary)


def _places_of(kind: str, summary: Summary) -> set[tuple[_Controller, str]]:
    hosts, controllers = summary.get("hosts") or (), summary.get("controllers") or ()
    return {((kind, host, controller), listener) for host in hosts for controller, listener in controllers}


def _entry(edge: Record) -> _Entry:
    return str(edge.summary.get("created", "")), edge.ref.namespace, edge.ref.name, edge.ref.kind
