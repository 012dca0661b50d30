"""Which failed tests CI runs once more."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from lab.paths import ROOT
from support.checks import endings, run_again

A, B, C, D = (f"tests/cluster/test_a.py::test_{letter}" for letter in "abcd")
REAL = [f"tests/e2e/test_a.py::test_{letter}" for letter in "abcd"]
LOAD = "tests/e2e/test_tree_under_load.py::test_no_request_is_lost"
CASE = '<testcase classname="tests.cluster.test_a" name="test_{}"><{}/></testcase>'


@pytest.mark.parametrize(
    ("failed", "counted", "expected"),
    [
        ([B, A], 2, [A, B]),
        ([A, B, C], 3, [A, B, C]),
        ([], 0, []),
        ([A, B, C, D], 4, []),
        ([A, "tests/unit/test_a.py::test_a"], 2, []),
        ([A], 2, []),  # pytest's own error is counted in the report, and is no test
        ([A, B], 1, []),  # one of them is of a run before
        (REAL, 4, REAL),
        (REAL, 5, []),
        ([*REAL, LOAD], 5, []),
        ([A, REAL[0]], 2, []),  # of two runs
        (["tests/e2e/proof/test_a.py::test_a"], 1, []),
        (["tests/e2e/test_a.py"], 1, []),
        (["tests/cluster/test_a.py", A], 2, []),
    ],
)
def test_a_few_of_the_cluster_and_those_of_e2e_are_run_again_and_no_others(
    failed: list[str], counted: int, expected: list[str]
) -> None:
    assert run_again.to_run_again(failed, counted) == expected


def written(cases: Sequence[str]) -> str:
    """A report with these elements of tests."""
    return f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>"


def test_a_run_that_came_to_no_end_is_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_again, "ROOT", tmp_path)
    report, failed = tmp_path / "build/reports/junit.xml", tmp_path / ".pytest_cache/v/cache/lastfailed"

    def run(cases: Sequence[str], status: int = 1) -> tuple[int, str]:
        report.write_text(written(cases))
        report.with_suffix(".status").write_text(f"{status}\n")
        return run_again.main("build/reports/junit.xml"), capsys.readouterr().out

    assert (run_again.main("build/reports/junit.xml"), capsys.readouterr().out) == (1, "")
    for file in (report, failed):
        file.parent.mkdir(parents=True)
    failed.write_text(f'{{"{A}": true}}')
    assert (run_again.main("build/reports/junit.xml"), capsys.readouterr().out) == (1, "")
    again = (0, f"What failed may be a race, and is run once more by itself:\n  {A}\n")
    assert run([CASE.format("a", "failure"), CASE.format("b", "system-out")]) == again
    assert run([CASE.format("a", "failure"), CASE.format("a", "error")]) == again
    assert run([CASE.format("a", "failure"), CASE.format("b", "error")]) == (1, "")
    for interrupted in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR):
        assert run([CASE.format("a", "failure")], interrupted) == (1, "")
    report.with_suffix(".status").unlink()
    assert (run_again.main("build/reports/junit.xml"), capsys.readouterr().out) == (1, "")


@pytest.mark.parametrize(
    ("second", "missing"),
    [
        ([CASE.format("a", "system-out"), CASE.format("b", "system-out")], []),
        ([CASE.format("a", "system-out"), CASE.format("b", "skipped")], ["b"]),
        ([CASE.format("a", "system-out")], ["b"]),
        ([CASE.format("a", "failure"), CASE.format("b", "system-out")], ["a"]),
        ([CASE.format("a", "system-out"), CASE.format("a", "error"), CASE.format("b", "system-out")], ["a"]),
        ([], ["a", "b"]),
    ],
)
def test_each_failed_test_has_to_pass_when_it_is_run_again(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    second: Sequence[str],
    missing: Sequence[str],
) -> None:
    monkeypatch.setattr(run_again, "ROOT", tmp_path)
    first = [CASE.format("a", "failure"), CASE.format("b", "error"), CASE.format("c", "skipped")]
    for name, cases in (("first.xml", first), ("second.xml", second)):
        (tmp_path / name).write_text(written(cases))
    assert run_again.main("first.xml", "second.xml") == bool(missing)
    assert [line.rpartition("::test_")[2] for line in capsys.readouterr().out.splitlines()[1:]] == list(missing)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("def test_a(): assert False", pytest.ExitCode.TESTS_FAILED),
        ("def test_a(): assert False\ndef test_b(): raise KeyboardInterrupt", pytest.ExitCode.INTERRUPTED),
    ],
)
def test_a_run_keeps_its_exit_status_beside_its_report(tmp_path: Path, text: str, status: int) -> None:
    test, report = tmp_path / "test_it.py", tmp_path / "reports/junit.xml"
    test.write_text(text)
    pytest_itself = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", "-c", "/dev/null"]
    options = ["--rootdir", str(tmp_path), "-p", "conftest", f"--junitxml={report}", str(test)]
    subprocess.run([*pytest_itself, *options], env=os.environ | {"PYTHONPATH": f"{ROOT}/tests"}, check=False)
    assert report.exists()
    assert endings.recorded(report) == status
