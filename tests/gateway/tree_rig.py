"""A gateway that serves a whole tree, on loopback: stacks are tables in folders, as they come from ConfigMaps."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ailtire_operator import naming
from ailtire_operator.cluster.gateway_tables import key_of
from ailtire_operator.model.settings import Settings
from ailtire_operator.model.stack import Stack
from ailtire_operator.plan.gateway import table, tree
from ailtire_operator.plan.gateway.locations import AUTHENTICATION_DIRECTORY
from ailtire_operator.plan.gateway.routes import routes, streams
from ailtire_operator.plan.scope import Scope
from ailtire_operator.plan.types import Observed, Plan
from gateway.rig import RECENT_NGINX, Gateway, Rig, plans, with_trusted
from support.definitions.stacks import SETTINGS, stack

LEVELS: Final = range(10_000, 10_016)
"""The ports of all stacks but the root; below those that the kernel gives to connections."""


class TreeRig(Rig):
    """Starts gateways of trees; a stack that is asked for alone is one of a tree of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, RECENT_NGINX)

    async def run(
        self, made: Plan, passwords: Mapping[str, str] | None = None, settings: Settings = SETTINGS
    ) -> Gateway:
        """The gateway of a tree with one stack. One with a place stands below a root that is not there."""
        is_root = made.stack.spec.place is None
        port = self._port if is_root else LEVELS[0]
        root = made.stack if is_root else stack({}, name=made.stack.root)
        gateway = await self.serve({port: made.stack}, root, settings, passwords)
        return gateway.at(port)

    async def whole_tree(self, spec: dict[str, Any], trusted: list[str] | None = None) -> Gateway:
        """One gateway for all stacks: the root, and the others from the first of ``LEVELS`` in the tree's order."""
        settings = with_trusted(trusted)
        made = [each.stack for each in plans(spec, settings)]
        stacks = dict(zip([self._port, *LEVELS], made, strict=False))
        return await self.serve(stacks, made[0], settings)

    async def serve(
        self, stacks: dict[int, Stack], root: Stack, settings: Settings, passwords: Mapping[str, str] | None = None
    ) -> Gateway:
        """A gateway with these stacks at their ports."""
        address = self.names.give(next(iter(stacks.values())).name)
        tables = dict(self._tables(stacks, settings))
        edges = {
            port: each.spec.edge.tls is not None
            for port, each in stacks.items()
            if each.spec.edge is not None and port in LEVELS
        }
        files = tree.tree_files(Scope(root, settings, Observed()), table.needs_of(tables.values()), LEVELS, edges)
        files |= {table_file(port): text for port, text in tables.items()}
        return await self._started(address, files, passwords)

    def _tables(self, stacks: dict[int, Stack], settings: Settings) -> Iterator[tuple[int, str]]:
        ports = {each.name: port for port, each in stacks.items()}
        for port, each in stacks.items():
            scope = Scope(each, settings, Observed())
            names = {key: naming.member(each.name, key) for key in each.spec.children}
            children = {key: ports[name] for key, name in names.items() if name in ports}
            yield port, table.stack_table(scope, routes(scope), port, children, streams(scope))

    def table_of(self, gateway: Gateway, port: int, spec: dict[str, Any], name: str = "shop") -> str:
        """The table of another definition for a stack without children, as this gateway's files have it."""
        [(_, text)] = self._tables({port: stack(spec, name=name)}, SETTINGS)
        return self._adapted(text, gateway.address, gateway.folder)

    def _adapted(self, text: str, address: str, folder: Path) -> str:
        if text.startswith("//"):
            return text  # the script
        if text.startswith("{"):
            text = text.replace(f"{table.LOOPBACK}:", f"{address}:").replace(
                f":{naming.GATEWAY_PORT}", f":{self._port}"
            )
            return text.replace(AUTHENTICATION_DIRECTORY, f"{folder}/authentication")
        lines = [line for line in text.splitlines() if not line.startswith("load_module")]
        text = super()._adapted("\n".join(lines), address, folder).replace(tree.TABLES_DIRECTORY, f"{folder}/tables")
        return text.replace(tree.CONFIGURATION_DIRECTORY, str(folder))


def table_file(port: int) -> str:
    """Where a stack's table is in a gateway's folder."""
    return f"tables/{port % naming.GATEWAY_TABLES}/{key_of(port)}"


def put(gateway: Gateway, port: int, text: str | None) -> None:
    """Write a stack's table anew in one step, as the kubelet does, or remove it."""
    file = gateway.folder / table_file(port)
    if text is None:
        file.unlink()
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(text)
    new.rename(file)
