"""The service web: HTTP, and socket.io with as many replicas as are wanted, which tell each other through Redis."""

import os
import socket

import socketio
from aiohttp import web

from portal.messages import ROOM, about

RELEASE = os.environ["RELEASE"]
HOST = socket.gethostname()
REDIS = os.environ.get("REDIS_URL", "redis://pubsub:6379/0")

# A client is accepted before it is greeted: some are confused by an event that comes first.
sio = socketio.AsyncServer(async_mode="aiohttp", client_manager=socketio.AsyncRedisManager(REDIS), always_connect=True)


@sio.event
async def connect(sid, environ):
    """Every client hears the news, whichever replica it is connected to."""
    sio.enter_room(sid, ROOM)
    # Not through Redis: this replica listens there only from its first client on, and may do so after this.
    await sio.emit("hello", about(RELEASE, HOST), to=sid, ignore_queue=True)


async def answer(request):
    """Who answers; a POST is read to its end."""
    await request.read()
    return web.json_response(about(RELEASE, HOST), headers={"X-Probe-Host": HOST, "X-Release": RELEASE})


def application():
    """Everything that the service answers."""
    app = web.Application()
    sio.attach(app)
    app.router.add_route("*", "/{path:.*}", answer)
    return app


if __name__ == "__main__":
    web.run_app(application(), port=3000, shutdown_timeout=3.0)
