"""Which failed tests CI runs once more."""

from pathlib import Path

import pytest

from support.checks import run_again

A, B, C, D = (f"tests/cluster/test_a.py::test_{letter}" for letter in "abcd")
REPORT = '<testsuites><testsuite failures="{}" errors="{}"/></testsuites>'


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
    ],
)
def test_a_few_of_the_cluster_are_run_again_and_no_others(failed: list[str], counted: int, expected: list[str]) -> None:
    assert run_again.to_run_again(failed, counted) == expected


def test_a_run_that_came_to_no_end_is_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_again, "ROOT", tmp_path)
    assert (run_again.main(), capsys.readouterr().out) == (1, "")
    cache, reports = tmp_path / ".pytest_cache/v/cache", tmp_path / "build/reports"
    for folder in (cache, reports):
        folder.mkdir(parents=True)
    (cache / "lastfailed").write_text(f'{{"{A}": true}}')
    assert (run_again.main(), capsys.readouterr().out) == (1, "")
    (reports / "junit.xml").write_text(REPORT.format(1, 0))
    assert (run_again.main(), capsys.readouterr().out) == (0, f"{A}\n")
    (reports / "junit.xml").write_text(REPORT.format(1, 1))
    assert (run_again.main(), capsys.readouterr().out) == (1, "")
