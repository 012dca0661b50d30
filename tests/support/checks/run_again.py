"""``python -m support.checks.run_again``: which failed tests CI runs once more by themselves, one line each.

Kubernetes' controllers have clocks of their own, and take part in the tests of ``cluster``: a few failures there may be
races. Exit code 1 where there is nothing to run again: nothing else is, and neither is a run that ended for another
reason, which its report shows by an error that is no test's.
"""

import json
from collections.abc import Collection
from pathlib import Path
from xml.etree import ElementTree

from lab.paths import ROOT

MOST = 3
_FOLDER = "tests/cluster/"


def to_run_again(failed: Collection[str], counted: int) -> list[str]:
    """Of the failed tests (as pytest names them) those to run again; ``counted``: failures and errors of the report."""
    races = 0 < len(failed) == counted <= MOST and all(name.startswith(_FOLDER) for name in failed)
    return sorted(failed) if races else []


def _read(folder: Path) -> tuple[list[str], int]:
    """What failed, and how often, in the last run in this checkout; nothing where it came to no end."""
    failed, report = folder / ".pytest_cache/v/cache/lastfailed", folder / "build/reports/junit.xml"
    if not (failed.exists() and report.exists()):
        return [], 0
    suites = ElementTree.parse(report).getroot().iter("testsuite")
    counted = sum(int(suite.get("failures", 0)) + int(suite.get("errors", 0)) for suite in suites)
    return list(json.loads(failed.read_text(encoding="utf-8"))), counted


def main() -> int:
    """Print their names; the exit code."""
    names = to_run_again(*_read(ROOT))
    print(*names, sep="\n", end="\n" if names else "")
    return 0 if names else 1


if __name__ == "__main__":
    raise SystemExit(main())
