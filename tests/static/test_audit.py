"""`make audit`, with a database that is made up: each of its three outcomes, by its exit code and in words."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import typer

from lab.paths import ROOT
from supplychain import audit, pins
from supplychain.audit import KNOWN_TO_BE_VULNERABLE, Outcome
from supplychain.pins import Pin

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("tools")]
Answer = Callable[[str, str], tuple[int, Any]]
Audited = Callable[..., tuple[int, str]]
LOCK = ROOT / "requirements-uv.lock"
OURS = pins.read(LOCK)[0]


def known(*vulnerable: Pin, status: int = 200) -> Answer:
    """A database that knows one vulnerability of each of these releases."""

    def answer(name: str, version: str) -> tuple[int, Any]:
        if (name, version) not in {(each.name, each.version) for each in vulnerable}:
            return status, {}
        events = [{"introduced": "0"}, {"fixed": "9999"}]
        affected = {"package": {"name": name, "ecosystem": "PyPI"}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
        return 200, {"vulns": [{"id": f"MADE-UP-{name}", "aliases": ["CVE-0"], "affected": [affected]}]}

    return answer


@contextmanager
def database(answer: Answer) -> Iterator[str]:
    """OSV's API, with these answers; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, told = answer(asked["package"]["name"], asked["version"])
            content = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


@pytest.fixture
def audited(capsys: pytest.CaptureFixture[str]) -> Audited:
    """The exit code of an audit by the database at an address, and what it prints."""

    def audited(url: str, *locks: Path) -> tuple[int, str]:
        with pytest.raises(typer.Exit) as ended:
            audit.main(list(locks), ["osv"], url)
        return ended.value.exit_code, capsys.readouterr().out

    return audited


def test_what_is_known_is_told_with_the_release_that_mends_it(audited: Audited) -> None:
    with database(known(KNOWN_TO_BE_VULNERABLE, OURS)) as url:
        code, said = audited(url, LOCK)
    assert code == Outcome.FOUND, said
    assert f"{OURS.name} {OURS.version}: CVE-0 MADE-UP-{OURS.name}; fixed in 9999\n" in said
    assert "known vulnerabilities: 1, in" in said


def test_nothing_known_is_said_of_every_lock(audited: Audited) -> None:
    asked = set()

    def answer(name: str, version: str) -> tuple[int, Any]:
        asked.add((name, version))
        return known(KNOWN_TO_BE_VULNERABLE)(name, version)

    with database(answer) as url:
        code, said = audited(url)
    assert code == Outcome.NONE_KNOWN, said
    everything = {(each.name, each.version) for file in pins.files() for each in pins.read(file)}
    assert asked == everything | {(KNOWN_TO_BE_VULNERABLE.name, KNOWN_TO_BE_VULNERABLE.version)}
    assert f"known vulnerabilities: none, in {len(everything)} releases of {len(pins.files())} lock files" in said


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (known(), "it does not know that jinja2 2.10 is vulnerable"),
        (known(status=404), "Error"),
        (known(KNOWN_TO_BE_VULNERABLE, status=500), "Error"),
    ],
    ids=["a database that knows nothing", "no database", "a database that fails for what is ours"],
)
def test_a_database_that_does_not_know_is_no_good_news(audited: Audited, answer: Answer, why: str) -> None:
    with database(answer) as url:
        not_checked(*audited(url, LOCK), why)


def test_a_database_that_cannot_be_reached_is_no_good_news(audited: Audited) -> None:
    with database(known(KNOWN_TO_BE_VULNERABLE)) as url:
        pass
    not_checked(*audited(url, LOCK), "Connection refused")


def not_checked(code: int, said: str, why: str) -> None:
    assert code == Outcome.NOT_CHECKED, said
    assert "NOT CHECKED: no database of known vulnerabilities could be used." in said
    assert re.search(rf"^  osv: .*{why}", said, re.MULTILINE), said
    assert "known vulnerabilities: none" not in said
