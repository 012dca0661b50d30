"""The service admin: an announcement that is posted here reaches every client of every replica of web."""

import os

import socketio
from aiohttp import web

from portal.messages import ROOM, Refused, announcement

REDIS = os.environ.get("REDIS_URL", "redis://pubsub:6379/0")
news = socketio.AsyncRedisManager(REDIS, write_only=True)


async def announce(request):
    """Publish; 400 says what is wrong with the text."""
    try:
        told = announcement(await request.read())
    except Refused as error:
        return web.json_response({"error": str(error)}, status=400)
    await news.emit("news", told, namespace="/", room=ROOM)
    return web.json_response(told, status=202)


async def ready(request):
    """For the health check."""
    return web.Response(text="ready\n")


def application():
    """Everything that the service answers."""
    app = web.Application()
    app.router.add_post("/announcements", announce)
    app.router.add_get("/ready", ready)
    return app


if __name__ == "__main__":
    web.run_app(application(), port=3000, shutdown_timeout=3.0)
