"""Who wants to hear of what, both ways round."""

from collections.abc import Collection
from typing import Generic, TypeVar

Topic = TypeVar("Topic")


class Subscriptions(Generic[Topic]):
    """The stacks, by uid, that something is news to."""

    def __init__(self) -> None:
        self._topics: dict[str, frozenset[Topic]] = {}
        self._readers: dict[Topic, set[str]] = {}

    def __bool__(self) -> bool:
        return bool(self._readers)

    def of(self, topic: Topic) -> Collection[str]:
        """Who wants to hear of a topic."""
        return self._readers.get(topic, ())

    def uids(self) -> list[str]:
        """Everybody who wants to hear of anything."""
        return list(self._topics)

    def set(self, uid: str, topics: Collection[Topic]) -> list[Topic]:
        """What this stack wants to hear of from now on; the topics that nobody wants to hear of any more."""
        before, after = self._topics.pop(uid, frozenset()), frozenset(topics)
        if after:
            self._topics[uid] = after
        for topic in after - before:
            self._readers.setdefault(topic, set()).add(uid)
        for topic in before - after:
            self._readers[topic].discard(uid)
        left = [topic for topic in before - after if not self._readers[topic]]
        for topic in left:
            del self._readers[topic]
        return left
