"""``python -m support.checks.run_again REPORT``: which failed tests CI runs once more by themselves.

Kubernetes' controllers have clocks of their own and take part in the tests of ``cluster``, as nodes and proxies do in
those of ``e2e``: a failure there may be a race. Exit code 1 where there is nothing to run again: a run that ended for
another reason, which its report shows by an error that is no test's, is not.
"""

import json
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from lab.paths import ROOT

_AT_MOST: Final[Mapping[str, float]] = {"tests/cluster": 3, "tests/e2e": float("inf")}
"""How many failed tests of a folder may be races; those of e2e share a fixture, with which all of a file fail."""
_NEVER: Final = ("tests/e2e/test_tree_under_load.py::",)
"""Whose failures are no races: a request that is lost under load once is a bug."""


def to_run_again(failed: Collection[str], counted: int) -> list[str]:
    """Of the failed tests (as pytest names them) those to run again; ``counted``: as many have failed by the report."""
    # Where a file cannot be collected, the others have not been run: it stands there alone, without a test.
    if len(failed) != counted or any(name.startswith(_NEVER) or "::" not in name for name in failed):
        return []
    folders = {name.partition("::")[0].rpartition("/")[0] for name in failed}
    if len(folders) != 1 or len(failed) > _AT_MOST.get(folders.pop(), 0):
        return []
    return sorted(failed)


def _read(folder: Path, report: Path) -> tuple[list[str], int]:
    """What failed, and how many by the report, in the last run in this checkout; nothing where it came to no end."""
    failed = folder / ".pytest_cache/v/cache/lastfailed"
    if not (failed.exists() and report.exists()):
        return [], 0
    cases = ElementTree.parse(report).getroot().iter("testcase")
    # A test that fails, and whose fixture then fails too, stands there twice.
    counted = {
        (each.get("classname"), each.get("name")) for each in cases if {"failure", "error"} & {of.tag for of in each}
    }
    return list(json.loads(failed.read_text(encoding="utf-8"))), len(counted)


def main(report: str) -> int:
    """Say which those are, by the report of the run; the exit code."""
    names = to_run_again(*_read(ROOT, ROOT / report))
    if not names:
        return 1
    print("What failed may be a race, and is run once more by itself:", *names, sep="\n  ")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
