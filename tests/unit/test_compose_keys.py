"""The key table: every row has a case, exact ones show in the objects, the others are in the report."""

import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ailtire_operator.compose.keys import table
from lab.paths import ROOT
from support.compose.compose_cases import Case, Conversion, at, cases, is_told

CASES = {case.name: case for case in cases()}
_QUIET = frozenset({"exact", "container"})


@cache
def _converted(name: str, folder: Path) -> Conversion:
    return CASES[name].convert(folder)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return {name: tmp_path_factory.mktemp("case") for name in CASES}


def test_every_row_has_a_case() -> None:
    covered = {row.path for case in CASES.values() for row in case.rows().values()}
    assert set(table()) - covered == set()


def test_every_exact_row_says_where_it_shows() -> None:
    exact = {path for path, row in table().items() if row.kind == "exact" and not row.shared}
    shown = {path for case in CASES.values() for path in case.shows}
    assert exact - shown == set()
    assert shown - exact == set(), "only exact rows show"


@pytest.mark.parametrize(
    ("name", "path"), [(name, path) for name, case in CASES.items() for path in case.shows], ids=lambda each: str(each)
)
def test_exact_rows_show_in_the_objects(folders: Mapping[str, Path], name: str, path: str) -> None:
    kind, place, expected = CASES[name].shows[path]
    found = [at(each, place) for each in _converted(name, folders[name]).of(kind)]
    assert found, f"there is no {kind}"
    if expected == "*":
        assert any(each is not None for each in found)
    else:
        assert expected in found


@pytest.mark.parametrize("name", CASES)
def test_what_is_not_exact_is_told(folders: Mapping[str, Path], name: str) -> None:
    conversion = _converted(name, folders[name])
    silent = [
        row.path
        for location, row in CASES[name].rows().items()
        if row.kind not in _QUIET and row.path not in CASES[name].without and not _says_nothing(CASES[name], location)
        if not is_told(location, row, conversion.notices)
    ]
    assert silent == [], conversion.told


def _says_nothing(case: Case, location: tuple[int | str, ...]) -> bool:
    value: Any = case.compose
    for step in location:
        value = value[step]
    return value in (None, {}, [], "", False)


def test_the_page_is_current() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "ailtire_operator.compose.keys"], capture_output=True, text=True, check=True
    )
    assert made.stdout == (ROOT / "docs/mapping.md").read_text(), "run 'make mapping' and commit it"


def test_rows_are_words_and_not_empty() -> None:
    for row in table().values():
        assert row.schemas in ("c", "s", "cs")
        if row.kind not in _QUIET:
            assert row.reason.endswith("."), row.path
            assert not row.remedy or row.remedy.endswith("."), row.path
        if row.kind == "exact":
            assert row.field and row.kubernetes, row.path
