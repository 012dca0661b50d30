"""The cluster as these commands see it: stacks by name, whole subtrees. Errors become sentences with a hint."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import yaml

from ailtire_operator import naming
from ailtire_operator.cli.failures import Failure, Missing
from ailtire_operator.cli.options import Target
from ailtire_operator.cli.trees import place_of, root_of
from ailtire_operator.cluster.connection import Connection
from ailtire_operator.cluster.errors import ClusterError, Denied, NotFound, Unavailable
from ailtire_operator.cluster.kinds import STACK, Kind
from ailtire_operator.cluster.list_watch import items, selectors
from ailtire_operator.status.text import listed

_WHERE: Final = "Say which cluster is meant with --kubeconfig (or $KUBECONFIG) and --context."
Json = dict[str, Any]
T = TypeVar("T")


class Live:
    """One namespace of one cluster."""

    def __init__(self, connection: Connection, namespace: str) -> None:
        self.connection = connection
        self.namespace = namespace

    def now(self) -> datetime | None:
        """The time by the API server's clock, for ages of what it has made; None while it has said nothing."""
        now = self.connection.clock.now()
        return None if now is None else datetime.fromtimestamp(now, UTC)

    async def stack(self, name: str) -> Json:
        """The resource. Raises Missing."""
        try:
            return await self.connection.request("GET", STACK.path(self.namespace, name))
        except NotFound:
            await self.require_kind()
            stacks = await self.list(STACK)
            roots = [each["metadata"]["name"] for each in stacks if not place_of(each)]
            hint = f"There is no {naming.KIND} in it at all; choose another namespace with -n."
            if roots:
                hint = f"There are: {listed(roots, 8)}."
            raise Missing(f"there is no {naming.KIND} '{name}' in the namespace '{self.namespace}'", hint) from None

    async def tree(self, name: str) -> list[Json]:
        """The resources of the stack's whole tree, the stack itself at least. Raises Missing."""
        top = await self.stack(name)
        below = await self.list(STACK, f"{naming.LABEL_ROOT}={root_of(top)}")
        return [top, *(each for each in below if each["metadata"]["name"] != name)]

    async def everywhere(self) -> "list[Json]":
        """All AiltireStacks of all namespaces. Raises Denied where they may not be listed."""
        cluster = Live(self.connection, "")
        try:
            return await cluster.list(STACK)
        except NotFound:
            await cluster.require_kind()
            raise

    async def list(self, kind: Kind, selector: str = "") -> list[Json]:
        """All objects of a kind, page by page; each says its kind, which those of a list do not."""
        found = items(self.connection, kind.path(self.namespace), selectors(selector))
        return [{"apiVersion": kind.api_version, "kind": kind.kind, **each} async for each in found]

    async def require_kind(self) -> None:
        """Tell a missing stack from a cluster that knows no stacks."""
        try:
            await self.connection.request("GET", STACK.path(self.namespace), params={"limit": 1})
        except NotFound:
            message = f"the cluster does not know {naming.PLURAL}.{naming.GROUP}"
            raise Failure(message, "Install the resource definition and the operator first.") from None


@asynccontextmanager
async def opened(target: Target) -> AsyncIterator[Live]:
    """The cluster and namespace that the options name."""
    try:
        connection = await Connection.open(kubeconfig=target.kubeconfig, context=target.context)
    except (TypeError, AttributeError, IndexError, yaml.YAMLError) as error:
        # The Kubernetes client expects a kubeconfig to be in good shape, and stumbles where it is not.
        said = str(error).partition("\n")[0]
        raise Failure(f"the kubeconfig is damaged ({said})", _WHERE) from None
    async with connection:
        yield Live(connection, target.namespace or connection.namespace)


def run(target: Target, work: Callable[[Live], Awaitable[T]]) -> T:
    """Do the work in the cluster and return its result; what the API server says becomes a Failure."""

    async def connected() -> T:
        async with opened(target) as live:
            return await work(live)

    return complete(connected())


def complete(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end."""
    try:
        return asyncio.run(work)
    except Denied as error:
        hint = "Ask for the right, or use another --context; 'kubectl auth whoami' says who you are."
        raise Failure(f"not permitted: {error}", hint) from None
    except Unavailable as error:
        from ailtire_operator.cluster.connection_errors import explain

        raise Failure(explain(error)) from None
    except ClusterError as error:
        # Without a status it is no answer of a cluster: there is no configuration that leads to one.
        raise Failure(str(error), "" if error.status else _WHERE) from None
