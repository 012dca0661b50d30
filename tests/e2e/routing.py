"""Requests from outside, through the ingress controller."""

import http.client
import json
import time
from typing import Any


def call(address: str, host: str, path: str, method: str = "GET", body: bytes | None = None) -> tuple[int, Any]:
    """Return status and body of an answer; the body as data where it is JSON."""
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request(method, path, body=body, headers={"Host": host})
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    is_json = answer.headers.get_content_type() == "application/json"
    return answer.status, json.loads(text) if is_json else text.decode(errors="replace")


def await_route(address: str, host: str, path: str = "/", seconds: float = 90.0) -> None:
    """Wait until the ingress controller knows a route and something good answers behind it."""
    deadline = time.monotonic() + seconds
    while (answer := call(address, host, path))[0] != 200:
        assert time.monotonic() < deadline, f"no route to {host}{path} after {seconds:.0f} s: {answer}"
        time.sleep(0.2)
