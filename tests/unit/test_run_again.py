"""Which failed tests CI runs once more."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from support.checks import run_again

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


def test_a_run_that_came_to_no_end_is_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_again, "ROOT", tmp_path)
    report, failed = tmp_path / "build/reports/junit.xml", tmp_path / ".pytest_cache/v/cache/lastfailed"

    def run(cases: Sequence[str]) -> tuple[int, str]:
        report.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
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
