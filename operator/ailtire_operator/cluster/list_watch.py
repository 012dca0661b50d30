"""Read a collection of the API server page by page, and follow what changes in it from there on."""

import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final

from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.responses import change_of_watch, version_of_list

Json = dict[str, Any]

PAGE: Final = 50
WATCH_SECONDS: Final = 290
_METADATA: Final = "application/json;as={};g=meta.k8s.io;v=v1"
LIST_OF_METADATA: Final = _METADATA.format("PartialObjectMetadataList")
"""What a list answers with where it is asked for metadata alone; an API server that cannot answers 406."""
METADATA: Final = _METADATA.format("PartialObjectMetadata")
"""The same of each event of a watch."""
SILENCE_SECONDS: Final = 75.0
"""Without an event or a bookmark for this long, the connection is taken for dead."""


async def pages(
    connection: Connection,
    path: str,
    selectors: Mapping[str, str] | None = None,
    *,
    limit: int = PAGE,
    **options: Any,
) -> AsyncGenerator[Json, None]:
    """The pages of a collection, as the API server answers them; all of them are of one version. Raises ClusterError.

    ``options`` are those of ``Connection.request``.
    """
    params: dict[str, str | int] = {"limit": limit, **(selectors or {})}
    while True:
        page = await connection.request("GET", path, params=params, **options)
        yield page
        token = (page.get("metadata") or {}).get("continue")
        if not token:
            return
        params = {**params, "continue": token}


async def items(
    connection: Connection, path: str, selectors: Mapping[str, str] | None = None, **options: Any
) -> AsyncGenerator[Json, None]:
    """The objects of a collection. The items of a list do not say of which kind they are."""
    async with aclosing(pages(connection, path, selectors, **options)) as found:
        async for page in found:
            for item in page.get("items") or ():
                yield item


def selectors(labels: str) -> dict[str, str]:
    """The parameter that selects by labels; none for all objects."""
    return {"labelSelector": labels} if labels else {}


class ListWatch:
    """A list, then watches that go on from where the one before it ended."""

    def __init__(
        self,
        connection: Connection,
        path: str,
        selectors: Mapping[str, str] | None = None,
        *,
        silence: float = SILENCE_SECONDS,
        metadata_only: bool = False,
    ) -> None:
        self.version = ""
        """From which a watch goes on; empty where only a new list can tell."""
        self._connection = connection
        self._path = path
        self._selectors = selectors or {}
        self._silence = silence
        self._metadata_only = metadata_only

    async def pages(self, **options: Any) -> AsyncGenerator[Json, None]:
        """Every page of the list. Once they are all read, a watch can go on from there."""
        version = ""
        if self._metadata_only:
            options["accept"] = LIST_OF_METADATA
        async with aclosing(pages(self._connection, self._path, self._selectors, **options)) as found:
            async for page in found:
                version = version or version_of_list(page)
                yield page
        self.version = version

    async def changes(self, **options: Any) -> AsyncGenerator[tuple[str, Json], None]:
        """Type and object of each event from the version on, until the server ends the watch. Raises ClusterError.

        ``options``: ``on_open`` of ``Connection.stream``.
        """
        params: dict[str, str | int] = {
            **self._selectors,
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": self.version,
            # Spread, so that the watches of all kinds do not end in the same second.
            "timeoutSeconds": WATCH_SECONDS - random.randrange(20),
        }
        if self._metadata_only:
            options["accept"] = METADATA
        async with aclosing(self._connection.stream(self._path, params, idle=self._silence, **options)) as events:
            async for event in events:
                self.version = ""  # what cannot be read, or taken in, must not be met again and again
                what, obj = change_of_watch(event)
                yield what, obj
                self.version = obj["metadata"]["resourceVersion"]
