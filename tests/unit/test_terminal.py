"""Nothing that an author, a container or a server has said commands the terminal of whoever reads it."""

import ast
import io
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from ailtire_operator import cli, printable
from ailtire_operator.cli import completers, output
from ailtire_operator.cli.log_lines import BEGINNING, Line, Style
from ailtire_operator.cli.log_sources import Source
from ailtire_operator.cli.pod_facts import PodFacts
from ailtire_operator.cli.top_view import lines, rows, table
from ailtire_operator.cli.tree_data import to_json
from ailtire_operator.cli.tree_view import TreeStyle, draw
from ailtire_operator.cli.trees import ServiceNode, StackNode, State
from ailtire_operator.cluster.encoding import encoded
from ailtire_operator.cluster.errors import shorten
from ailtire_operator.reconcile.process import Record
from ailtire_operator.status.text import bounded
from support.checks.commands import Run
from support.definitions.hostile import accepted, as_tree, every_field, strings

EVIL = "\x1b]0;title\x07\x1b[2J\x9b31m\x7f\u202e\u200b\u2028\r\x08[red]x[/red][link=http://evil]y[/link]"
"""Clears the screen, sets the title, turns the text; and what rich would take for its own."""
FORGED = f"{EVIL}\nALL GOOD"
_RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_OURS = re.compile(r"\x1b\[[0-9;]*m")
SERVICE = {"image": "x:1", "user": "1000", "interface": {"/web": {"path": "/", "port": 8080}}}


class Terminal(io.TextIOWrapper):
    """Standard output or error as a terminal has it."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> str:
        """Everything written so far."""
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode()


Attach = Callable[[], tuple[Terminal, Terminal]]


@pytest.fixture(params=[True, False], ids=["terminal", "pipe"])
def attach(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Attach]:
    """Gives standard output and error, as a terminal or a pipe; rich's consoles are made for them anew."""

    def attached() -> tuple[Terminal, Terminal]:
        found = Terminal(), Terminal()
        for name, stream in zip(("stdout", "stderr"), found, strict=True):
            monkeypatch.setattr(stream, "isatty", lambda: request.param)
            monkeypatch.setattr(sys, name, stream)
        return found

    monkeypatch.setenv("TERM", "xterm-256color")
    output._console.cache_clear()
    yield attached
    output._console.cache_clear()


def harmless(text: str) -> str:
    """Return the text without our own colours; nothing else in it commands a terminal."""
    plain = _OURS.sub("", text)
    assert _RAW.search(plain) is None, repr(plain)
    return plain


def test_every_writer_is_harmless(attach: Attach) -> None:
    streams = attach()
    output.data(EVIL)
    output.say(EVIL, style="red")
    output.rows([FORGED])
    output.screen().print(FORGED, markup=False)
    output.errors().print(FORGED, markup=False)
    output.data(output.to_json({FORGED: FORGED}))
    output.data(output.to_yaml({FORGED: FORGED}))
    for stream in streams:
        found = harmless(stream.text)
        assert "\\x1b]0;title\\x07" in found
        assert "[red]x[/red][link=http://evil]y[/link]" in found


