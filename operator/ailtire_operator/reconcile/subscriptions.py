"""Which stacks wait for which topics, indexed both ways."""

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
        """The stacks that wait for a topic."""
        return self._readers.get(topic, ())

    def uids(self) -> list[str]:
        """All stacks that wait for anything."""
        return list(self._topics)

    def set(self, uid: str, topics: Collection[Topic]) -> list[Topic]:
        """Set the topics that this stack waits for; return those that no stack waits for any more."""
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
