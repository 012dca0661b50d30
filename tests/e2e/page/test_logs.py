"""The logs of containers that run, in Chromium: each line once and in order, while replicas come and start again."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from playwright.sync_api import Page as Window
from playwright.sync_api import expect

from e2e.page.writers import BROKEN, LAST_WORDS, NAME, Writers
from kindlab import kube
from lab.waiting import eventually
from ui.accessibility import findings
from ui.browsing import THEMES
from ui.hostile import ESCAPES, MARKUP, SHOWN, TEXT, harmless
from ui.page import Page
from ui.parts import LogRow, log, log_rows, overflow
from ui.pictures import take

_SECONDS: Final = 90.0
_LONG: Final = 300_000
_SHOWN_OF_A_LINE: Final = 8192
_FLOOD: Final = 20_000
_PICTURE: Final = (1280, 640)
"""Its window: a picture of a full log is larger than others."""
_KEPT: Final = 1000
_JOB: Final = re.compile(r"run=(?P<run>\w+) job=(?P<job>\d+) ")
_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
_AT_END: Final = "log => log.scrollTop + log.clientHeight >= log.scrollHeight - 8"


def until_rows(window: Window, what: str, true: Callable[[list[LogRow]], object]) -> list[LogRow]:
    """Wait until the rows of the log are as wanted, and return them."""
    found: list[LogRow] = []

    def holds() -> object:
        found[:] = log_rows(window)
        return true(found)

    eventually(holds, _SECONDS, what)
    return found


def until_last(window: Window, text: str) -> list[LogRow]:
    """Wait until this is the last line."""
    return until_rows(window, text, lambda rows: [row.text for row in rows[-1:]] == [text])


def until_of_pods(window: Window, pods: Iterable[str]) -> list[LogRow]:
    """Wait until there are lines of all these pods."""
    wanted = set(pods)
    return until_rows(window, f"lines of {wanted}", lambda rows: wanted <= {row.pod for row in rows})


def until_new_run(window: Window, known: Iterable[str]) -> list[LogRow]:
    """Wait until a run that is none of these has done some jobs."""
    old = set(known)
    what = "jobs of another run"
    return until_rows(
        window, what, lambda rows: any(len(done) > 8 for run, done in jobs(rows).items() if run not in old)
    )


def rows_before(window: Window) -> list[LogRow]:
    """The log before the last restart."""
    window.get_by_label("Before the last restart").check()
    expect(window.get_by_text("The log has ended.")).to_be_visible()
    return log_rows(window)


def jobs(rows: Iterable[LogRow]) -> dict[str, list[int]]:
    """The numbers of the jobs that are shown, in their order, by the run that did them."""
    found: dict[str, list[int]] = {}
    for row in rows:
        if told := _JOB.search(row.text):
            found.setdefault(told["run"], []).append(int(told["job"]))
    return found


def complete(rows: list[LogRow]) -> None:
    """Each line is there once, none is missing between the first and the last of its run, and all are in order."""
    for run, done in jobs(rows).items():
        assert done == list(range(done[0], done[0] + len(done))), f"run {run} has gaps or doubles"
    times = [row.time for row in rows if row.time]
    assert all(_STAMP.fullmatch(each) for each in times)
    assert times == sorted(times)


def notes(rows: Iterable[LogRow]) -> list[str]:
    """What is said beside the lines."""
    return [row.text for row in rows if not row.time]


def note(pod: str, text: str) -> str:
    """What is said of a pod of the service `jobs`."""
    return f"{NAME}/jobs {pod.removeprefix(f'{NAME}-jobs-')}: {text}"


def test_lines_of_all_replicas_appear_while_the_page_is_open(page: Page, writers: Writers) -> None:
    with page.visit(writers.address("jobs")) as visit:
        first = jobs(until_of_pods(visit.page, writers.pods("jobs")))

        def more(rows: list[LogRow]) -> bool:
            now = jobs(rows)
            return all(now[run][-1] >= done[-1] + 10 for run, done in first.items())

        rows = until_rows(visit.page, "ten more jobs of each", more)
        assert len(first) == 2
        complete(rows)
        assert visit.page.get_by_role("log").evaluate(_AT_END), "the newest line is the one that is seen"


def test_replica_that_comes_while_the_page_is_open_is_followed(page: Page, writers: Writers) -> None:
    with page.visit(writers.address("jobs")) as visit:
        gone, stays = sorted(writers.pods("jobs"))
        first = until_of_pods(visit.page, (gone, stays))
        kube.kubectl("delete", "pod", gone, "-n", writers.namespace, "--wait=false")
        rows = until_new_run(visit.page, jobs(first))
        complete(rows)
        (came,) = writers.pods("jobs").keys() - {stays}
        assert notes(rows) == [note(came, "started")]
        assert [row.pod for row in rows if LAST_WORDS in row.text] == [gone], "the last line of one that ends comes too"


def test_container_that_starts_again_is_followed_and_its_log_before_is_shown(
    page: Page, writers: Writers, pictures: Path
) -> None:
    pods = sorted(writers.pods("jobs"))
    with page.visit(writers.address("jobs"), size=_PICTURE) as visit:
        first = until_of_pods(visit.page, pods)
        (run,) = jobs(row for row in first if row.pod == pods[0])
        writers.end(pods[0])
        rows = until_new_run(visit.page, jobs(first))
        complete(rows)
        assert notes(rows) == [note(pods[0], "started again")]
        of_pod = [row.text for row in rows if row.pod == pods[0]]
        ended = of_pod.index(f"{LAST_WORDS} run={run}")
        assert "waiting for jobs" in of_pod[ended + 1]
        assert not [each for each in of_pod[ended + 1 :] if f"run={run}" in each]
        for theme in THEMES:
            visit.page.emulate_media(color_scheme=theme)
            assert findings(visit.page) == []
            take(visit.page, pictures, "log", theme)

        rows = rows_before(visit.page)
        expect(visit.page).to_have_url(re.compile("previous=yes"))
        assert set(jobs(rows)) == {run}
        assert rows[-1].text == f"{LAST_WORDS} run={run}"
        complete(rows)


def test_container_that_ends_each_time_says_why(page: Page, writers: Writers) -> None:
    with page.visit(writers.address("broken")) as visit:
        expect(log(visit.page)).to_contain_text(BROKEN)
        expect(visit.page.get_by_role("main")).to_contain_text("CrashLoopBackOff")

        def said_before() -> bool:
            # Of two instances that have ended, the kubelet removes the first, and says so in place of its log.
            visit.page.get_by_label("Before the last restart").uncheck()
            return [row.text for row in rows_before(visit.page)] == [BROKEN]

        eventually(said_before, _SECONDS, "the log before the last restart")


def test_hostile_lines_are_text_as_they_come(page: Page, writers: Writers) -> None:
    controls = ("\x00\x08\x7f\x9b2J", "over\rwritten", "\r", "\x85\u2028next")
    lines = (MARKUP, ESCAPES, TEXT, "data: [DONE]", "event: end", "", "id: 1", *controls)
    with page.visit(writers.address("quiet")) as visit:
        writers.write("quiet", b"the first line\n")
        until_last(visit.page, "the first line")
        writers.write("quiet", "\n".join(lines).encode() + b"\nno text: \xff\xfe\xc3\n")
        writers.write_long("quiet", _LONG)
        writers.write("quiet", b"the last line\n")
        rows = until_last(visit.page, "the last line")
        texts = [row.text for row in rows[-len(lines) - 3 :]]
        for part in (*SHOWN, "data: [DONE]", "event: end", r"\x00\x08\x7f\x9b2J", r"over\rwritten", r"\x85\u2028next"):
            assert any(part in each for each in texts), part
        assert rows[-len(lines) - 4].text == "the first line", "no text has become a line of its own, or is missing"
        assert texts[-3] == r"no text: \ufffd\ufffd\ufffd"
        assert texts[-2] == "x" * _SHOWN_OF_A_LINE + f"… ({_LONG - _SHOWN_OF_A_LINE:,} more bytes)"
        assert overflow(visit.page) <= 0
        harmless(visit)
        assert findings(visit.page) == []


def test_flood_leaves_the_last_lines_and_a_page_that_goes_on(page: Page, writers: Writers) -> None:
    with page.visit(writers.address("quiet")) as visit:
        writers.write("quiet", b"before it\n")
        expect(log(visit.page)).to_contain_text("before it")
        writers.flood("quiet", _FLOOD)
        rows = until_last(visit.page, f"flood {_FLOOD}.")
        assert [row.text for row in rows] == [f"flood {number}." for number in range(_FLOOD - _KEPT + 1, _FLOOD + 1)]
        writers.write("quiet", b"after it\n")
        expect(log(visit.page)).to_contain_text("after it")
        assert visit.page.get_by_role("log").evaluate(_AT_END), "the newest line is the one that is seen"
