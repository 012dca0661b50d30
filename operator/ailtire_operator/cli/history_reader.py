"""Reads the revisions of a tree."""

from ailtire_operator import naming
from ailtire_operator.cli.live import Json, Live
from ailtire_operator.cli.revisions import Revision, read, require_root
from ailtire_operator.cluster.kinds import CONTROLLER_REVISION, STACK


async def read_history(cluster: Live, name: str) -> tuple[Json, list[Json], list[Revision]]:
    """The root, all stacks of its namespace, and its revisions, the oldest first. Raises Failure or Missing."""
    root = await cluster.stack(name)
    require_root(root)
    stacks = await cluster.list(STACK)
    selector = f"{naming.MANAGED_SELECTOR},{naming.LABEL_REVISION},{naming.LABEL_STACK}={name}"
    return root, stacks, read(await cluster.list(CONTROLLER_REVISION, selector), root)
