"""What the shell offers after TAB. One that fails or takes long is worse than none, so every failure is swallowed."""

import os
from collections.abc import Callable, Generator, Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from ailtire_operator import printable

if TYPE_CHECKING:
    from ailtire_operator.cluster.kubeconfig import Plain

    Requests = Generator[tuple[str, dict[str, Any], str], dict[str, Any], None]
    """Path, parameters and form of each request; the answer is sent in."""
    Read = Callable[[str, list[dict[str, Any]]], Requests]
    """From the namespace to the requests; what they find goes into the list."""

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


def used_objects(context: typer.Context, incomplete: str) -> list[str]:
    """The Secrets and ConfigMaps that the definitions at a path name: ``secret/db``."""
    from ailtire_operator.cli.definition_places import locate
    from ailtire_operator.cli.object_uses import offered
    from ailtire_operator.cluster import kinds

    given = context.params.get("paths")
    paths = [given] if isinstance(given, str) else list(given or ())
    stacks = _items(context, kinds.STACK.path, namespaced=True)
    found: set[str] = set()
    for path in paths or [each["metadata"]["name"] for each in stacks]:
        with suppress(Exception):
            found |= set(offered([locate(path, stacks)], stacks))
    return _matching(found, incomplete)


def variables(context: typer.Context, incomplete: str) -> list[str]:
    """The variables that are set at a path, to be changed (``LOG=``) or removed (``LOG-``)."""
    from ailtire_operator.cli import variable_edits
    from ailtire_operator.cli.definition_places import locate
    from ailtire_operator.cluster import kinds

    stacks = _items(context, kinds.STACK.path, namespaced=True)
    with suppress(Exception):
        names = list(variable_edits.variables(locate(context.params["path"], stacks)))
        return _matching([f"{name}{end}" for name in names for end in "=-"], incomplete)
    return []


def revisions(context: typer.Context, incomplete: str) -> list[str]:
    """The numbers of the revisions of the stack that is named."""
    from ailtire_operator import naming
    from ailtire_operator.cluster import kinds

    selector = f"{naming.LABEL_REVISION},{naming.LABEL_STACK}={_given(context, 'name') or ''}"

    def read(namespace: str, found: list[dict[str, Any]]) -> "Requests":
        return _pages(kinds.CONTROLLER_REVISION.path(namespace), {"labelSelector": selector}, _METADATA, found)

    labels = [each["metadata"].get("labels") or {} for each in _asked(context, read)]
    return _matching([each.get(naming.LABEL_REVISION, "") for each in labels], incomplete)


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
    from ailtire_operator import naming
    from ailtire_operator.cluster import kinds

    def read(namespace: str, found: list[dict[str, Any]]) -> "Requests":
        top = yield kinds.STACK.path(namespace, name), {}, _JSON
        found.append(top)
        root = naming.root_of(name, (top.get("spec") or {}).get("place") or {})
        below: list[dict[str, Any]] = []
        try:
            yield from _pages(
                kinds.STACK.path(namespace), {"labelSelector": f"{naming.LABEL_ROOT}={root}"}, _JSON, below
            )
        finally:
            found += [each for each in below if each["metadata"]["name"] != name]

    return _asked(context, read)


def _items(context: typer.Context, path: Any, *, namespaced: bool, accept: str = _JSON) -> list[dict[str, Any]]:
    """The objects of a list: as many of them as there is time for."""

    def read(namespace: str, found: list[dict[str, Any]]) -> "Requests":
        return _pages(path(namespace if namespaced else None), {}, accept, found)

    return _asked(context, read)


def _pages(path: str, params: dict[str, Any], accept: str, found: list[dict[str, Any]]) -> "Requests":
    token = ""
    while True:
        answer = yield path, {"limit": _PAGE, **params, **({"continue": token} if token else {})}, accept
        found += answer.get("items") or ()
        token = (answer.get("metadata") or {}).get("continue") or ""
        if not token:
            return


def _asked(context: typer.Context, read: "Read") -> list[dict[str, Any]]:
    """What can be read in time; where that is not all, what has been read by then."""
    from ailtire_operator.cluster.credentials import plain_login

    found: list[dict[str, Any]] = []
    file, name, namespace = (_given(context, each) for each in ("kubeconfig", "cluster", "namespace"))
    with suppress(Exception):
        login = plain_login(file, name)
        if login is None or login.server_name:
            _ask_as_commands_do(read, found, namespace, file, name)
        else:
            _ask(login, read(namespace or login.namespace, found))
    return found


def _ask(login: "Plain", requests: "Requests") -> None:
    import time

    from ailtire_operator.cli.light_client import LightClient

    client = LightClient(login, time.monotonic() + _PATIENCE)
    try:
        asked = next(requests)
        while True:
            asked = requests.send(client.get(*asked))
    except StopIteration:
        return
    finally:
        requests.close()
        client.close()


def _ask_as_commands_do(
    read: "Read", found: list[dict[str, Any]], namespace: str | None, file: str | None, name: str | None
) -> None:
    """By the client that all commands have, which knows every kind of login."""
    import asyncio

    async def ask() -> None:
        from ailtire_operator.cluster.connection import Connection

        async with await Connection.open(kubeconfig=file, context=name, timeout=_PATIENCE) as connection:
            requests = read(namespace or connection.namespace, found)
            with suppress(StopIteration), closing(requests):
                path, params, accept = next(requests)
                while True:
                    answer = await connection.request("GET", path, params=params, accept=accept)
                    path, params, accept = requests.send(answer)

    asyncio.run(asyncio.wait_for(ask(), _PATIENCE))


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
