"""What is asked of a side, whichever it is, and what it answers."""

import json
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import Any
from urllib.parse import quote

from e2e.parity.tree import CACHE, CACHE_PORT, NAMES, PROBE_PORT

ENVIRONMENT = "Environment"
NAME = "Names"
REACH = "Reachability"
ROUTE = "Routes"
STOP = "Stopping"
ASPECTS = (ENVIRONMENT, NAME, REACH, ROUTE, STOP)
UNKNOWN = "unknown"


@dataclass(frozen=True, order=True)
class Fact:
    """One question: of what kind, asked of whom, about what."""

    aspect: str
    subject: str
    key: str
    """Empty for a gateway."""


Facts = dict[Fact, str]


@dataclass(frozen=True)
class Part:
    """A container of the tree that runs on one of the sides."""

    path: str
    """Its stack's path and its key, ``par/cpl/web``; a gateway has its stack's path alone."""
    key: str
    stack: str
    run: Callable[..., str]
    """Runs a command in it and returns what it prints."""
    addresses: frozenset[str]
    """By which others call it."""
    log: tuple[str, ...]
    """The command that follows its log until it ends."""
    stop: Callable[[], object]
    """Tells the orchestrator to stop it."""
    host: str
    """What it takes for its host's name."""
    called: Mapping[str, str]
    """What differs with every run, by what stands for it in the facts."""

    @property
    def probe(self) -> bool:
        """Whether it can be asked more than its environment."""
        return self.key not in ("", CACHE)

    @property
    def port(self) -> int:
        return CACHE_PORT if self.key == CACHE else PROBE_PORT

    def ask(self, what: str, key: str = "", subjects: Iterable[str] = ()) -> Any:
        query = "&".join(f"{key}={quote(each, safe='')}" for each in subjects)
        told = json.loads(self.run("probe", "ask", f"http://127.0.0.1:{PROBE_PORT}/_probe/{what}?{query}"))
        assert told["status"] == 200, told
        return told["body"]

    def constant(self, text: str) -> str:
        """The same text on every run."""
        for name, value in self.called.items():
            text = text.replace(value, name)
        return text


def environment(part: Part) -> Facts:
    """Every variable of the container."""
    if part.probe:
        found: dict[str, str] = part.ask("about")["environment"]
    else:
        found = dict(line.split("=", 1) for line in part.run("env").splitlines() if "=" in line)
    return {Fact(ENVIRONMENT, part.path, key): part.constant(value) or "(empty)" for key, value in found.items()}


def names(part: Part, parts: Iterable[Part]) -> Facts:
    """Whom the C library finds behind each name."""
    owners = {address: each.path for each in parts for address in each.addresses}
    answers = part.ask("resolve", "name", NAMES)
    found = {}
    for name, answer in answers.items():
        behind = {owners.get(address, "somebody else") for address in answer["addresses"]}
        found[Fact(NAME, part.path, name)] = " and ".join(sorted(behind)) or UNKNOWN
    return found


def connections(part: Part, parts: Iterable[Part]) -> Facts:
    """Whom it reaches, by any of the other's addresses.

    A connection alone says little: on its way out of a container's networks it may meet somebody who accepts them all.
    So the right one has to answer.
    """
    others = [each for each in parts if each != part]
    urls = {each.path: [f"http://{address}:{each.port}/" for address in each.addresses] for each in others}
    answers = part.ask("fetch", "url", sorted({url for some in urls.values() for url in some}))
    return {
        Fact(REACH, part.path, each.path): "open"
        if any(_is(each, answers[url]) for url in urls[each.path])
        else "closed"
        for each in others
    }


def _is(target: Part, answer: Mapping[str, Any]) -> bool:
    body = answer.get("body")
    if target.key == CACHE:
        # Redis hangs up on whoever speaks HTTP.
        return answer["status"] == 0 and str(answer["error"]).endswith("EOF")
    if not target.key:
        return isinstance(body, str) and body.startswith(f"stack {target.stack}: no route")
    return isinstance(body, dict) and service(body) == f"{target.stack}/{target.key}"


def inner_routes(part: Part) -> Facts:
    """What the gateway of its own stack answers, called by the name that Ailtire's programs know."""
    urls = ("http://admin:3000/web/a", "http://admin:3000/nope")
    answers = part.ask("fetch", "url", urls)
    return {Fact(ROUTE, part.path, url): answered(answers[url]["status"], answers[url].get("body")) for url in urls}


def answered(status: int, body: Any) -> str:
    """Who answered, and what of the request arrived there."""
    if not isinstance(body, dict) or "path" not in body:
        return str(status)
    return f"{status}, {service(body)} got {body['path']}{query(body)}, prefix {prefix(body)}"


def service(body: Mapping[str, Any]) -> str:
    return f"{body['stack']}/{body['name']}" if "stack" in body else str(body["name"])


def query(body: Mapping[str, Any]) -> str:
    return f"?{body['query']}" if body["query"] else ""


def prefix(body: Mapping[str, Any]) -> str:
    values: list[str] = body["headers"].get("X-Forwarded-Prefix") or ["none"]
    return values[0]


def stopping(parts: Iterable[Part]) -> Facts:
    """Which signal arrives, and how long the process may go on after it. The parts are gone afterwards."""
    chosen = [each for each in parts if each.probe]
    with ThreadPoolExecutor(len(chosen)) as threads:
        begun = {each.path: Event() for each in chosen}
        followed = {each.path: threads.submit(_follow, each, begun[each.path]) for each in chosen}
        for greeted in begun.values():
            greeted.wait(60)
        for each in chosen:
            each.stop()
        return {
            fact: value for path, lines in followed.items() for fact, value in _ending(path, lines.result()).items()
        }


def _follow(part: Part, begun: Event) -> list[tuple[float, str]]:
    """The lines of its log with the times of their arrival, and at last that of its end; a probe greets at once."""
    lines = []
    with subprocess.Popen(part.log, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as reading:
        assert reading.stdout is not None
        for line in reading.stdout:
            lines.append((time.monotonic(), line))
            begun.set()
    return [*lines, (time.monotonic(), "")]


def _ending(path: str, lines: list[tuple[float, str]]) -> Facts:
    events = [(when, json.loads(line)) for when, line in lines if line.startswith("{")]
    signals = [(when, event["signal"]) for when, event in events if event["event"] == "signal"]
    first = signals[0] if signals else (lines[-1][0], "none")
    stopped = any(event["event"] == "stopped" for _, event in events)
    seconds = lines[-1][0] - first[0]
    return {
        Fact(STOP, path, "signal"): " ".join(name for _, name in signals) or "none",
        Fact(STOP, path, "end"): "by itself" if stopped else f"killed {within(seconds)}",
    }


def within(seconds: float) -> str:
    """A duration as a person counts it, as machines under load are late by a second."""
    for grace in (4, 10, 30):
        if grace - 0.5 <= seconds < grace + 2.5:
            return f"after {grace} s"
    return f"after {seconds:.0f} s"
