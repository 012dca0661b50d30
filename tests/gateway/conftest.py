"""The gateways' tests ask a real nginx; without one they fail, and say how to get it."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from gateway.asking import PORT
from gateway.backend import Backend
from gateway.rig import NGINX, Rig
from gateway.tree_rig import TreeRig

_MISSING = "there is no nginx on this machine: 'make nginx' installs Debian's, or names its packages"


@pytest.fixture(params=["stack", "tree"])
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    """Gateways of one stack each, and one gateway for a tree: a caller sees no difference."""
    if NGINX is None:
        pytest.fail(_MISSING, pytrace=False)
    started = await (Rig(tmp_path) if request.param == "stack" else TreeRig(tmp_path)).start()
    yield started
    await started.close()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        yield session


@pytest.fixture
async def backend(rig: Rig) -> AsyncIterator[Backend]:
    started = await Backend(rig.names.give("shop-web"), PORT).start()
    yield started
    await started.stop()
