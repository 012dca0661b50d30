"""What the shell offers after TAB. One that fails or takes long is worse than none, so every failure is swallowed."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import typer

from ailtire_operator import printable

_PATIENCE: Final = 2.0
"""Seconds."""


def stacks(context: typer.Context, incomplete: str) -> list[str]:
    """The AiltireStacks of the namespace."""
    from ailtire_operator.cluster import kinds

    return _matching(_names(context, kinds.STACK.path, namespaced=True), incomplete)


def paths(context: typer.Context, incomplete: str) -> list[str]:
    """Paths to stacks and services, one level more than what is typed."""
    from ailtire_operator.cli.paths import suggestions
    from ailtire_operator.cluster import kinds

    return _matching(suggestions(incomplete, _items(context, kinds.STACK.path, namespaced=True)), "")


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
    return [item["metadata"]["name"] for item in _items(context, path, namespaced=namespaced)]


def _items(context: typer.Context, path: Any, *, namespaced: bool) -> list[dict[str, Any]]:
    import asyncio

    async def ask() -> list[dict[str, Any]]:
        from ailtire_operator.cluster.connection import Connection

        file, name = _given(context, "kubeconfig"), _given(context, "cluster")
        async with await Connection.open(kubeconfig=file, context=name, timeout=_PATIENCE) as connection:
            namespace = (_given(context, "namespace") or connection.namespace) if namespaced else None
            answer = await connection.request("GET", path(namespace), params={"limit": 500})
            return list(answer.get("items") or ())

    try:
        return asyncio.run(asyncio.wait_for(ask(), _PATIENCE))
    except Exception:
        return []


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
