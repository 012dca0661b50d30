"""Constant load from outside, and the count of what came back."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from e2e import figures
from kindlab import ours, workloads

_LONGEST_SECONDS = 600
_PATIENCE_SECONDS = 90
"""More than the program waits for the last answers."""


@dataclass(repr=False)
class Load:
    """A stream of requests under way; the report is there once it ended."""

    report: dict[str, Any] = field(default_factory=dict)

    @property
    def http(self) -> dict[str, Any]:
        """The count of requests."""
        counted: dict[str, Any] = self.report["http"]
        return counted

    @property
    def messages(self) -> dict[str, Any]:
        """The count of WebSocket messages."""
        counted: dict[str, Any] = self.report["messages"]
        return counted

    @property
    def cut(self) -> int:
        """WebSockets that ended without a goodbye; their messages were sent once more."""
        number: int = self.report["sockets"]["cut"]
        return number

    @property
    def lost(self) -> int:
        """Requests and messages without their answer."""
        total: int = self.http["lost"] + self.messages["lost"]
        return total

    def __repr__(self) -> str:
        if not self.report:
            return "a load under way"
        parts = []
        for name in ("http", "messages"):
            count = self.report[name]
            if count["sent"]:
                parts.append(
                    f"{name}: {count['sent']} sent, {count['lost']} lost, {count['rate']:.0f}/s, "
                    f"p50 {count['p50']:.2f} ms, p99 {count['p99']:.2f} ms, slowest {count['max']:.0f} ms, "
                    f"errors {count['errors']}, first {(count['first'] or [])[:3]}, last {count['last']}"
                )
        return "; ".join([*parts, f"sockets: {self.report['sockets']}"])


@contextmanager
def load(
    url: str, address: str, rate: float = 300, sockets: int = 0, socket_path: str = "", socket_rate: float = 5
) -> Iterator[Load]:
    """Keep a stream of requests on a URL, by way of a loopback address, for as long as the block lasts."""
    options = {"url": url, "address": address, "rate": rate, "sockets": sockets, "seconds": _LONGEST_SECONDS}
    options |= {"socket-path": socket_path, "socket-rate": socket_rate}
    command = [str(ours.program(workloads.PROGRAMS, "load")), *(f"-{key}={value}" for key, value in options.items())]
    running = Load()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            yield running
        finally:
            child.send_signal(signal.SIGINT)
            output, complaint = child.communicate(timeout=_PATIENCE_SECONDS)
    assert child.returncode == 0, complaint
    running.report = json.loads(output)
    figures.count(running.report)


def nothing_lost(running: Load, requests: int, messages: int = 0) -> None:
    """Fail unless a load that has ended had all its answers: more than so many, and as many messages at least."""
    assert running.lost == 0, running
    assert running.http["answered"] > requests, running
    assert running.messages["answered"] >= messages, running
