"""A service behind a gateway, and what a caller sees of it."""

from typing import Any

from aiohttp import ClientSession
from yarl import URL

from gateway.rig import Gateway, free_port

PORT = free_port()


def service(interface: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A service whose routes lead to the backend of the tests."""
    entries = {key: {"port": PORT, **entry} for key, entry in interface.items()}
    return {"image": "web:1", "interface": entries, **more}


async def seen(client: ClientSession, gateway: Gateway, path: str, **more: Any) -> dict[str, Any]:
    """What the backend tells of a GET."""
    async with client.get(URL(gateway.url + path, encoded=True), **more) as answer:
        assert answer.status == 200, await answer.text()
        told: dict[str, Any] = await answer.json()
        return told


async def status(client: ClientSession, gateway: Gateway, path: str, method: str = "GET", **more: Any) -> int:
    """The status of an answer."""
    async with client.request(method, URL(gateway.url + path, encoded=True), **more) as answer:
        await answer.read()
        return answer.status
