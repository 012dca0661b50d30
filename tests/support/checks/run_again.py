"""``python -m support.checks.run_again REPORT``: which failed tests CI runs once more by themselves.

Kubernetes' controllers have clocks of their own and take part in the tests of ``cluster``, as nodes and proxies do in
those of ``e2e``: a failure there may be a race. Exit code 1 where there is nothing to run again: a run that ended for
another reason, as its exit status or an error of its report that is no test's shows, is not.

With the reports of both runs (``REPORT-FIRST REPORT``) it says whether each of these tests has passed by now. Exit code
1 where one has failed again, was skipped, or was not run.
"""

import json
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import pytest

from lab.paths import ROOT
from support.checks import endings

_AT_MOST: Final[Mapping[str, float]] = {"tests/cluster": 3, "tests/e2e": float("inf")}
"""How many failed tests of a folder may be races; those of e2e share a fixture, with which all of a file fail."""
_NEVER: Final = ("tests/e2e/test_tree_under_load.py::",)
"""Whose failures are no races: a request that is lost under load once is a bug."""
_FAILED: Final = frozenset({"failure", "error"})
"""The elements of a test that did not pass; one that skips itself has another."""


def to_run_again(failed: Collection[str], counted: int) -> list[str]:
    """Of the failed tests (as pytest names them) those to run again; ``counted``: as many have failed by the report."""
    # Where a file cannot be collected, the others have not been run: it stands there alone, without a test.
    if len(failed) != counted or any(name.startswith(_NEVER) or "::" not in name for name in failed):
        return []
    folders = {name.partition("::")[0].rpartition("/")[0] for name in failed}
    if len(folders) != 1 or len(failed) > _AT_MOST.get(folders.pop(), 0):
        return []
    return sorted(failed)


def not_passed(first: Path, second: Path) -> list[str]:
    """What failed by the first report and has not passed by the second."""
    passed = {name for name, outcomes in _outcomes(second).items() if not outcomes & {*_FAILED, "skipped"}}
    return sorted(f"{of}::{name}" for of, name in _failed(first) - passed)


def _read(folder: Path, report: Path) -> tuple[list[str], int]:
    """What failed, and how many by the report, in the last run in this checkout; nothing where it came to no end."""
    failed = folder / ".pytest_cache/v/cache/lastfailed"
    # An interrupted run has a report too, without the tests that it did not come to.
    if not (failed.exists() and report.exists()) or endings.recorded(report) != pytest.ExitCode.TESTS_FAILED:
        return [], 0
    return list(json.loads(failed.read_text(encoding="utf-8"))), len(_failed(report))


def _failed(report: Path) -> set[tuple[str, str]]:
    return {name for name, outcomes in _outcomes(report).items() if outcomes & _FAILED}


def _outcomes(report: Path) -> dict[tuple[str, str], set[str]]:
    """What became of each test, by class and name; one whose fixture fails as well stands there twice."""
    found: dict[tuple[str, str], set[str]] = {}
    for each in ElementTree.parse(report).getroot().iter("testcase"):
        found.setdefault((each.get("classname", ""), each.get("name", "")), set()).update(of.tag for of in each)
    return found


def main(report: str, second: str | None = None) -> int:
    """Say which those are, by the report of the run, or which have not passed by that of the second; the exit code."""
    if second is not None:
        names = not_passed(ROOT / report, ROOT / second)
        if names:
            print("What was run once more has not passed:", *names, sep="\n  ")
        return 1 if names else 0
    names = to_run_again(*_read(ROOT, ROOT / report))
    if not names:
        return 1
    print("What failed may be a race, and is run once more by itself:", *names, sep="\n  ")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
