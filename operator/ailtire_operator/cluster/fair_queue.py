"""Who is next where many wait for few places: namespaces take turns, so that a crowd in one of them delays no other.

The namespace that has the fewest places goes first; of several, the one that has waited longest. None is given more
than a multiple of what is still free, so that some places stay free for a namespace that has had nothing to do so far:
alone it gets three quarters of them, beside another one three sevenths, and so on.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

SHARE: Final = 3
"""How many times as many places as are free a namespace may have; the first one it may have in any case."""

Item = TypeVar("Item", bound=Hashable)


@dataclass(slots=True)
class _Line(Generic[Item]):
    """What waits in one namespace: by rank, each with its number of arrival, in that order."""

    ranks: defaultdict[int, OrderedDict[Item, int]] = field(default_factory=lambda: defaultdict(OrderedDict))
    given: int = 0
    """How many were taken out of this line."""

    def take(self, patience: int) -> Item:
        """Take the first item of the lowest rank; at every ``patience``-th time the one that has waited longest."""
        self.given += 1
        if patience and self.given % patience == 0:
            rank = min(self.ranks, key=lambda each: next(iter(self.ranks[each].values())))
        else:
            rank = min(self.ranks)
        item, _ = self.ranks[rank].popitem(last=False)
        if not self.ranks[rank]:
            del self.ranks[rank]
        return item

    def discard(self, rank: int, item: Item) -> bool:
        """Remove an item; whether it was there."""
        if rank not in self.ranks or self.ranks[rank].pop(item, None) is None:
            return False
        if not self.ranks[rank]:
            del self.ranks[rank]
        return True


class FairQueue(Generic[Item]):
    """Items that wait, by namespace and rank, and how many places each namespace has. Pure: it never waits itself.

    ``patience``: every so many items of a namespace the one that has waited longest goes first, whatever its rank, so
    that none waits for ever; 0 lets ranks alone decide.
    """

    def __init__(self, *, patience: int = 0) -> None:
        self._patience = patience
        self._lines: dict[str, _Line[Item]] = {}
        self._places: dict[str, int] = {}
        """Places by namespace, where it has any."""
        self._by_places: defaultdict[int, OrderedDict[str, None]] = defaultdict(OrderedDict)
        """Namespaces that wait, by how many places they have; in the order in which they came to that number."""
        self._arrivals = 0
        self._waiting = 0
        self._busy = 0

    @property
    def waiting(self) -> int:
        """Items that wait."""
        return self._waiting

    @property
    def busy(self) -> int:
        """Places that are taken."""
        return self._busy

    def put(self, namespace: str, rank: int, item: Item) -> None:
        """Let an item wait, behind those of the same rank; the lowest rank of a namespace goes first."""
        if namespace not in self._lines:
            self._lines[namespace] = _Line()
            self._by_places[self._places.get(namespace, 0)][namespace] = None
        self._arrivals += 1
        self._waiting += 1
        self._lines[namespace].ranks[rank][item] = self._arrivals

    def discard(self, namespace: str, rank: int, item: Item) -> None:
        """Let an item wait no longer, if it does."""
        line = self._lines.get(namespace)
        if line is not None and line.discard(rank, item):
            self._waiting -= 1
            if not line.ranks:
                self._leave(namespace)

    def take(self, limit: int) -> tuple[str, Item] | None:
        """Give the next item one of ``limit`` places; its namespace too, for ``end``. None if nobody may have one."""
        free = limit - self._busy
        if free <= 0 or not self._by_places:
            return None
        places = min(self._by_places)
        if places and places >= SHARE * free:
            return None
        namespace = next(iter(self._by_places[places]))
        line = self._lines[namespace]
        item = line.take(self._patience)
        self._waiting -= 1
        if not line.ranks:
            self._leave(namespace)
        self._change(namespace, +1)
        return namespace, item

    def end(self, namespace: str) -> None:
        """Give a place back."""
        self._change(namespace, -1)

    def _change(self, namespace: str, by: int) -> None:
        places = self._places.get(namespace, 0)
        self._busy += by
        self._places[namespace] = places + by
        if not places + by:
            del self._places[namespace]
        if namespace in self._lines:
            self._unlist(namespace, places)
            self._by_places[places + by][namespace] = None

    def _leave(self, namespace: str) -> None:
        """Nothing of this namespace waits any more."""
        del self._lines[namespace]
        self._unlist(namespace, self._places.get(namespace, 0))

    def _unlist(self, namespace: str, places: int) -> None:
        del self._by_places[places][namespace]
        if not self._by_places[places]:
            del self._by_places[places]
