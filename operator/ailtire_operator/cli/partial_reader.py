"""Lists of objects as far as they may be listed: what may not is left out of an answer, and named in it."""

from collections.abc import Iterator

from ailtire_operator.cli.live import Json, Live
from ailtire_operator.cluster.errors import Denied, NotFound
from ailtire_operator.cluster.kinds import Kind
from ailtire_operator.cluster.list_watch import items, selectors


class PartialReader:
    """Reads one namespace, and remembers what may not be read there."""

    def __init__(self, live: Live) -> None:
        self.denied: dict[str, None] = {}
        """The resources that may not be listed, in the plural, as they were asked for."""
        self._live = live

    async def objects(self, kind: Kind, selector: str = "") -> list[Json]:
        """All objects of a kind; none where they may not be listed, or the cluster does not serve the kind."""
        try:
            return await self._live.list(kind, selector)
        except Denied:
            self.denied[kind.plural] = None
        except NotFound:
            pass
        return []

    async def metadata(self, kind: Kind, selector: str = "") -> list[Json]:
        """The same without specs and statuses, which the API server leaves out where it can."""
        accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
        path = kind.path(self._live.namespace)
        try:
            return [each async for each in items(self._live.connection, path, selectors(selector), accept=accept)]
        except Denied:
            self.denied[kind.plural] = None
        except NotFound:
            pass
        return []

    def notes(self) -> Iterator[str]:
        """What the answer lacks, a sentence."""
        if self.denied:
            yield f"the answer is not complete, as you may not list {', '.join(self.denied)}"