def test_one_module_writes() -> None:
    """A second one would have to be harmless too."""
    found = set()
    for file in Path(cli.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            text = ast.unparse(node) if isinstance(node, ast.Attribute | ast.Name) else ""
            if text in ("print", "typer.echo", "sys.stdout.write", "sys.stderr.write", "sys.stdout.buffer.write"):
                found.add(file.name)
    assert found == {"output.py", "manual.py"}  # the manual is our own text


def test_data_is_the_same_value_to_who_reads_it() -> None:
    value = {FORGED: [FORGED, "\t plain: yes \n", "\U000e0041", "\x00\x85", "x" * 200 + "\u202e" + "y" * 200]}
    assert json.loads(output.to_json(value)) == value
    assert yaml.safe_load(output.to_yaml(value)) == value
    assert json.loads(output.to_json(["\ud800"])) == ["\ud800"]
    harmless(output.to_json(value) + output.to_yaml(value) + output.to_json(["\ud800"]))


def node() -> StackNode:
    """A tree whose status somebody else has written."""
    service = ServiceNode(FORGED, "Deployment", FORGED, 0, 1, reason="Trouble", message=FORGED)
    below = StackNode(FORGED, FORGED, State.STALLED, services_count="1/1", services=(service,), message=FORGED)
    return StackNode("", "shop", State.TROUBLE, services_count="2/2", url=FORGED, message=FORGED, stacks=(below,))


@pytest.mark.parametrize("wide", [True, False])
def test_a_tree_is_harmless_and_a_row_is_a_line(wide: bool, attach: Attach) -> None:
    shown, _ = attach()
    output.screen().print(draw(node(), TreeStyle(wide=wide)), soft_wrap=True)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    found = rows(node(), {("shop", ""): PodFacts()})
    output.screen().print(table(found, now, height=99, unicode=True, usage=True))
    output.data("\n".join(lines([], found, unicode=True)))
    output.data(output.to_json(to_json(node())) + output.to_yaml(to_json(node())))
    assert not any(line.strip() == "ALL GOOD" for line in harmless(shown.text).splitlines())
    assert "\\x1b]0;title\\x07" in shown.text


SOURCE = Source(
    path=f"shop/{FORGED}",
    pod="shop-web-1",
    uid="uid",
    container="web",
    instance="containerd://1",
    running=True,
    restarted=False,
    waits_for="",
    suffix=FORGED,
)


def test_a_log_is_a_containers_bytes_for_a_pipe_and_harmless_on_a_terminal() -> None:
    text = EVIL.encode() + b"\xff\xfe"
    line = Line(BEGINNING, "2026-01-01T00:00:00Z", text)
    assert Style(prefix=False).write(SOURCE, line) == text + b"\n"
    for colour in (True, False):
        shown = Style(colour=colour, timestamps=True, terminal=True).write(SOURCE, line).decode()
        assert harmless(shown).count("\n") == 1
        assert "\\x1b]0;title\\x07" in shown and "\\xff\\xfe" in shown
    head = Style().write(SOURCE, line).removesuffix(text + b"\n").decode()
    harmless(head)
    assert "\n" not in head
    written = Style(as_json=True).write(SOURCE, line).decode()
    assert harmless(written).count("\n") == 1
    assert json.loads(written)["message"] == text.decode(errors="replace")


def test_completion_offers_what_can_be_typed() -> None:
    assert completers._matching(["web", f"w{EVIL}", "w\n"], "w") == ["web"]


VERBS = [
    ["validate", "-f", "evil.json"],
    ["validate", "-f", "bad.json"],
    ["validate", "-f", "evil.yaml"],
    ["render", "-f", "evil.json"],
    ["render", "-f", "evil.json", "-o", "json"],
    ["export", "-f", "evil.json"],
    ["export", "-f", "evil.json", "-o", "out", "--report", "full"],
    ["export", "-f", "evil.json", "--profile", "ailtire", "--report", "json"],
    ["import", "services.js", "--report", "full"],
    ["import", "-f", "compose.yaml"],
    ["import", EVIL.replace("\x00", "")],
    ["validate", "-f", EVIL],
    [EVIL],
    ["tree", "--no-such-option" + EVIL],
]


@pytest.mark.parametrize("arguments", VERBS, ids=lambda found: ascii(" ".join(found))[:40])
def test_no_verb_writes_what_a_terminal_obeys(arguments: list[str], run: Run, tmp_path: Path) -> None:
    free = {**SERVICE, "command": [EVIL], "environment": {"A": EVIL}, "annotations": {"a": FORGED}}
    evil = as_tree([{"services": {"web": free}, "configs": {"c": {"content": FORGED}}}])
    bad = as_tree([{"services": {f"web{EVIL}": {**SERVICE, EVIL: 1, "networks": {EVIL: {}}}}}])
    (tmp_path / "evil.json").write_text(json.dumps(evil))
    (tmp_path / "bad.json").write_text(json.dumps(bad))
    (tmp_path / "evil.yaml").write_text(f'"{EVIL.encode("unicode_escape").decode()}": [')
    members = {"web": {"image": "x", "environment": {"A": EVIL}, f"k{EVIL}": 1}, f"w{EVIL}": {"image": "y", "z": EVIL}}
    (tmp_path / "services.js").write_text(f"module.exports = {json.dumps({'services': members})}")
    (tmp_path / "compose.yaml").write_text(json.dumps({"services": {"a": {"image": "a", "environment": {"A": EVIL}}}}))
    done = run(*arguments)
    harmless(done.out)
    harmless(done.err)


@pytest.mark.parametrize("verb", ["validate", "render", "export"])
def test_every_field_is_harmless(verb: str, run: Run, tmp_path: Path) -> None:
    specs = [spec for spec in every_field(EVIL[:40], accepted) if EVIL[:40] in "".join(strings(spec))]
    assert len(specs) > 10
    for index, spec in enumerate(specs):
        (tmp_path / f"{index}.json").write_text(json.dumps(as_tree([spec])))
        done = run(verb, "-f", str(tmp_path / f"{index}.json"))
        harmless(done.out)
        harmless(done.err)


def test_a_record_of_the_operator_is_one_line() -> None:
    stream = io.StringIO()
    logger = logging.Logger("x")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(Record)
    logger.addHandler(handler)
    try:
        logger.warning("the stack %s", FORGED)
        try:
            raise ValueError(FORGED)
        except ValueError:
            logger.exception("failed")
    finally:
        logging.setLogRecordFactory(before)
    told = harmless(stream.getvalue()).splitlines()
    assert [line for line in told if not line.startswith("    ")] == [
        f"WARNING the stack {printable.line(FORGED)}",
        "ERROR failed",
    ]


@pytest.mark.parametrize("text", ["\x7f", "\x9b", "\x85", "\u2028", "\ufeff", "\ufffe", "\x1b", "ä€\U0001f600"])
def test_a_body_is_the_same_to_a_reader_of_yaml(text: str) -> None:
    body: dict[str, Any] = {f"a{text}": f"{text}b"}
    assert json.loads(encoded(body)) == body
    assert yaml.safe_load(encoded(body).decode()) == body


def test_rich_has_no_console_of_its_own_here() -> None:
    assert type(output.screen()) is not Console


def test_what_an_event_and_a_status_quote_is_one_line() -> None:
    harmless(shorten(FORGED) + bounded(FORGED))
    assert "\n" not in shorten(FORGED) + bounded(FORGED)
