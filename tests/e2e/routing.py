"""Requests from outside, through the ingress controller."""

import http.client
import json
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

EVERY_WAY = 50
"""Requests of which one goes through each pair of pods on its way, as good as certainly: a tree of three levels has
two gateways at each, and two pods at its end."""


def call(
    address: str,
    host: str,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    authority: Path | None = None,
) -> tuple[int, Any]:
    """Return status and body of an answer; the body as data where it is JSON.

    With a certificate authority the address speaks TLS, and must show that it is the host.
    """
    connection = http.client.HTTPConnection(address, timeout=30)
    if authority is not None:
        connection.connect()
        context = ssl.create_default_context(cafile=str(authority))
        connection.sock = context.wrap_socket(connection.sock, server_hostname=host)
    try:
        connection.request(method, path, body=body, headers={"Host": host, **(headers or {})})
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    is_json = answer.headers.get_content_type() == "application/json"
    return answer.status, json.loads(text) if is_json else text.decode(errors="replace")


def await_route(
    address: str,
    host: str,
    path: str = "/",
    seconds: float = 180.0,
    authority: Path | None = None,
    in_a_row: int = EVERY_WAY,
) -> None:
    """Wait until the ingress controller knows a route, and its certificate, and something good answers behind it.

    So many good answers have to come one after another: each node's proxy hears of new pods in its own time, and each
    request goes another way.
    """

    def ask() -> tuple[int, Any]:
        try:
            return call(address, host, path, authority=authority)
        except (OSError, http.client.HTTPException) as error:  # a wrong certificate, or one that hangs up
            return 0, str(error)

    deadline, good = time.monotonic() + seconds, 0
    while good < in_a_row:
        answer = ask()
        good = good + 1 if answer[0] == 200 else 0
        if not good:
            assert time.monotonic() < deadline, f"no route to {host}{path} after {seconds:.0f} s: {answer}"
            time.sleep(0.2)
