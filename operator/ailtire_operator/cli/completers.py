"""What the shell offers after TAB. One that fails or takes long is worse than none, so every failure is swallowed."""

import os
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from ailtire_operator import printable

if TYPE_CHECKING:
    from ailtire_operator.cluster.connection import Connection

    Read = Callable[[Connection, str, list[dict[str, Any]]], Awaitable[None]]

_PATIENCE: Final = 2.0
"""Seconds."""
_PAGE: Final = 500
_JSON: Final = "application/json"
_METADATA: Final = f"{_JSON};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,{_JSON}"
"""Names alone, where the API server can leave out the rest."""


def stacks(context: typer.Context, incomplete: str) -> list[str]:
    """The AiltireStacks of the namespace."""
    from ailtire_operator.cluster import kinds

    return [] if _everywhere(context) else _matching(_names(context, kinds.STACK.path, namespaced=True), incomplete)


def paths(context: typer.Context, incomplete: str) -> list[str]:
    """Paths to stacks and services, one level more than what is typed."""
    from ailtire_operator.cli.paths import SEPARATOR, suggestions
    from ailtire_operator.cluster import kinds

    if _everywhere(context):
        return []
    name, below, _ = incomplete.partition(SEPARATOR)
    found = _tree(context, name) if below else _items(context, kinds.STACK.path, namespaced=True)
    return _matching(suggestions(incomplete, found), "")


def namespaces(context: typer.Context, incomplete: str) -> list[str]:
    """The cluster's namespaces."""
    return _matching(_names(context, lambda _: "/api/v1/namespaces", namespaced=False), incomplete)


def contexts(context: typer.Context, incomplete: str) -> list[str]:
    """The contexts of the kubeconfig."""
    from ailtire_operator.compose.yaml_data import documents

    given = _given(context, "kubeconfig") or os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    names: list[str] = []
    for path in given.split(os.pathsep):
        try:
            found = [data.get("contexts") or [] for _, data in documents(Path(path).expanduser().read_text())]
            names += [each["name"] for entries in found for each in entries]
        except Exception:
            continue
    return _matching(names, incomplete)


def _names(context: typer.Context, path: Any, *, namespaced: bool) -> list[str]:
    return [each["metadata"]["name"] for each in _items(context, path, namespaced=namespaced, accept=_METADATA)]


def _tree(context: typer.Context, name: str) -> list[dict[str, Any]]:
    """The stacks of one tree: below a name that is typed no other matters."""
    from ailtire_operator.cli.live import Live

    async def read(connection: "Connection", namespace: str, found: list[dict[str, Any]]) -> None:
        found += await Live(connection, namespace).tree(name)

    return _asked(context, read)


def _items(context: typer.Context, path: Any, *, namespaced: bool, accept: str = _JSON) -> list[dict[str, Any]]:
    """The objects of a list, page by page: as many of them as there is time for."""

    async def read(connection: "Connection", namespace: str, found: list[dict[str, Any]]) -> None:
        params: dict[str, str | int] = {"limit": _PAGE}
        while True:
            where = path(namespace if namespaced else None)
            answer = await connection.request("GET", where, params=params, accept=accept)
            found += answer.get("items") or ()
            token = (answer.get("metadata") or {}).get("continue")
            if not token:
                return
            params = {"limit": _PAGE, "continue": token}

    return _asked(context, read)


def _asked(context: typer.Context, read: "Read") -> list[dict[str, Any]]:
    """What can be read in time; where that is not all, what has been read by then."""
    import asyncio
    from contextlib import suppress

    found: list[dict[str, Any]] = []

    async def ask() -> None:
        from ailtire_operator.cluster.connection import Connection

        file, name = _given(context, "kubeconfig"), _given(context, "cluster")
        async with await Connection.open(kubeconfig=file, context=name, timeout=_PATIENCE) as connection:
            await read(connection, _given(context, "namespace") or connection.namespace, found)

    with suppress(Exception):
        asyncio.run(asyncio.wait_for(ask(), _PATIENCE))
    return found


def _everywhere(context: typer.Context) -> bool:
    """Whether all namespaces are asked for, so that no stack is to be named."""
    return bool(context.params.get("all_namespaces"))


def _given(context: typer.Context, option: str) -> str | None:
    """The option's value, given after the command's name or before it."""
    current: Any = context
    while current is not None:
        if current.params.get(option):
            return str(current.params[option])
        current = current.parent
    return None


def _matching(names: Iterable[str], incomplete: str) -> list[str]:
    """Those that go on from what is typed; what a terminal would not show as it is, nobody can type either."""
    return sorted(name for name in names if name.startswith(incomplete) and printable.line(name) == name)
